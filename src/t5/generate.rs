//! Greedy decoding with a key-value cache over one encoded batch.

use super::model::{Encoded, T5};
use crate::Result;
use tch::{Kind, Tensor};

/// How to decode.
#[derive(Debug, Clone, Copy)]
pub struct Generation {
    /// The most tokens a row may get, its end of sequence included.
    pub max_new_tokens: i64,
}

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
        let order = &encoded.layout.order;
        let mut texts = vec![Vec::new(); order.len()];
        let mut open = vec![true; order.len()];
        let mut state = self.begin(encoded, options.max_new_tokens)?;
        let start = self.config.decoder_start_token_id;
        let mut last = Tensor::f_full([order.len() as i64, 1], start, (Kind::Int64, self.device))?;
        for _ in 0..options.max_new_tokens {
            let logits = self.continue_with(&last, &mut state, 0.0)?;
            let best = logits.f_select(1, 0)?.f_argmax(-1, false)?;
            let mut tokens: Vec<i64> = Vec::try_from(&best.f_to_device(tch::Device::Cpu)?)?;
            for (place, token) in tokens.iter_mut().enumerate() {
                if !open[place] {
                    *token = self.config.pad_token_id;
                    continue;
                }
                let row = order[place] as usize;
                texts[row].push(*token);
                open[place] = *token != self.config.eos_token_id && !done(row, &texts[row]);
            }
            if !open.contains(&true) {
                break;
            }
            last = Tensor::f_from_slice(&tokens)?.f_unsqueeze(1)?.f_to_device(self.device)?;
        }
        Ok(texts)
    }
}
