//! Samplers over the rows of a stage: a function computes a weight for each row, or an order of the rows.

mod chosen;
mod draws;

pub use chosen::Chosen;
pub(super) use draws::{Draws, State};

use super::rows::Row;
use super::sampler::Pick;
use crate::{Error, Result};
use std::rc::Rc;

/// Chooses the rows of the batches of a stage: a pure function of what it is asked.
pub trait RowSampler {
    /// What it is called in messages: "sampler 'hard' (study.lua:3)".
    fn place(&self) -> String;

    /// The version of its function: weights of another version are computed again at the next step.
    fn version(&self) -> String;

    /// The number of steps between two computations of weights; `None`: an epoch. An order is one of an epoch.
    fn every(&self) -> Option<u64>;

    /// Whether it reads the losses of rows, which are kept for it.
    fn reads_losses(&self) -> bool;

    /// Whether it only decides the mix of tasks, so that it is of no use in a stage of one task.
    fn mixes_tasks(&self) -> bool;

    /// The weights or the order of the rows of a stage. Errors: the function fails, or returns something else.
    fn choose(&self, asked: &Asked) -> Result<Chosen>;

    /// Called once, with the rows of the run.
    fn begin(&self, _stages: Rc<Stages>) {}
}

/// The rows of all stages of a run.
pub struct Stages {
    /// The token ids of the rows of each task.
    pub rows: Rc<Vec<Vec<Row>>>,
    pub stages: Vec<StageRows>,
}

/// The rows of a stage and its length.
pub struct StageRows {
    /// Empty if there is only one stage.
    pub name: String,
    pub steps: u64,
    pub steps_per_epoch: u64,
    /// By task, and by index within a task.
    pub picks: Vec<Pick>,
}

/// What a sampler is asked: the rows of a stage before a step.
pub struct Asked<'a> {
    pub all: &'a Stages,
    pub stage: &'a StageRows,
    /// The next step of the stage, from 1.
    pub step: u64,
    /// The latest loss of each row in the training of this stage, a mean over its target tokens; `None` for a row
    /// that has not been in a batch.
    pub losses: &'a [Option<f64>],
}

impl Asked<'_> {
    /// The epoch of the step, from 1.
    pub fn epoch(&self) -> u64 {
        (self.step - 1) / self.stage.steps_per_epoch.max(1) + 1
    }

    /// The fraction of the stage's steps that were made, in [0, 1).
    pub fn progress(&self) -> f64 {
        (self.step - 1) as f64 / self.stage.steps.max(1) as f64
    }
}

impl Stages {
    /// Asks a sampler before it is used: at the first step of each stage, twice, and at its last step, when every row
    /// has a loss.
    ///
    /// # Errors
    /// Those of the sampler; two different answers; or it mixes tasks, and each stage has only one.
    pub fn try_out(&self, sampler: &dyn RowSampler) -> Result<()> {
        let has_several = |stage: &StageRows| match (stage.picks.first(), stage.picks.last()) {
            (Some(first), Some(last)) => first.task != last.task,
            _ => false,
        };
        if sampler.mixes_tasks() && !self.stages.iter().any(has_several) {
            return Err(Error::new("it mixes tasks, and they are trained one at a time")
                .at(sampler.place())
                .hint("remove 'sampler', or train several tasks together"));
        }
        for stage in &self.stages {
            let place = |e: Error| match &stage.name[..] {
                "" => e,
                name => e.at(format!("stage '{name}'")),
            };
            self.try_stage(stage, sampler).map_err(place)?;
        }
        Ok(())
    }

    fn try_stage(&self, stage: &StageRows, sampler: &dyn RowSampler) -> Result<()> {
        let ask = |step: u64, loss: Option<f64>| {
            let losses = vec![loss; stage.picks.len()];
            sampler.choose(&Asked { all: self, stage, step, losses: &losses })
        };
        if ask(1, None)? != ask(1, None)? {
            return Err(Error::new("two different results for the same rows")
                .at(sampler.place())
                .hint(
                    "a sampler is a pure function of (rows, context): it keeps no state between calls and draws no \
                     random numbers; batches are drawn from its weights",
                ));
        }
        ask(stage.steps.max(1), Some(1.0)).map(drop)
    }
}
