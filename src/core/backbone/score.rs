//! The sum of log-probabilities of each candidate target (rank classification).

use super::encoded::Encoded;
use super::losses::IGNORED;
use super::model::{Backbone, check_id};
use crate::{Error, Result};
use tch::{Device, Kind, Tensor};

/// See `Generate::score`.
pub(super) fn candidates<B: Backbone + ?Sized>(
    model: &B,
    encoded: &Encoded,
    candidates: &[Vec<i64>],
) -> Result<Vec<Vec<f64>>> {
    if candidates.is_empty() || candidates.iter().any(Vec::is_empty) {
        return Err(Error::new("every candidate needs at least one token"));
    }
    let vocabulary = model.model_config().vocab_size;
    candidates.iter().flatten().try_for_each(|id| check_id(*id, vocabulary))?;
    let _guard = tch::no_grad_guard();
    let rows = encoded.layout.order.len() as i64;
    let n = candidates.len() as i64;
    let width = candidates.iter().map(Vec::len).max().expect("not empty");
    let mut flat = vec![IGNORED; candidates.len() * width];
    for (i, candidate) in candidates.iter().enumerate() {
        flat[i * width..][..candidate.len()].copy_from_slice(candidate);
    }
    let labels = Tensor::f_from_slice(&flat)?.f_view([n, width as i64])?;
    let labels = labels.f_to_device(model.device())?.f_tile([rows, 1])?;
    let mut state = model.begin(encoded, n * width as i64)?;
    state.repeat(n)?;
    let logits = state.advance(&model.shift_right(&labels)?)?;
    let losses = model.token_losses(&logits, &labels)?.losses;
    let sums = losses.f_sum_dim_intlist([1i64].as_slice(), false, Kind::Double)?;
    let sums: Vec<f64> = Vec::try_from(&sums.f_neg()?.f_to_device(Device::Cpu)?)?;
    let mut by_row = vec![Vec::new(); rows as usize];
    for (place, scores) in sums.chunks(candidates.len()).enumerate() {
        by_row[encoded.layout.order[place] as usize] = scores.to_vec();
    }
    Ok(by_row)
}
