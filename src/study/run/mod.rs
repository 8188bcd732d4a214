//! A run under way: a trainer, its record, what steers it, and the run of an earlier process that it
//! resumes or replays. No Lua: scripts call it through `compt-lua`.

mod checkpoint;
mod declared;
mod evaluation;
mod record;
mod replay;
mod resume;
mod scores;
pub mod spec;
pub mod steering;
mod steps;
#[cfg(test)]
mod tests;

pub use evaluation::{EvaluationOptions, NEW_TOKENS};
pub use record::{Provenance, prompts};
pub use replay::{Replay, Replayed};
pub use resume::{Earlier, Purpose, differences, operator_of};
pub use scores::{by_task, counts, table};
pub use spec::Specification;
pub use steps::{Ended, Step, steps_made};

use crate::{Error, Result};
use compt_core::files::json::check_writable;
use compt_core::train::report::StepReport;
use compt_core::train::{Parts, Trainer};
use record::Record;
use serde_json::Value;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use steering::Steering;

/// What surrounds a run: the state of its script, and what watches its steps. `()` is none.
pub trait Host {
    /// State that a checkpoint keeps, such as that of the script's random numbers.
    fn state(&self) -> Value {
        Value::Null
    }

    /// Takes the state of a checkpoint.
    fn restore(&self, _state: &Value) {}

    /// Called once the trainer has a new state: after a step, or when a checkpoint was loaded.
    fn moved(&self, _trainer: &Trainer) {}

    /// Called before a step is made.
    fn before_step(&mut self, _trainer: &Trainer) -> Result<()> {
        Ok(())
    }

    /// Called where a step could not be made.
    fn step_failed(&mut self) {}

    /// Called after a step was made.
    fn after_step(&mut self, _trainer: &Trainer, _report: &StepReport) -> Result<()> {
        Ok(())
    }

    /// Called at the end of a run whose record could not be written.
    fn unrecorded(&self, _what: String) {}
}

impl Host for () {}

/// How a run is opened.
#[derive(Default)]
pub struct RunOptions {
    /// The folder of its record; `None`: nothing is recorded.
    pub out: Option<PathBuf>,
    pub provenance: Provenance,
    /// The run of an earlier process.
    pub earlier: Option<Earlier>,
    /// Whether progress is shown on standard error.
    pub progress: bool,
    /// Settings of the record that may differ: `backbone.device`.
    pub may_differ: Vec<&'static str>,
}

/// A run: its steps, its record, and the run of an earlier process that it takes up.
pub struct Run {
    trainer: Trainer,
    record: Record,
    steering: Rc<RefCell<Steering>>,
    replay: Option<Replay>,
    /// The run of an earlier process, until the first step.
    earlier: Option<Earlier>,
    may_differ: Vec<&'static str>,
    /// Steps of that run that the caller has not asked for yet.
    recorded: VecDeque<Value>,
    /// The host's state after them.
    host_state: Option<Value>,
    host: Box<dyn Host>,
    /// Whether it may only be loaded or evaluated.
    read_only: bool,
    /// Whether it is the run that was opened to be evaluated.
    is_evaluated: bool,
    name: String,
    progress: bool,
    /// The versions of the parameters' values when the run was made.
    versions: Vec<i64>,
}

impl Run {
    /// A run over a trainer's parts, whose control is `steering`.
    ///
    /// # Errors
    /// The folder of the record cannot be written.
    pub fn new(
        specification: &Specification,
        parts: Parts,
        steering: Rc<RefCell<Steering>>,
        host: Box<dyn Host>,
        options: RunOptions,
    ) -> Result<Run> {
        let RunOptions { out, provenance, earlier, progress, may_differ } = options;
        if let (Some(out), None) = (&out, &earlier) {
            check_writable(out)?;
        }
        let trainer = Trainer::new(parts);
        Ok(Run {
            versions: versions(&trainer)?,
            trainer,
            record: Record::new(specification, provenance, out),
            steering,
            replay: None,
            earlier,
            may_differ,
            recorded: VecDeque::new(),
            host_state: None,
            host,
            read_only: false,
            is_evaluated: false,
            name: specification.name.clone(),
            progress,
        })
    }

    /// Adds a key to `session.json`, before the first step.
    pub fn annotate(&mut self, key: &str, value: Value) {
        self.record.annotate(key, value);
    }

    /// Whether nothing has been done with it yet: no step, no change of a parameter.
    pub fn is_untouched(&self) -> bool {
        let same = versions(&self.trainer).is_ok_and(|now| now == self.versions);
        self.record.path().is_none() && self.trainer.steps() == 0 && same
    }

    pub fn trainer(&self) -> &Trainer {
        &self.trainer
    }

    pub fn trainer_mut(&mut self) -> &mut Trainer {
        &mut self.trainer
    }

    pub fn steering(&self) -> std::cell::RefMut<'_, Steering> {
        self.steering.borrow_mut()
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Steps as the caller has seen them: of a resumed run, those it has asked for.
    pub fn steps(&self) -> u64 {
        self.trainer.steps() - self.recorded.len() as u64
    }

    /// The folder of the record, once there is one.
    pub fn path(&self) -> Option<&Path> {
        self.record.path()
    }

    /// What is known of the prompts.
    pub fn note(&self) -> crate::exchange::Note {
        self.record.note()
    }

    /// What came of a replay, if it is one.
    pub fn replayed(&self) -> Option<Replayed> {
        self.replay.as_ref().map(Replay::outcome)
    }

    /// Whether an earlier process has made steps of it, or is about to be taken up.
    pub fn has_earlier(&self) -> bool {
        self.earlier.is_some() || self.trainer.steps() > 0
    }

    /// Whether it is the run that was opened to be evaluated; true once.
    pub fn take_evaluated(&mut self) -> bool {
        std::mem::take(&mut self.is_evaluated)
    }

    /// Whether the next step was made by an earlier process.
    pub fn is_past(&self) -> bool {
        let next = self.trainer.at().attempts + 1;
        match &self.earlier {
            Some(earlier) => earlier.first_version().is_some() && !earlier.steps.is_empty(),
            None => !self.recorded.is_empty() || self.steering.borrow().remembers(next),
        }
    }

    /// An error where the caller is behind the restored state: at a step whose prompts are gone.
    pub fn refuse_behind(&self, what: &str) -> Result<()> {
        if self.recorded.is_empty() {
            return Ok(());
        }
        Err(Error::new(format!(
            "the run was resumed after step {}, and the script {what} after step {}, whose prompts \
             are gone",
            self.trainer.steps(),
            self.steps()
        ))
        .hint(
            "a script that looks at the prompts between steps cannot be resumed; let the trainer \
               do it (evaluate_every), or t:run() the steps between",
        ))
    }
}

/// The versions of the values of all trained parameters: every change in place counts one up.
fn versions(trainer: &Trainer) -> Result<Vec<i64>> {
    let parameters = trainer.parts().groups.iter().flat_map(|group| &group.parameters);
    parameters.map(|(_, tensor)| Ok(tensor.f_internal_version()?)).collect()
}
