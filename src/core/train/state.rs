//! The state of a run from which it can be resumed: the contents of a checkpoint.

use super::history::History;
use super::knobs::Knobs;
use super::report::StepReport;
use super::sampler::Order;
use crate::nn::Named;
use serde::{Deserialize, Serialize};
use std::rc::Rc;

/// The progress of a run, as plain data.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Progress {
    /// The number of steps made.
    pub step: u64,
    /// The number of attempted steps, including those rolled back.
    pub attempts: u64,
    /// The time spent in steps.
    pub seconds: f64,
    /// The last step with a finite loss.
    pub last: Option<StepReport>,
    pub history: Rc<History>,
    /// The settings of the last step.
    pub knobs: Knobs,
    /// An evaluation that is due before the next step.
    pub evaluation_due: bool,
    /// The number of batches skipped because their loss was not finite: in total, and consecutively.
    pub skipped: (u32, u32),
    /// The number of rollbacks.
    pub rollbacks: u32,
    /// The order of the following rows.
    pub batches: Vec<Order>,
    /// The number of stages that have started.
    #[serde(default)]
    pub begun: usize,
}

/// The complete state of a run.
pub struct State {
    pub progress: Progress,
    /// Trained parameters by name.
    pub parameters: Named,
    pub optimizer: Named,
    /// The values before the last step of everything that it changed.
    pub undo: Named,
    /// The state for a rollback, if there is one.
    pub anchor: Option<Box<State>>,
}

const PARAMETER: &str = "parameter.";
const OPTIMIZER: &str = "optimizer.";
const UNDO: &str = "undo.";
const ANCHOR: &str = "anchor.";

impl State {
    /// All tensors in one list, and the plain data of this state and of its anchor.
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

    /// The inverse of `into_parts`; `None` without plain data.
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
