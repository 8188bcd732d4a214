//! The report of a step.

use super::knobs::Knobs;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One optimizer step.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct StepReport {
    /// From 1.
    pub step: u64,
    /// Mean over the target tokens of the batch.
    pub loss: f64,
    /// Learning rate by group.
    pub lr: BTreeMap<String, f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// What else was set, by full names.
    #[serde(default, skip_serializing_if = "Knobs::is_empty")]
    pub knobs: Knobs,
    /// Examples of each task in the batch.
    pub tasks: BTreeMap<String, usize>,
    /// Mean loss of each task in the batch.
    pub task_losses: BTreeMap<String, f64>,
    /// The gradient's norm before clipping.
    pub grad_norm: f64,
    /// The same of each parameter group.
    #[serde(default)]
    pub grad_norms: BTreeMap<String, f64>,
    pub epoch: u64,
    /// What its stage is called, where there are several.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub stage: String,
    pub seconds: f64,
    /// The batch was left out: its loss was not finite.
    #[serde(default, skip_serializing_if = "is_false")]
    pub skipped: bool,
    /// The steps that were not finite and from which the run went back to before this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rolled_back: Vec<u64>,
    /// How many steps were begun, where that is more than were made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u64>,
}

fn is_false(flag: &bool) -> bool {
    !flag
}
