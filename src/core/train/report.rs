//! The report of a step.

use super::knobs::Knobs;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One optimizer step.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct StepReport {
    /// From 1.
    pub step: u64,
    /// The mean over the target tokens of the batch.
    pub loss: f64,
    /// The learning rate by group.
    pub lr: BTreeMap<String, f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// Other settings, by full names.
    #[serde(default, skip_serializing_if = "Knobs::is_empty")]
    pub knobs: Knobs,
    /// The number of examples of each task in the batch.
    pub tasks: BTreeMap<String, usize>,
    /// The mean loss of each task in the batch.
    pub task_losses: BTreeMap<String, f64>,
    /// The norm of the gradient before clipping.
    pub grad_norm: f64,
    /// The norm for each parameter group.
    #[serde(default)]
    pub grad_norms: BTreeMap<String, f64>,
    pub epoch: u64,
    /// The name of its stage, if there are several.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub stage: String,
    pub seconds: f64,
    /// Whether the batch was skipped because its loss was not finite.
    #[serde(default, skip_serializing_if = "is_false")]
    pub skipped: bool,
    /// The steps that were not finite and caused a rollback before this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rolled_back: Vec<u64>,
    /// The number of attempted steps, if it is larger than the number of steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u64>,
}

fn is_false(flag: &bool) -> bool {
    !flag
}
