//! Greedy decoding of an encoded batch, and the interface of beam search and scoring.

use super::beam::{self, Beams};
use super::encoded::Encoded;
use super::model::Backbone;
use super::score;
use crate::Result;
use crate::tensor::upload::longs;
use tch::{Device, Kind, Tensor};

/// The limits of decoding.
#[derive(Debug, Clone, Copy, Default)]
pub struct Generation {
    /// The maximum number of tokens of a row, including its end of sequence.
    pub max_new_tokens: i64,
    /// The number of tokens of a row before its end of sequence may come.
    pub min_new_tokens: i64,
}

impl Generation {
    /// At most this number of tokens.
    pub fn up_to(max_new_tokens: i64) -> Self {
        Generation { max_new_tokens, min_new_tokens: 0 }
    }
}

/// Scores `[rows, V]` without this token.
pub(super) fn forbid(scores: &Tensor, token: i64) -> Result<Tensor> {
    let token = longs(&[token], scores.device())?;
    Ok(scores.f_index_fill(1, &token, f64::NEG_INFINITY)?)
}

/// The number of steps in which the answer of a task usually ends. The state is prepared for more only if
/// unfinished rows remain.
const FEW: i64 = 8;

/// The number of steps whose tokens the host reads at once from a GPU, which it makes wait. A CPU does not
/// wait, and a row that has ended costs it time.
const INTERVAL: i64 = 8;

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
        let interval = match self.device() {
            Device::Cpu => 1,
            _ => INTERVAL,
        };
        self.greedy_by(interval, encoded, options, done)
    }

    /// Like `greedy_until`. The host reads the tokens of `interval` steps at once; until then the rows
    /// that have ended are decoded on, and the tokens after their end are dropped.
    fn greedy_by(
        &self,
        interval: i64,
        encoded: &Encoded,
        options: Generation,
        done: impl Fn(usize, &[i64]) -> bool,
    ) -> Result<Vec<Vec<i64>>> {
        let _guard = tch::no_grad_guard();
        let config = self.model_config();
        // The row of the batch for each row of the state.
        let mut rows: Vec<usize> = encoded.layout.order.iter().map(|&row| row as usize).collect();
        let mut texts = vec![Vec::new(); rows.len()];
        let mut open = vec![true; rows.len()];
        let start = (Kind::Int64, self.device());
        let mut last = Tensor::f_full([rows.len() as i64], config.decoder_start_token_id, start)?;
        let mut state = self.begin(encoded, options.max_new_tokens.min(FEW))?;
        let mut step = 0;
        while step < options.max_new_tokens {
            let mut unread = Vec::new();
            while unread.len() < interval as usize && step < options.max_new_tokens {
                if step == FEW {
                    state.expect(options.max_new_tokens - step)?;
                }
                let logits = state.advance(&last.f_unsqueeze(1)?)?;
                let mut logits = logits.f_select(1, 0)?;
                if step < options.min_new_tokens {
                    logits = forbid(&logits, config.eos_token_id)?;
                }
                last = logits.f_argmax(-1, false)?;
                unread.push(last.shallow_clone());
                step += 1;
            }
            let tokens = Tensor::f_cat(&unread, 0)?.f_to_device(Device::Cpu)?;
            let tokens = Vec::<i64>::try_from(&tokens)?;
            for (i, token) in tokens.iter().enumerate() {
                let row = rows[i % rows.len()];
                if open[row] {
                    texts[row].push(*token);
                    open[row] = *token != config.eos_token_id && !done(row, &texts[row]);
                }
            }
            let left: Vec<i64> =
                (0..rows.len()).filter(|&i| open[rows[i]]).map(|i| i as i64).collect();
            if left.is_empty() {
                break;
            }
            // Copying the state is worthwhile once half of its rows are finished.
            if 2 * left.len() <= rows.len() {
                state.keep(&left)?;
                last = last.f_index_select(0, &longs(&left, self.device())?)?;
                rows = left.iter().map(|&place| rows[place as usize]).collect();
            }
        }
        Ok(texts)
    }

    /// The best hypothesis of each row, in batch order, without the start token, with its end of
    /// sequence if it has one: `generate` of transformers with `num_beams`.
    ///
    /// `num_beams` below 1 is an error.
    fn beam_search(
        &self,
        encoded: &Encoded,
        options: Generation,
        beams: Beams,
    ) -> Result<Vec<Vec<i64>>> {
        beam::search(self, encoded, options, beams)
    }

    /// The log-probability of every candidate for every row, `[rows][candidates]`, in batch order.
    /// A candidate is a list of token ids with its end of sequence. The encoder's output is read
    /// once for all candidates.
    ///
    /// An empty list of candidates, or an empty candidate, is an error.
    fn score(&self, encoded: &Encoded, candidates: &[Vec<i64>]) -> Result<Vec<Vec<f64>>> {
        score::candidates(self, encoded, candidates)
    }

    /// The log-probability of the target of each row, in batch order. A target is a list of token ids, with its
    /// end of sequence if it has one.
    ///
    /// Another number of targets than of rows, or an empty target, is an error.
    fn score_rows(&self, encoded: &Encoded, targets: &[Vec<i64>]) -> Result<Vec<f64>> {
        score::rows(self, encoded, targets)
    }
}

impl<B: Backbone + ?Sized> Generate for B {}
