//! The settings of a trainer.

use super::batch::Placement;
use super::predict::Evaluation;
use crate::backbone::GroupCost;
use crate::{Error, Result};

/// Settings that hold for the whole run.
#[derive(Debug, Clone)]
pub struct Settings {
    pub placement: Placement,
    pub max_source: usize,
    /// Batches whose gradients are accumulated for one optimizer step.
    pub accumulate: usize,
    /// Largest norm of the gradient.
    pub clip: f64,
    /// Dropout of the backbone while training.
    pub dropout: f64,
    /// Seeds everything random in a step.
    pub seed: u64,
    /// Overrides the choice between padding and attention by groups.
    pub group_cost: Option<GroupCost>,
    /// What to do about a loss or gradient that is not finite.
    pub non_finite: NonFinite,
    /// Steps between evaluations while training; 0: none.
    pub evaluate_every: u64,
    /// How these are made.
    pub evaluation: Evaluation,
    /// Steps between two states that `NonFinite::RollBack` goes back to.
    pub anchor_every: u64,
}

impl Settings {
    /// Steps between two states that `NonFinite::RollBack` goes back to: those between checkpoints, or 50
    /// where these are not counted in steps.
    pub fn anchor_every(checkpoint_every: u64) -> u64 {
        if checkpoint_every > 0 { checkpoint_every } else { 50 }
    }
}

/// What happens where the loss or the gradient of a step is not finite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NonFinite {
    /// The run ends with the parameters of the last finite loss.
    Stop,
    /// The batch is left out; after this many in a row the run ends.
    Skip(u32),
    /// Back to the last anchor, and on with other batches and draws; so often at most.
    RollBack(u32),
}

impl NonFinite {
    /// How often a batch is skipped or the run goes back, by default.
    pub const TRIES: u32 = 10;

    pub const NAMES: [&str; 3] = ["stop", "skip", "rollback"];

    pub fn parse(name: &str, tries: u32) -> Result<Self> {
        match name {
            "stop" => Ok(NonFinite::Stop),
            "skip" => Ok(NonFinite::Skip(tries)),
            "rollback" => Ok(NonFinite::RollBack(tries)),
            _ => Err(Error::unknown("policy", name, Self::NAMES)),
        }
    }
}
