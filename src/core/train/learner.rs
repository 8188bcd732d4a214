//! The interface of what is trained over a backbone, and the inputs it computes for a batch.

use super::batch::{Inputs, Outputs, Prompts, Rows};
use super::composition::{Composition, Selection};
use crate::Result;
use crate::backbone::{Changes, LoadedBackbone};
use std::cell::RefCell;
use std::rc::Rc;
use tch::Tensor;

/// The context of a batch besides its rows.
#[derive(Debug, Clone, Copy)]
pub struct BatchContext {
    /// The temperature of the router's relaxation; `None` at inference.
    pub temperature: Option<f64>,
    pub selection: Selection,
    /// The dropout rate of the backbone.
    pub dropout: f64,
}

impl BatchContext {
    pub fn inference(selection: Selection) -> Self {
        BatchContext { temperature: None, selection, dropout: 0.0 }
    }
}

/// What the inputs of a row at inference depend on.
pub enum TaskInputs {
    /// Only its task: one prompt for each of the requested tasks.
    Prompts(Prompts),
    /// Also its tokens, or they are more than a prompt: `Learner::inputs` computes them per
    /// batch. A prompt takes `positions` in the encoder. If `apart`, a batch must contain rows of only one
    /// task.
    PerRow { positions: usize, apart: bool },
}

/// Prompts, or other parameters over a frozen backbone.
pub trait Learner {
    /// The inputs of a batch; in training with gradients and sampled weights.
    fn inputs(&self, rows: &Rows, context: BatchContext) -> Result<Inputs>;

    /// An error if rows of these tasks cannot share a training batch.
    fn check_mixed(&self, _tasks: &[usize]) -> Result<()> {
        Ok(())
    }

    /// An error if the inputs of a training batch of these tasks cannot be trained.
    fn try_out(&self, _tasks: &[usize]) -> Result<()> {
        Ok(())
    }

    /// The inputs of these tasks at inference.
    fn task_inputs(&self, tasks: &[usize], selection: Selection) -> Result<TaskInputs>;

    /// A loss `[]` that replaces the mean over the target tokens.
    fn loss(
        &self,
        _rows: &Rows,
        _context: BatchContext,
        _outputs: &Outputs,
    ) -> Result<Option<Tensor>> {
        Ok(None)
    }

    /// Called once before the first step of its stage.
    fn begin(&self) -> Result<()> {
        Ok(())
    }

    /// The changes of the backbone for a task at inference.
    fn changes(&self, _task: usize) -> Result<Changes> {
        Ok(Changes::default())
    }

    /// The backbone that a task trains instead of the trainer's.
    fn backbone(&self, _task: usize) -> Option<&Rc<RefCell<LoadedBackbone>>> {
        None
    }

    /// The number of source prompts that an evaluation can isolate.
    fn sources(&self) -> usize {
        0
    }

    fn composition(&self) -> Option<&Composition> {
        None
    }
}

impl Learner for Composition {
    fn inputs(&self, rows: &Rows, context: BatchContext) -> Result<Inputs> {
        let prompts = self.for_rows(rows, context.temperature, context.selection)?;
        Ok(Inputs { prompts: Some(prompts), ..Inputs::default() })
    }

    fn task_inputs(&self, tasks: &[usize], selection: Selection) -> Result<TaskInputs> {
        match tasks {
            [first, ..] if self.reads_inputs() => {
                Ok(TaskInputs::PerRow { positions: self.length(*first, selection)?, apart: false })
            }
            _ => Ok(TaskInputs::Prompts(self.for_tasks(tasks, selection)?)),
        }
    }

    fn sources(&self) -> usize {
        self.bank.source_count()
    }

    fn composition(&self) -> Option<&Composition> {
        Some(self)
    }
}
