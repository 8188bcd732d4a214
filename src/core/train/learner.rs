//! What is trained over a backbone, and what it gives the rows of a batch to read.

use super::composition::{Composition, Selection};
use super::gather::{Placement, Prompts};
use super::pass::Outputs;
use crate::Result;
use crate::backbone::Backbone;
use crate::t5::{Changes, GroupCost};
use std::cell::RefCell;
use std::rc::Rc;
use tch::Tensor;

/// A batch as a learner sees it.
#[derive(Clone)]
pub struct Rows {
    pub backbone: Rc<RefCell<Backbone>>,
    /// The task of each row, an index into the trainer's task names.
    pub tasks: Vec<usize>,
    /// Token ids closed by `</s>`.
    pub sources: Vec<Vec<i64>>,
    /// The same of the answers; none at inference.
    pub targets: Vec<Vec<i64>>,
    pub placement: Placement,
    pub cost: GroupCost,
}

/// What is known of a batch besides its rows.
#[derive(Debug, Clone, Copy)]
pub struct How {
    /// None at inference.
    pub temperature: Option<f64>,
    pub selection: Selection,
    /// Of the backbone.
    pub dropout: f64,
}

impl How {
    pub fn inference(selection: Selection) -> Self {
        How { temperature: None, selection, dropout: 0.0 }
    }
}

/// What the rows of a batch read besides their tokens, and through which backbone.
#[derive(Default)]
pub struct Given {
    pub prompts: Option<Prompts>,
    /// Added to the embeddings of the tokens: `[B, L, d]`, L no less than the longest source.
    pub shift: Option<Tensor>,
    /// What is other about the backbone.
    pub changes: Changes,
}

/// How prompts depend on what is asked.
pub enum OfTasks {
    /// One for each of the tasks asked for.
    Prompts(Prompts),
    /// They follow from the rows, or are not all there is; `rows` each takes in the encoder. Where
    /// `apart`, rows of one task only can share a batch.
    OfRows { rows: usize, apart: bool },
}

/// Prompts, or other parameters over a frozen backbone.
pub trait Learner {
    /// What a batch is given: with gradients, and drawn, in training.
    fn give(&self, rows: &Rows, how: How) -> Result<Given>;

    /// An error where rows of these tasks cannot share a training batch.
    fn check_mixed(&self, _tasks: &[usize]) -> Result<()> {
        Ok(())
    }

    /// An error where what a training batch of these tasks is given could not be trained.
    fn try_out(&self, _tasks: &[usize]) -> Result<()> {
        Ok(())
    }

    /// What each of these tasks is given at inference.
    fn of_tasks(&self, tasks: &[usize], selection: Selection) -> Result<OfTasks>;

    /// The loss in place of the mean over the target tokens, if it is another.
    fn loss(&self, _rows: &Rows, _how: How, _outputs: &Outputs) -> Result<Option<Tensor>> {
        Ok(None)
    }

    /// What is done before the first step of its stage, once.
    fn begin(&self) -> Result<()> {
        Ok(())
    }

    /// How the backbone is other for a task at inference.
    fn changes(&self, _task: usize) -> Result<Changes> {
        Ok(Changes::default())
    }

    /// Source prompts that an evaluation can look at apart.
    fn sources(&self) -> usize {
        0
    }

    fn composition(&self) -> Option<&Composition> {
        None
    }
}

impl Learner for Composition {
    fn give(&self, rows: &Rows, how: How) -> Result<Given> {
        let prompts = match how.temperature {
            Some(temperature) => self.for_batch(&rows.tasks, temperature, how.selection)?,
            None => {
                let prompts = self.for_tasks(&rows.tasks, how.selection)?;
                Prompts { of_row: (0..rows.tasks.len()).collect(), ..prompts }
            }
        };
        Ok(Given { prompts: Some(prompts), ..Given::default() })
    }

    fn of_tasks(&self, tasks: &[usize], selection: Selection) -> Result<OfTasks> {
        Ok(OfTasks::Prompts(self.for_tasks(tasks, selection)?))
    }

    fn sources(&self) -> usize {
        self.bank.source_count()
    }

    fn composition(&self) -> Option<&Composition> {
        Some(self)
    }
}
