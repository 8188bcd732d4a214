//! Fine-tuning by task: each task trains its own copy of the backbone.

use super::batch::{Inputs, Rows};
use super::composition::Selection;
use super::learner::{BatchContext, Learner, TaskInputs};
use crate::backbone::LoadedBackbone;
use crate::{Error, Result};
use std::cell::RefCell;
use std::rc::Rc;

/// One trainable backbone per task.
pub struct Copies(pub Vec<Rc<RefCell<LoadedBackbone>>>);

impl Learner for Copies {
    fn inputs(&self, _rows: &Rows, _context: BatchContext) -> Result<Inputs> {
        Ok(Inputs::default())
    }

    fn check_mixed(&self, _tasks: &[usize]) -> Result<()> {
        Err(Error::new("each task has its own backbone: tasks cannot share a batch"))
    }

    fn task_inputs(&self, _tasks: &[usize], _selection: Selection) -> Result<TaskInputs> {
        Ok(TaskInputs::PerRow { positions: 0, apart: true })
    }

    fn backbone(&self, task: usize) -> Option<&Rc<RefCell<LoadedBackbone>>> {
        self.0.get(task)
    }
}
