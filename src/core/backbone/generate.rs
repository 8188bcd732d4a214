//! Greedy decoding of an encoded batch, and the interface of beam search and scoring.

use super::beam::{self, Beams};
use super::encoded::Encoded;
use super::model::Backbone;
use super::score;
use crate::Result;
use tch::{Device, Tensor};

/// The limits of decoding.
#[derive(Debug, Clone, Copy)]
pub struct Generation {
    /// The maximum number of tokens of a row, including its end of sequence.
    pub max_new_tokens: i64,
}

/// The number of steps in which the answer of a task usually ends. The state is prepared for more only if
/// unfinished rows remain.
const FEW: i64 = 8;

/// Decoding and scoring, for every backbone, without gradients.
pub trait Generate: Backbone {
    /// The most likely token at each step. Rows are in batch order, without the start token, and end
    /// with their end of sequence.
    fn greedy(&self, encoded: &Encoded, options: Generation) -> Result<Vec<Vec<i64>>> {
        self.greedy_until(encoded, options, |_, _| false)
    }

    /// Like `greedy`; a row also ends when `done(row, tokens)` is true.
    fn greedy_until(
        &self,
        encoded: &Encoded,
        options: Generation,
        done: impl Fn(usize, &[i64]) -> bool,
    ) -> Result<Vec<Vec<i64>>> {
        let _guard = tch::no_grad_guard();
        let (config, device) = (self.model_config(), self.device());
        // The row of the batch for each row of the state.
        let mut rows: Vec<usize> = encoded.layout.order.iter().map(|&row| row as usize).collect();
        let mut texts = vec![Vec::new(); rows.len()];
        let mut open = vec![true; rows.len()];
        let mut tokens = vec![config.decoder_start_token_id; rows.len()];
        let mut state = self.begin(encoded, options.max_new_tokens.min(FEW))?;
        for step in 0..options.max_new_tokens {
            if step == FEW {
                state.expect(options.max_new_tokens - step)?;
            }
            let last = Tensor::f_from_slice(&tokens)?.f_unsqueeze(1)?.f_to_device(device)?;
            let logits = state.advance(&last)?;
            let best = logits.f_select(1, 0)?.f_argmax(-1, false)?;
            tokens = Vec::try_from(&best.f_to_device(Device::Cpu)?)?;
            for (token, &row) in tokens.iter_mut().zip(&rows) {
                if !open[row] {
                    *token = config.pad_token_id;
                    continue;
                }
                texts[row].push(*token);
                open[row] = *token != config.eos_token_id && !done(row, &texts[row]);
            }
            let left: Vec<usize> = (0..rows.len()).filter(|&place| open[rows[place]]).collect();
            if left.is_empty() {
                break;
            }
            // Copying the state is worthwhile once half of its rows are finished.
            if 2 * left.len() <= rows.len() {
                state.keep(&left.iter().map(|&place| place as i64).collect::<Vec<_>>())?;
                tokens = left.iter().map(|&place| tokens[place]).collect();
                rows = left.iter().map(|&place| rows[place]).collect();
            }
        }
        Ok(texts)
    }

    /// The best hypothesis of each row, in batch order, without the start token, with its end of
    /// sequence if it has one.
    ///
    /// `num_beams` below 1 is an error.
    fn beam_search(
        &self,
        encoded: &Encoded,
        options: Generation,
        beams: Beams,
    ) -> Result<Vec<Vec<i64>>> {
        beam::search(self, encoded, options.max_new_tokens, beams)
    }

    /// The log-probability of every candidate for every row, `[rows][candidates]`, in batch order.
    /// A candidate is a list of token ids with its end of sequence. The encoder's output is read
    /// once for all candidates.
    ///
    /// An empty list of candidates, or an empty candidate, is an error.
    fn score(&self, encoded: &Encoded, candidates: &[Vec<i64>]) -> Result<Vec<Vec<f64>>> {
        score::candidates(self, encoded, candidates)
    }
}

impl<B: Backbone + ?Sized> Generate for B {}
