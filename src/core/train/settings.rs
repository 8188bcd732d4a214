//! The settings of a trainer.

use super::batch::Placement;
use super::predict::Evaluation;
use crate::backbone::GroupCost;
use crate::tensor::memory::free_bytes;
use crate::{Error, Result};
use serde_json::Value;
use tch::Device;

/// Settings of the whole run.
#[derive(Debug, Clone)]
pub struct Settings {
    pub placement: Placement,
    pub max_source: usize,
    /// The number of batches whose gradients are accumulated for one optimizer step.
    pub accumulate: usize,
    /// The maximum norm of the gradient.
    pub clip: f64,
    /// The dropout rate of the backbone during training.
    pub dropout: f64,
    /// The seed of everything random in a step.
    pub seed: u64,
    /// Overrides the choice between padding and grouped attention.
    pub group_cost: Option<GroupCost>,
    /// Whether the backbone's layers are computed again in the backward pass.
    pub recompute: Recompute,
    /// The policy for a loss or gradient that is not finite.
    pub non_finite: NonFinite,
    /// The interval of evaluations during training in steps; 0: none.
    pub evaluate_every: u64,
    /// The options of these evaluations.
    pub evaluation: Evaluation,
    /// The interval of the states that `NonFinite::RollBack` restores, in steps.
    pub anchor_every: u64,
}

impl Settings {
    /// Steps between two states that `NonFinite::RollBack` restores: the checkpoint interval, or 50 where
    /// checkpoints are not counted in steps.
    pub fn anchor_every(checkpoint_every: u64) -> u64 {
        if checkpoint_every > 0 { checkpoint_every } else { 50 }
    }
}

/// When the backbone's layers are computed again in the backward pass (gradient checkpointing), which takes
/// less memory and more time and does not change losses and gradients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recompute {
    Never,
    Always,
    /// For batches whose graph takes more than this number of bytes.
    Beyond(u64),
}

impl Recompute {
    /// The free memory that "auto" leaves to everything else.
    const SHARE: f64 = 0.8;

    /// Reads `true`, `false` or `"auto"`: if the plain pass would not fit into the device's free memory.
    ///
    /// # Errors
    /// Another value.
    pub fn read(value: &Value, device: Device) -> Result<Self> {
        match value {
            Value::Bool(false) => Ok(Recompute::Never),
            Value::Bool(true) => Ok(Recompute::Always),
            Value::String(name) if name == "auto" => Ok(match free_bytes(device) {
                Some(free) => Recompute::Beyond((free as f64 * Self::SHARE) as u64),
                None => Recompute::Never,
            }),
            other => {
                Err(Error::new(format!("'recompute' is true, false or \"auto\", not {other}")))
            }
        }
    }
}

/// The policy for a step whose loss or gradient is not finite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NonFinite {
    /// The run ends with the parameters of the last finite loss.
    Stop,
    /// The batch is skipped; after this many consecutive ones the run ends.
    Skip(u32),
    /// The last anchor is restored, and training continues with other batches and draws; at most this many
    /// times.
    RollBack(u32),
}

impl NonFinite {
    /// The default number of tries.
    pub const TRIES: u32 = 10;

    pub const NAMES: [&str; 3] = ["stop", "skip", "rollback"];

    /// Parses the name of a policy; an unknown name is an error.
    pub fn parse(name: &str, tries: u32) -> Result<Self> {
        match name {
            "stop" => Ok(NonFinite::Stop),
            "skip" => Ok(NonFinite::Skip(tries)),
            "rollback" => Ok(NonFinite::RollBack(tries)),
            _ => Err(Error::unknown("policy", name, Self::NAMES)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn recompute_is_a_flag_or_automatic() {
        let read = |value: Value| Recompute::read(&value, Device::Cpu);
        assert_eq!(read(json!(true)), Ok(Recompute::Always));
        assert_eq!(read(json!(false)), Ok(Recompute::Never));
        let Ok(Recompute::Beyond(bytes)) = read(json!("auto")) else { panic!("no free memory") };
        assert!(bytes > 1 << 20, "{bytes}");
        let text = read(json!("always")).unwrap_err().to_string();
        assert!(text.contains("true, false or \"auto\", not \"always\""), "{text}");
    }
}
