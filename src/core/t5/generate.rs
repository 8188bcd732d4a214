//! Greedy decoding with a key-value cache over one encoded batch.

use super::model::{Encoded, T5};
use crate::Result;
use tch::{Device, Tensor};

/// How to decode.
#[derive(Debug, Clone, Copy)]
pub struct Generation {
    /// The most tokens a row may get, its end of sequence included.
    pub max_new_tokens: i64,
}

/// Steps in which an answer to a task is expected to end: only rows that go on are prepared for
/// many more.
const FEW: i64 = 8;

impl T5 {
    /// The most likely token at each step. Rows in batch order, without the start token, each cut
    /// after its end of sequence.
    pub fn greedy(&self, encoded: &Encoded, options: Generation) -> Result<Vec<Vec<i64>>> {
        self.greedy_until(encoded, options, |_, _| false)
    }

    /// As `greedy`; a row also ends when `done(row, tokens)` says that more would tell nothing new.
    pub fn greedy_until(
        &self,
        encoded: &Encoded,
        options: Generation,
        done: impl Fn(usize, &[i64]) -> bool,
    ) -> Result<Vec<Vec<i64>>> {
        let _guard = tch::no_grad_guard();
        // The row of the batch that each row of the state belongs to.
        let mut rows: Vec<usize> = encoded.layout.order.iter().map(|&row| row as usize).collect();
        let mut texts = vec![Vec::new(); rows.len()];
        let mut open = vec![true; rows.len()];
        let mut tokens = vec![self.config.decoder_start_token_id; rows.len()];
        let mut state = self.begin(encoded, options.max_new_tokens.min(FEW))?;
        for step in 0..options.max_new_tokens {
            if step == FEW {
                self.expect(&mut state, options.max_new_tokens - step)?;
            }
            let last = Tensor::f_from_slice(&tokens)?.f_unsqueeze(1)?.f_to_device(self.device)?;
            let logits = self.continue_with(&last, &mut state, 0.0)?;
            let best = logits.f_select(1, 0)?.f_argmax(-1, false)?;
            tokens = Vec::try_from(&best.f_to_device(Device::Cpu)?)?;
            for (token, &row) in tokens.iter_mut().zip(&rows) {
                if !open[row] {
                    *token = self.config.pad_token_id;
                    continue;
                }
                texts[row].push(*token);
                open[row] = *token != self.config.eos_token_id && !done(row, &texts[row]);
            }
            let left: Vec<usize> = (0..rows.len()).filter(|&place| open[rows[place]]).collect();
            if left.is_empty() {
                break;
            }
            // Copying the state pays once half of its rows are done.
            if 2 * left.len() <= rows.len() {
                state.keep(&left.iter().map(|&place| place as i64).collect::<Vec<_>>())?;
                tokens = left.iter().map(|&place| tokens[place]).collect();
                rows = left.iter().map(|&place| rows[place]).collect();
            }
        }
        Ok(texts)
    }
}
