//! The stages of a training, and all that a trainer is built from.

use super::batches::Batches;
use super::control::{Control, Setting};
use super::learner::Learner;
use super::optimizer::{Group, Optimizer};
use super::settings::Settings;
use crate::backbone::LoadedBackbone;
use crate::data::TaskSet;
use std::cell::RefCell;
use std::rc::Rc;

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

/// All that a trainer is built from.
pub struct Parts {
    pub backbone: Rc<RefCell<LoadedBackbone>>,
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
