//! The state of a run from which it can be resumed: the contents of a checkpoint.

use super::history::History;
use super::knobs::Knobs;
use super::report::StepReport;
use super::sampler::Order;
use crate::nn::Named;
use serde::{Deserialize, Serialize};
use std::rc::Rc;

/// The progress of a run, in plain data.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Progress {
    /// Steps made.
    pub step: u64,
    /// Steps begun, those included that were rolled back.
    pub attempts: u64,
    /// Time spent in steps.
    pub seconds: f64,
    /// The last step of a finite loss.
    pub last: Option<StepReport>,
    pub history: Rc<History>,
    /// The settings of the last step.
    pub knobs: Knobs,
    /// An evaluation that is due before the next step.
    pub evaluation_due: bool,
    /// Batches left out because of a loss that was not finite: in all, and in a row.
    pub skipped: (u32, u32),
    /// How often the run went back to an anchor.
    pub rollbacks: u32,
    /// The order of the rows to come.
    pub batches: Vec<Order>,
    /// Stages that were begun.
    #[serde(default)]
    pub begun: usize,
}

/// A run's whole state.
pub struct State {
    pub progress: Progress,
    /// Trained parameters, by their names.
    pub parameters: Named,
    pub optimizer: Named,
    /// What the last step changed, as it was before.
    pub undo: Named,
    /// The state to go back to, where there is one.
    pub anchor: Option<Box<State>>,
}

const PARAMETER: &str = "parameter.";
const OPTIMIZER: &str = "optimizer.";
const UNDO: &str = "undo.";
const ANCHOR: &str = "anchor.";

impl State {
    /// All tensors in one list, and the plain data: of this state, and of its anchor.
    pub fn into_parts(self) -> (Named, Vec<Progress>) {
        let mut all = Vec::new();
        let named = [(PARAMETER, self.parameters), (OPTIMIZER, self.optimizer), (UNDO, self.undo)];
        for (prefix, tensors) in named {
            all.extend(tensors.into_iter().map(|(name, t)| (format!("{prefix}{name}"), t)));
        }
        let mut plain = vec![self.progress];
        if let Some(anchor) = self.anchor {
            let (tensors, progress) = anchor.into_parts();
            all.extend(tensors.into_iter().map(|(name, t)| (format!("{ANCHOR}{name}"), t)));
            plain.extend(progress);
        }
        (all, plain)
    }

    /// The inverse of `into_parts`; None where there is no plain data.
    pub fn from_parts(tensors: Named, plain: Vec<Progress>) -> Option<State> {
        let mut plain = plain.into_iter();
        let mut state = State {
            progress: plain.next()?,
            parameters: Vec::new(),
            optimizer: Vec::new(),
            undo: Vec::new(),
            anchor: None,
        };
        let mut anchored = Vec::new();
        for (name, tensor) in tensors {
            let list = [
                (PARAMETER, &mut state.parameters),
                (OPTIMIZER, &mut state.optimizer),
                (UNDO, &mut state.undo),
                (ANCHOR, &mut anchored),
            ];
            let place = list.into_iter().find(|(prefix, _)| name.starts_with(prefix));
            if let Some((prefix, list)) = place {
                list.push((name[prefix.len()..].to_string(), tensor));
            }
        }
        state.anchor = State::from_parts(anchored, plain.collect()).map(Box::new);
        Some(state)
    }
}
