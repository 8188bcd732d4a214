//! The stages of a training, and the parts of a trainer.

use super::batches::Batches;
use super::control::{Control, Setting};
use super::learner::Learner;
use super::optimizer::{Group, Optimizer};
use super::settings::Settings;
use crate::backbone::LoadedBackbone;
use crate::data::TaskSet;
use std::cell::RefCell;
use std::rc::Rc;

/// A part of the training with its own schedule.
pub struct Stage {
    /// The name of the stage in messages, or empty.
    pub name: String,
    pub setting: Setting,
    /// `None` if the backbone itself is trained.
    pub learner: Option<Rc<dyn Learner>>,
    /// Whether its tasks differ from those to evaluate.
    pub from: bool,
    /// The parameter groups it trains.
    pub trains: Vec<String>,
    /// Whether it is the first of those that form a stage of the method.
    pub begins: bool,
    /// Whether the optimizer's state is reset at its start.
    pub afresh: bool,
}

/// The parts of a trainer.
pub struct Parts {
    pub backbone: Rc<RefCell<LoadedBackbone>>,
    /// `None` if the batches come from a stream.
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

impl Parts {
    /// Whether each task trains a backbone of its own.
    pub(super) fn own_backbones(&self, learner: Option<&dyn Learner>) -> bool {
        learner.is_some_and(|learner| learner.backbone(0).is_some())
    }

    /// The backbone of a batch: that of its task, if its learner has one for each.
    pub(super) fn backbone_of<'a>(
        &'a self,
        learner: Option<&'a dyn Learner>,
        tasks: &[usize],
    ) -> &'a Rc<RefCell<LoadedBackbone>> {
        let own = learner.and_then(|learner| learner.backbone(*tasks.first()?));
        own.unwrap_or(&self.backbone)
    }
}
