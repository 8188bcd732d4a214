//! Forward and backward pass of one batch: gather (each row with its inputs), loss, gradients.

use super::batch::{Inputs, Outputs, Rows};
use super::batches::Batch;
use super::composition::Selection;
use super::gather::{Targets, gather};
use super::knobs::Knobs;
use super::learner::{BatchContext, Learner};
use super::settings::Recompute;
use super::stage::Parts;
use crate::Result;
use crate::backbone::{Backbone, GroupCost, Layout, Tape};
use crate::router::Normalisation;
use crate::tensor::upload::Upload;
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
    Ok(forward_on(|_, _, _| Ok(Tape::default()), rows, inputs, dropout)?.0)
}

/// Like `forward`, on the tape that `tape` makes for the backbone, the layout and the size of the targets.
fn forward_on(
    tape: impl Fn(&dyn Backbone, &Layout, [i64; 2]) -> Result<Tape>,
    rows: &Rows,
    inputs: &Inputs,
    dropout: f64,
) -> Result<(Outputs, Tape)> {
    let backbone = rows.backbone.borrow();
    let model = &*backbone.model;
    let sources: Vec<&[i64]> = rows.sources.iter().map(|ids| &ids[..]).collect();
    let targets: Vec<&[i64]> = rows.targets.iter().map(|ids| &ids[..]).collect();
    let mut upload = Upload::default();
    let targets = Targets::new(&targets, model, &mut upload)?;
    let form = (rows.placement, rows.cost);
    let (gathered, values) = gather(model, &sources, inputs, form, upload)?;
    let [labels, decoder_inputs] = targets.on_device(&values)?;
    let tape = tape(model, &gathered.layout, targets.size)?;
    let changed = model.changed(&inputs.changes.map(|tensor| tape.enter(tensor))?)?;
    let model = changed.as_deref().unwrap_or(model);
    let encoded = model.encode_on(&tape, &gathered.embeddings, gathered.layout, dropout)?;
    let decoded = model.decode_on(&tape, &encoded, &decoder_inputs, dropout)?;
    let losses = model.token_losses(&decoded.logits, &labels)?;
    Ok((Outputs { states: decoded.states, logits: decoded.logits, labels, losses }, tape))
}

/// Forward and backward pass of one batch of the `count` of a step; gradients accumulate until the optimizer's
/// step.
pub(super) fn pass(
    parts: &Parts,
    learner: Option<&dyn Learner>,
    cost: GroupCost,
    (batch, count): (Batch, usize),
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
        backbone: parts.backbone_of(learner, &batch.tasks).clone(),
        tasks: batch.tasks,
        sources,
        targets,
        placement: settings.placement,
        cost,
    };
    let inputs = learner.map(|l| l.inputs(&rows, context)).transpose()?.unwrap_or_default();
    let tape = |model: &dyn Backbone, layout: &Layout, targets: [i64; 2]| {
        let recomputes = match settings.recompute {
            Recompute::Never => false,
            Recompute::Always => true,
            Recompute::Beyond(bytes) => model.graph_bytes(layout, targets, context.dropout) > bytes,
        };
        Tape::new(recomputes, context.dropout > 0.0)
    };
    let (outputs, tape) = forward_on(tape, &rows, &inputs, context.dropout)?;
    let other = learner.map(|l| l.loss(&rows, context, &outputs)).transpose()?.flatten();
    let own = other.is_some();
    let loss = match other {
        Some(loss) => loss,
        None => outputs.losses.mean()?,
    };
    // There are no gradients if every group is frozen.
    let losses = Losses { loss: loss.f_detach()?, by_row: outputs.losses.by_row()?.f_detach()? };
    drop(outputs);
    if loss.requires_grad() {
        let loss = match count {
            1 => loss,
            count => loss.f_div_scalar(count as f64)?,
        };
        tape.backward(&loss, own)?;
    }
    Ok(losses)
}

/// The selection in a control's knobs.
pub(super) fn selection(knobs: &Knobs) -> Selection {
    Selection {
        normalise: knobs.word("normalise").and_then(|name| Normalisation::parse(name).ok()),
        top_k: knobs.number("top_k").map(|k| k as usize),
        ..Selection::default()
    }
}
