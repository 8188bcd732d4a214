//! Beam search, with the scores and the stopping rules of `transformers` 5 (`_beam_search`).

use super::encoded::Encoded;
use super::generate::{Generation, forbid};
use super::model::{Backbone, ModelConfig};
use crate::data::EarlyStopping;
use crate::{Error, Result};
use tch::{Device, Kind, Tensor};

/// Beam search options, as `transformers` names them.
#[derive(Debug, Clone, Copy)]
pub struct Beams {
    pub num_beams: i64,
    /// The score of a finished hypothesis is sum of log-probabilities / length^length_penalty.
    pub length_penalty: f64,
    pub early_stopping: EarlyStopping,
}

impl Default for Beams {
    fn default() -> Self {
        Beams { num_beams: 4, length_penalty: 1.0, early_stopping: EarlyStopping::No }
    }
}

#[derive(Clone)]
struct Hypothesis {
    tokens: Vec<i64>,
    score: f64,
}

/// One of the best continuations of a row: its beam and its token.
#[derive(Clone, Copy)]
struct Candidate {
    beam: usize,
    token: i64,
    score: f64,
    ends: bool,
}

/// The search for one row.
struct Row {
    running: Vec<Hypothesis>,
    /// Sorted by score, at most `num_beams`.
    finished: Vec<Hypothesis>,
    /// Whether a running hypothesis can still improve on a finished one.
    open: bool,
}

impl Row {
    fn new(beams: usize) -> Self {
        // All beams start equal; only the first may be selected in the first step.
        let blank = |i| Hypothesis { tokens: vec![], score: if i == 0 { 0.0 } else { -1e9 } };
        Row { running: (0..beams).map(blank).collect(), finished: Vec::new(), open: true }
    }

    /// Takes the 2n best candidates, sorted by score; returns the beams that continue.
    fn advance(
        &mut self,
        candidates: &[Candidate],
        options: Beams,
        max_new_tokens: i64,
    ) -> Vec<Candidate> {
        let n = options.num_beams as usize;
        let length = self.running[0].tokens.len() + 1;
        let penalty = (length as f64).powf(options.length_penalty);
        let stops = options.early_stopping == EarlyStopping::Yes;
        let full = self.finished.len() == n && stops;
        if self.open && !full {
            for c in candidates[..n].iter().filter(|c| c.ends) {
                let tokens = self.extended(c).tokens;
                self.finished.push(Hypothesis { tokens, score: c.score / penalty });
            }
            self.finished.sort_by(|a, b| b.score.total_cmp(&a.score));
            self.finished.truncate(n);
        }
        let mut next: Vec<Candidate> = candidates.iter().filter(|c| !c.ends).copied().collect();
        next.extend(candidates.iter().filter(|c| c.ends));
        next.truncate(n);
        self.running = next
            .iter()
            .map(|c| {
                let mut hypothesis = self.extended(c);
                if c.ends {
                    hypothesis.score -= 1e9;
                }
                hypothesis
            })
            .collect();
        let longest = match options.early_stopping {
            EarlyStopping::Never if options.length_penalty > 0.0 => max_new_tokens as f64,
            _ => length as f64,
        };
        let best_possible = self.running[0].score / longest.powf(options.length_penalty);
        let full = self.finished.len() == n;
        let beaten = full && self.finished[n - 1].score >= best_possible;
        self.open &= !(beaten || full && stops);
        next
    }

    fn extended(&self, c: &Candidate) -> Hypothesis {
        let mut tokens = self.running[c.beam].tokens.clone();
        tokens.push(c.token);
        Hypothesis { tokens, score: c.score }
    }
}

/// See `Generate::beam_search`.
pub(super) fn search<B: Backbone + ?Sized>(
    model: &B,
    encoded: &Encoded,
    generation: Generation,
    beams: Beams,
) -> Result<Vec<Vec<i64>>> {
    if beams.num_beams < 1 {
        return Err(Error::new("num_beams must be at least 1"));
    }
    let _guard = tch::no_grad_guard();
    let (config, device) = (model.model_config(), model.device());
    let n = beams.num_beams;
    let max_new_tokens = generation.max_new_tokens;
    let order = &encoded.layout.order;
    let mut rows: Vec<Row> = order.iter().map(|_| Row::new(n as usize)).collect();
    let mut state = model.begin(encoded, max_new_tokens)?;
    state.repeat(n)?;
    let mut tokens = vec![config.decoder_start_token_id; order.len() * n as usize];
    for step in 1..=max_new_tokens {
        let last = Tensor::f_from_slice(&tokens)?.f_unsqueeze(1)?.f_to_device(device)?;
        let logits = state.advance(&last)?.f_select(1, 0)?;
        let at_limit = step == max_new_tokens;
        let barred = step <= generation.min_new_tokens;
        let candidates = candidates_of(&logits, &rows, n, (at_limit, barred), config)?;
        let mut sources = Vec::with_capacity(tokens.len());
        tokens.clear();
        for (place, (row, candidates)) in rows.iter_mut().zip(&candidates).enumerate() {
            for next in row.advance(candidates, beams, max_new_tokens) {
                sources.push(place as i64 * n + next.beam as i64);
                tokens.push(next.token);
            }
        }
        if rows.iter().all(|row| !row.open) {
            break;
        }
        state.reorder(&Tensor::f_from_slice(&sources)?.f_to_device(device)?)?;
    }
    let mut texts = vec![Vec::new(); order.len()];
    for (row, place) in rows.into_iter().zip(order) {
        let best = row.finished.into_iter().next().expect("the last step finishes every beam");
        texts[*place as usize] = best.tokens;
    }
    Ok(texts)
}

/// The 2n best continuations of each row, sorted by score; `barred`: none ends with the end of sequence.
fn candidates_of(
    logits: &Tensor,
    rows: &[Row],
    n: i64,
    (at_limit, barred): (bool, bool),
    config: ModelConfig,
) -> Result<Vec<Vec<Candidate>>> {
    let vocabulary = config.vocab_size;
    let scores: Vec<f32> =
        rows.iter().flat_map(|row| row.running.iter().map(|h| h.score as f32)).collect();
    let scores = Tensor::f_from_slice(&scores)?.f_unsqueeze(1)?.f_to_device(logits.device())?;
    let logs = logits.f_log_softmax(-1, Kind::Float)?;
    let logs = if barred { forbid(&logs, config.eos_token_id)? } else { logs };
    let total = logs.f_add(&scores)?;
    let total = total.f_view([rows.len() as i64, n * vocabulary])?;
    let (best, index) = total.f_topk(2 * n, -1, true, true)?;
    let best: Vec<f32> = Vec::try_from(&best.f_flatten(0, -1)?.f_to_device(Device::Cpu)?)?;
    let index: Vec<i64> = Vec::try_from(&index.f_flatten(0, -1)?.f_to_device(Device::Cpu)?)?;
    let all = best.iter().zip(&index).map(|(&score, &index)| {
        let token = index % vocabulary;
        Candidate {
            beam: (index / vocabulary) as usize,
            token,
            score: score as f64,
            ends: at_limit || token == config.eos_token_id,
        }
    });
    let all: Vec<Candidate> = all.collect();
    Ok(all.chunks(2 * n as usize).map(<[Candidate]>::to_vec).collect())
}
