//! A run in progress: a trainer, its record, its control, and the run of an earlier process that it
//! resumes or replays. It does not depend on Lua: scripts use it through `compt-lua`.

mod checkpoint;
pub mod checkpoints;
mod checks;
mod declared;
mod environment;
mod evaluation;
pub mod exchange;
pub mod history;
mod memory;
mod predicting;
mod record;
mod replay;
mod resume;
mod scores;
pub mod spec;
pub mod steering;
mod steps;
#[cfg(test)]
mod tests;

pub use checks::Checks;
pub use evaluation::EvaluationOptions;
pub use history::RunHistory;
pub use predicting::Part;
pub use record::prompts;
pub use replay::{Replay, Replayed};
pub use resume::{Earlier, Purpose, differences, part_of, parts_of};
pub use scores::{COLUMNS, by_task, counts, lines, table};
pub use spec::Specification;
pub use steps::{Ended, Step, steps_made};

use compt_base::files::json::check_writable;
use compt_base::output;
use compt_core::train::report::StepReport;
use compt_core::train::{Parts, Trainer};
pub(crate) use compt_error::{Error, Result};
pub use compt_study::records::folder::Provenance;
use record::Record;
use serde_json::Value;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use steering::Steering;

/// The environment of a run: the state of its script, and the observers of its steps. `()` is an empty one.
pub trait Host {
    /// State to keep in a checkpoint, such as that of the script's random numbers.
    fn state(&self) -> Value {
        Value::Null
    }

    /// Restores the state of a checkpoint.
    fn restore(&self, _state: &Value) {}

    /// Called when the trainer has a new state: after a step, or after a checkpoint was loaded.
    fn moved(&self, _trainer: &Trainer) {}

    /// Called before each step.
    fn before_step(&mut self, _trainer: &Trainer) -> Result<()> {
        Ok(())
    }

    /// Called when a step failed.
    fn step_failed(&mut self) {}

    /// Called after each step.
    fn after_step(&mut self, _trainer: &Trainer, _report: &StepReport) -> Result<()> {
        Ok(())
    }

    /// Called at the end of a run whose record could not be written completely.
    fn unrecorded(&self, _what: String) {}
}

impl Host for () {}

/// The options of a run.
#[derive(Default)]
pub struct RunOptions {
    /// The folder of its record; `None`: no record.
    pub out: Option<PathBuf>,
    pub provenance: Provenance,
    /// The run of an earlier process.
    pub earlier: Option<Earlier>,
    /// Whether progress is shown on standard error.
    pub progress: bool,
    /// Settings that may differ from those of the earlier run: `backbone.device`.
    pub may_differ: Vec<&'static str>,
}

/// A run: its steps, its record, and the run of an earlier process that it continues.
pub struct Run {
    trainer: Trainer,
    record: Record,
    steering: Rc<RefCell<Steering>>,
    replay: Option<Replay>,
    /// The run of an earlier process, until the first step.
    earlier: Option<Earlier>,
    may_differ: Vec<&'static str>,
    /// Recorded steps that the caller has not requested yet.
    recorded: VecDeque<Value>,
    /// The host's state after the recorded steps.
    host_state: Option<Value>,
    host: Box<dyn Host>,
    /// Whether it may only be loaded or evaluated.
    read_only: bool,
    /// Whether a script opened it to look at it.
    is_opened: bool,
    /// Whether it is the run that was opened for evaluation.
    is_evaluated: bool,
    name: String,
    progress: bool,
    /// The version counters of the parameters when the run was created.
    versions: Vec<i64>,
    /// The pending requests to its control when the run was created.
    requests: usize,
}

impl Run {
    /// Creates a run from a trainer's parts, controlled by `steering`.
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
        output::outlive_reader();
        if let (Some(out), None) = (&out, &earlier) {
            check_writable(out)?;
        }
        let trainer = Trainer::new(parts);
        let requests = steering.borrow().requests();
        Ok(Run {
            versions: versions(&trainer)?,
            requests,
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
            is_opened: false,
            is_evaluated: false,
            name: specification.name.clone(),
            progress,
        })
    }

    /// Adds a key to `session.json`, before the first step.
    pub fn annotate(&mut self, key: &str, value: Value) {
        self.record.annotate(key, value);
    }

    /// Whether the run is unused: no step was made, no parameter was changed, and no change of its control
    /// was requested.
    pub fn is_untouched(&self) -> bool {
        let same = versions(&self.trainer).is_ok_and(|now| now == self.versions);
        let asked = self.steering.borrow().requests() > self.requests;
        self.record.path().is_none() && self.trainer.steps() == 0 && same && !asked
    }

    /// Its specification, as in `config.json`.
    pub fn specification(&self) -> &Value {
        self.record.specification()
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

    /// The steps that the caller has seen: in a resumed run, only those it has requested.
    pub fn steps(&self) -> u64 {
        self.trainer.steps() - self.recorded.len() as u64
    }

    /// The folder of the record, if it exists yet.
    pub fn path(&self) -> Option<&Path> {
        self.record.path()
    }

    /// A description of the prompts.
    pub fn note(&self) -> crate::exchange::Note {
        self.record.note()
    }

    /// The numbers of the steps that the caller has seen.
    ///
    /// # Errors
    /// The record of the steps cannot be read.
    pub fn history(&self) -> Result<RunHistory> {
        let steps = self.steps();
        let mut evaluations = self.trainer.at().history.evaluations.clone();
        evaluations.retain(|found| found.step <= steps);
        Ok(RunHistory { columns: self.record.columns(steps)?, evaluations })
    }

    /// The result of a replay, if the run is one.
    pub fn replayed(&self) -> Option<Replayed> {
        self.replay.as_ref().map(Replay::outcome)
    }

    /// Whether an earlier process made steps of it, or its state will be restored.
    pub fn has_earlier(&self) -> bool {
        self.earlier.is_some() || self.trainer.steps() > 0
    }

    /// Returns true once if it is the run that was opened for evaluation.
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

    /// Returns an error if the caller has not yet seen all steps of the restored state: the prompts of its
    /// step no longer exist.
    pub fn refuse_behind(&self, what: &str) -> Result<()> {
        if self.recorded.is_empty() {
            return Ok(());
        }
        Err(Error::new(format!(
            "the run was resumed after step {}, and the script {what} after step {}, whose prompts \
             are not available",
            self.trainer.steps(),
            self.steps()
        ))
        .hint(
            "a script that reads prompts between steps cannot be resumed; use evaluate_every, or \
             make the steps in between with t:run()",
        ))
    }
}

/// The version counters of all trained parameters: every in-place change increments one.
fn versions(trainer: &Trainer) -> Result<Vec<i64>> {
    let parameters = trainer.parts().groups.iter().flat_map(|group| &group.parameters);
    parameters.map(|(_, tensor)| Ok(tensor.f_internal_version()?)).collect()
}
