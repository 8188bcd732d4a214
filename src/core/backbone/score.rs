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
    let _guard = tch::no_grad_guard();
    let rows = encoded.layout.order.len();
    let labels = padded(model, candidates.iter())?.f_tile([rows as i64, 1])?;
    let sums = sums(model, encoded, &labels, candidates.len() as i64)?;
    let mut by_row = vec![Vec::new(); rows];
    for (place, scores) in sums.chunks(candidates.len()).enumerate() {
        by_row[encoded.layout.order[place] as usize] = scores.to_vec();
    }
    Ok(by_row)
}

/// See `Generate::score_rows`.
pub(super) fn rows<B: Backbone + ?Sized>(
    model: &B,
    encoded: &Encoded,
    targets: &[Vec<i64>],
) -> Result<Vec<f64>> {
    let order = &encoded.layout.order;
    if targets.len() != order.len() || targets.iter().any(Vec::is_empty) {
        return Err(Error::new("every row needs a target of at least one token"));
    }
    let _guard = tch::no_grad_guard();
    let labels = padded(model, order.iter().map(|&row| &targets[row as usize]))?;
    let mut by_row = vec![0.0; targets.len()];
    for (place, sum) in sums(model, encoded, &labels, 1)?.into_iter().enumerate() {
        by_row[order[place] as usize] = sum;
    }
    Ok(by_row)
}

/// Targets as labels `[targets, width]`. Errors: a token id outside of the vocabulary.
fn padded<'a, B: Backbone + ?Sized>(
    model: &B,
    targets: impl ExactSizeIterator<Item = &'a Vec<i64>> + Clone,
) -> Result<Tensor> {
    let vocabulary = model.model_config().vocab_size;
    targets.clone().flatten().try_for_each(|id| check_id(*id, vocabulary))?;
    let (count, width) = (targets.len(), targets.clone().map(Vec::len).max().unwrap_or(0));
    let mut flat = vec![IGNORED; count * width];
    for (i, target) in targets.enumerate() {
        flat[i * width..][..target.len()].copy_from_slice(target);
    }
    let labels = Tensor::f_from_slice(&flat)?.f_view([count as i64, width as i64])?;
    Ok(labels.f_to_device(model.device())?)
}

/// The sum of the log-probabilities of each line of `labels [rows * n, width]`: `n` lines for each place of the
/// layout.
fn sums<B: Backbone + ?Sized>(
    model: &B,
    encoded: &Encoded,
    labels: &Tensor,
    n: i64,
) -> Result<Vec<f64>> {
    let mut state = model.begin(encoded, n * labels.size()[1])?;
    state.repeat(n)?;
    let logits = state.advance(&model.shift_right(labels)?)?;
    let losses = model.token_losses(&logits, labels)?.losses;
    let sums = losses.f_sum_dim_intlist([1i64].as_slice(), false, Kind::Double)?;
    Ok(Vec::try_from(&sums.f_neg()?.f_to_device(Device::Cpu)?)?)
}
