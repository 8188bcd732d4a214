//! The source of training batches.

use super::rows::Row;
use super::sampler::{Order, Sampler};
use crate::{Error, Result};
use std::collections::BTreeMap;

/// A batch of token ids.
pub struct Batch {
    /// The task of each row, an index into the trainer's task names.
    pub tasks: Vec<usize>,
    pub rows: Vec<Row>,
}

/// A source of batches for each stage.
pub trait Batches {
    /// The next batch of a stage; `weights` are the control's task weights.
    fn next_batch(
        &mut self,
        stage: usize,
        step: u64,
        weights: Option<&BTreeMap<String, f64>>,
    ) -> Result<Batch>;

    /// The number of batches of a step of a stage, from 1: at most `accumulate`.
    fn of_step(&self, _stage: usize, _step: u64, accumulate: usize) -> usize {
        accumulate
    }

    /// The state of the batch order, by stage.
    fn order(&self) -> Vec<Order> {
        Vec::new()
    }

    /// Restores a state that `order` returned. A state of other stages or tasks is an error.
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

    /// The last step of an epoch has the batches that are left, as in the `Trainer` of transformers: an epoch
    /// ends with a step.
    fn of_step(&self, stage: usize, step: u64, accumulate: usize) -> usize {
        let batches = self.samplers[stage].batches_per_epoch();
        let steps = batches.div_ceil(accumulate).max(1) as u64;
        let before = ((step - 1) % steps) as usize * accumulate;
        accumulate.min(batches.saturating_sub(before)).max(1)
    }

    fn order(&self) -> Vec<Order> {
        self.samplers.iter().map(Sampler::order).collect()
    }

    fn restore(&mut self, order: &[Order]) -> Result<()> {
        if order.len() != self.samplers.len() {
            return Err(Error::new("the order of the rows belongs to other stages"));
        }
        self.samplers.iter_mut().zip(order).try_for_each(|(sampler, o)| sampler.restore(o))
    }
}
