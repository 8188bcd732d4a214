//! One batch through the backbone and back: gather (each row with its prompt), loss, gradients.

use super::gather::{gather, labels};
use super::knobs::Knobs;
use super::parts::{Batch, Parts};
use super::trainer::steered;
use crate::Result;
use crate::t5::GroupCost;
use tch::{Device, Kind};

/// The losses of one batch.
pub struct Losses {
    /// Mean over the target tokens.
    pub loss: f64,
    pub by_row: Vec<f64>,
}

/// Forward and backward of one batch; gradients add up until the optimizer's step. A loss that is
/// not finite has none.
pub fn pass(parts: &Parts, cost: GroupCost, batch: &Batch, knobs: &Knobs) -> Result<Losses> {
    let settings = &parts.settings;
    let temperature = knobs.number("temperature").unwrap_or(1.0);
    let prompts = match &parts.composition {
        Some(c) => Some(c.for_batch(&batch.tasks, temperature, steered(knobs))?),
        None => None,
    };
    let backbone = parts.backbone.borrow();
    let model = &backbone.model;
    let sources: Vec<&[i64]> = batch.rows.iter().map(|row| &row.source[..]).collect();
    let targets: Vec<&[i64]> = batch.rows.iter().map(|row| &row.target[..]).collect();
    let gathered = gather(model, &sources, prompts.as_ref(), settings.placement, cost)?;
    let dropout = knobs.number("dropout").unwrap_or(settings.dropout);
    let encoded = model.encode(&gathered.embeddings, gathered.layout, dropout)?;
    let labels = labels(&targets, model.device)?;
    let logits = model.decode(&encoded, &model.shift_right(&labels)?, dropout)?;
    let losses = model.token_losses(&logits, &labels)?;
    let loss = losses.mean()?;
    let value = loss.f_double_value(&[])?;
    // Without gradient where every group is frozen.
    if value.is_finite() && loss.requires_grad() {
        loss.f_div_scalar(settings.accumulate as f64)?.f_backward()?;
    }
    let by_row = losses.by_row()?.f_detach()?.f_to_device(Device::Cpu)?;
    Ok(Losses { loss: value, by_row: Vec::try_from(&by_row.f_to_kind(Kind::Double)?)? })
}
