//! What a trainer is made of.

use super::control::{Control, Setting};
use super::gather::Placement;
use super::learner::Learner;
use super::optimizer::{Group, Optimizer};
use super::predict::Evaluation;
use super::rows::Row;
use super::sampler::{Order, Sampler};
use crate::backbone::Backbone;
use crate::data::TaskSet;
use crate::t5::GroupCost;
use crate::{Error, Result};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// What a trainer is told once.
#[derive(Debug, Clone)]
pub struct Settings {
    pub placement: Placement,
    pub max_source: usize,
    /// Batches added up for one optimizer step.
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

/// A batch of token ids.
pub struct Batch {
    /// The task of each row, an index into the trainer's task names.
    pub tasks: Vec<usize>,
    pub rows: Vec<Row>,
}

/// Where batches come from, stage after stage.
pub trait Batches {
    /// The next batch of a stage; `weights` is what the control says of the tasks.
    fn next_batch(
        &mut self,
        stage: usize,
        step: u64,
        weights: Option<&BTreeMap<String, f64>>,
    ) -> Result<Batch>;

    /// What decides the batches to come, by stage.
    fn order(&self) -> Vec<Order> {
        Vec::new()
    }

    /// Goes on from what `order` gave.
    fn restore(&mut self, _order: &[Order]) -> Result<()> {
        Ok(())
    }
}

/// Batches of a task set's training rows.
pub struct TaskBatches {
    pub names: Vec<String>,
    /// By task.
    pub rows: Vec<Vec<Row>>,
    /// By stage.
    pub samplers: Vec<Sampler>,
}

impl Batches for TaskBatches {
    fn next_batch(
        &mut self,
        stage: usize,
        _step: u64,
        weights: Option<&BTreeMap<String, f64>>,
    ) -> Result<Batch> {
        let sampler = &mut self.samplers[stage];
        let picks = match weights {
            Some(weights) => sampler.draw(weights, &self.names),
            None => sampler.next_batch(),
        };
        Ok(Batch {
            tasks: picks.iter().map(|pick| pick.task).collect(),
            rows: picks.iter().map(|pick| self.rows[pick.task][pick.row].clone()).collect(),
        })
    }

    fn order(&self) -> Vec<Order> {
        self.samplers.iter().map(Sampler::order).collect()
    }

    fn restore(&mut self, order: &[Order]) -> Result<()> {
        if order.len() != self.samplers.len() {
            return Err(Error::new("the order of the rows is of other stages"));
        }
        self.samplers.iter_mut().zip(order).try_for_each(|(sampler, o)| sampler.restore(o))
    }
}

/// A part of the training with a schedule of its own.
pub struct Stage {
    /// Empty, or what the stage is called in messages.
    pub name: String,
    pub setting: Setting,
    /// None where the backbone itself is trained.
    pub learner: Option<Rc<dyn Learner>>,
    /// Whether its tasks are others than those to be evaluated.
    pub from: bool,
    /// The parameter groups it trains.
    pub trains: Vec<String>,
    /// Whether it is the first of those that make a stage of the method.
    pub begins: bool,
    /// Whether the optimizer begins anew there.
    pub afresh: bool,
}

/// What a trainer is made of.
pub struct Parts {
    pub backbone: Rc<RefCell<Backbone>>,
    /// None where the batches come from a stream.
    pub tasks: Option<Rc<TaskSet>>,
    /// The tasks of the set, then those that are only trained on.
    pub task_names: Vec<String>,
    pub groups: Vec<Group>,
    pub optimizer: Box<dyn Optimizer>,
    pub batches: Box<dyn Batches>,
    pub stages: Vec<Stage>,
    pub control: Box<dyn Control>,
    pub settings: Settings,
}
