//! Forward and backward pass of one batch: gather (each row with its inputs), loss, gradients.

use super::batch::{Inputs, Outputs, Rows};
use super::batches::Batch;
use super::composition::Selection;
use super::gather::{gather, labels};
use super::knobs::Knobs;
use super::learner::{BatchContext, Learner};
use super::stage::Parts;
use crate::Result;
use crate::backbone::GroupCost;
use crate::router::Normalisation;
use tch::Tensor;

/// The losses of one batch, on the device and without gradients.
pub(super) struct Losses {
    /// `[]`: the mean over the target tokens, or the learner's own loss.
    pub(super) loss: Tensor,
    /// `[B]`
    pub(super) by_row: Tensor,
}

/// The forward pass of a batch, with gradients.
///
/// Inputs that do not match the rows or the backbone, or a target without tokens, are errors.
pub fn forward(rows: &Rows, inputs: &Inputs, dropout: f64) -> Result<Outputs> {
    let backbone = rows.backbone.borrow();
    let changed = backbone.model.changed(&inputs.changes)?;
    let model = changed.as_deref().unwrap_or(&*backbone.model);
    let sources: Vec<&[i64]> = rows.sources.iter().map(|ids| &ids[..]).collect();
    let targets: Vec<&[i64]> = rows.targets.iter().map(|ids| &ids[..]).collect();
    let gathered = gather(model, &sources, inputs, rows.placement, rows.cost)?;
    let encoded = model.encode(&gathered.embeddings, gathered.layout, dropout)?;
    let labels = labels(&targets, model.device())?;
    let decoded = model.decode(&encoded, &model.shift_right(&labels)?, dropout)?;
    let losses = model.token_losses(&decoded.logits, &labels)?;
    Ok(Outputs { states: decoded.states, logits: decoded.logits, labels, losses })
}

/// Forward and backward pass of one batch; gradients accumulate until the optimizer's step.
pub(super) fn pass(
    parts: &Parts,
    learner: Option<&dyn Learner>,
    cost: GroupCost,
    batch: Batch,
    knobs: &Knobs,
) -> Result<Losses> {
    let settings = &parts.settings;
    let context = BatchContext {
        temperature: Some(knobs.number("temperature").unwrap_or(1.0)),
        selection: selection(knobs),
        dropout: knobs.number("dropout").unwrap_or(settings.dropout),
    };
    let (sources, targets) = batch.rows.into_iter().map(|row| (row.source, row.target)).unzip();
    let rows = Rows {
        backbone: parts.backbone.clone(),
        tasks: batch.tasks,
        sources,
        targets,
        placement: settings.placement,
        cost,
    };
    let inputs = learner.map(|l| l.inputs(&rows, context)).transpose()?.unwrap_or_default();
    let outputs = forward(&rows, &inputs, context.dropout)?;
    let other = learner.map(|l| l.loss(&rows, context, &outputs)).transpose()?.flatten();
    let loss = match other {
        Some(loss) => loss,
        None => outputs.losses.mean()?,
    };
    // There are no gradients if every group is frozen.
    if loss.requires_grad() {
        loss.f_div_scalar(settings.accumulate as f64)?.f_backward()?;
    }
    let by_row = outputs.losses.by_row()?.f_detach()?;
    Ok(Losses { loss: loss.f_detach()?, by_row })
}

/// The selection in a control's knobs.
pub(super) fn selection(knobs: &Knobs) -> Selection {
    Selection {
        normalise: knobs.word("normalise").and_then(|name| Normalisation::parse(name).ok()),
        top_k: knobs.number("top_k").map(|k| k as usize),
        ..Selection::default()
    }
}
