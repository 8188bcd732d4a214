//! What a step tells.

use serde::Serialize;
use std::collections::BTreeMap;

/// One optimizer step.
#[derive(Debug, Clone, Serialize)]
pub struct StepReport {
    /// From 1.
    pub step: u64,
    /// Mean over the target tokens of the batch.
    pub loss: f64,
    /// Learning rate by group.
    pub lr: BTreeMap<String, f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// Examples of each task in the batch.
    pub tasks: BTreeMap<String, usize>,
    /// Mean loss of each task in the batch.
    pub task_losses: BTreeMap<String, f64>,
    /// The gradient's norm before clipping.
    pub grad_norm: f64,
    pub epoch: u64,
    pub seconds: f64,
}
