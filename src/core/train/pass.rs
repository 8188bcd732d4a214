//! One batch through the backbone and back: gather (each row with what it is given), loss, gradients.

use super::gather::{gather, labels};
use super::knobs::Knobs;
use super::learner::{Given, How, Learner, Rows};
use super::parts::{Batch, Parts};
use super::trainer::steered;
use crate::Result;
use crate::t5::{GroupCost, TokenLosses};
use tch::{Device, Kind, Tensor};

/// The losses of one batch.
pub struct Losses {
    /// Mean over the target tokens, or what the learner made of it.
    pub loss: f64,
    pub by_row: Vec<f64>,
}

/// What the decoder says to a batch.
pub struct Outputs {
    /// The decoder's last states, behind its norm: `[B, T, d]`.
    pub states: Tensor,
    /// `[B, T, vocabulary]`
    pub logits: Tensor,
    /// `[B, T]`, `IGNORED` behind the end of each.
    pub labels: Tensor,
    pub losses: TokenLosses,
}

impl Outputs {
    pub fn shallow_clone(&self) -> Self {
        Outputs {
            states: self.states.shallow_clone(),
            logits: self.logits.shallow_clone(),
            labels: self.labels.shallow_clone(),
            losses: TokenLosses {
                losses: self.losses.losses.shallow_clone(),
                counts: self.losses.counts.shallow_clone(),
            },
        }
    }
}

/// A batch forward.
pub fn forward(rows: &Rows, given: &Given, dropout: f64) -> Result<Outputs> {
    let backbone = rows.backbone.borrow();
    let changed = backbone.model.changed(&given.changes)?;
    let model = changed.as_ref().unwrap_or(&backbone.model);
    let sources: Vec<&[i64]> = rows.sources.iter().map(|ids| &ids[..]).collect();
    let targets: Vec<&[i64]> = rows.targets.iter().map(|ids| &ids[..]).collect();
    let gathered = gather(model, &sources, given, rows.placement, rows.cost)?;
    let encoded = model.encode(&gathered.embeddings, gathered.layout, dropout)?;
    let labels = labels(&targets, model.device)?;
    let decoded = model.decode(&encoded, &model.shift_right(&labels)?, dropout)?;
    let losses = model.token_losses(&decoded.logits, &labels)?;
    Ok(Outputs { states: decoded.states, logits: decoded.logits, labels, losses })
}

/// Forward and backward of one batch; gradients add up until the optimizer's step. A loss that is
/// not finite has none.
pub fn pass(
    parts: &Parts,
    learner: Option<&dyn Learner>,
    cost: GroupCost,
    batch: Batch,
    knobs: &Knobs,
) -> Result<Losses> {
    let settings = &parts.settings;
    let how = How {
        temperature: Some(knobs.number("temperature").unwrap_or(1.0)),
        selection: steered(knobs),
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
    let given = learner.map(|l| l.give(&rows, how)).transpose()?.unwrap_or_default();
    let outputs = forward(&rows, &given, how.dropout)?;
    let other = learner.map(|l| l.loss(&rows, how, &outputs)).transpose()?.flatten();
    let loss = match other {
        Some(loss) => loss,
        None => outputs.losses.mean()?,
    };
    let value = loss.f_double_value(&[])?;
    // Without gradient where every group is frozen.
    if value.is_finite() && loss.requires_grad() {
        loss.f_div_scalar(settings.accumulate as f64)?.f_backward()?;
    }
    let by_row = outputs.losses.by_row()?.f_detach()?.f_to_device(Device::Cpu)?;
    Ok(Losses { loss: value, by_row: Vec::try_from(&by_row.f_to_kind(Kind::Double)?)? })
}
