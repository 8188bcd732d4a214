//! The source of training batches.

use super::by_row::{Draws, RowSampler, Stages};
use super::rows::Row;
use super::sampler::{Order, Sampler};
use super::seed::mix;
use crate::{Error, Result};
use std::collections::BTreeMap;
use std::rc::Rc;

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

    /// The losses of the rows of a step, in the order of its batches; none if the step is not made.
    fn record(&mut self, _stage: usize, _losses: &[f64]) {}

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
    pub rows: Rc<Vec<Vec<Row>>>,
    /// By stage.
    pub samplers: Vec<Sampler>,
    /// Chooses the rows instead of `samplers`.
    pub by_row: Option<ByRow>,
}

/// A sampler over rows, and its draws of each stage.
pub struct ByRow {
    sampler: Rc<dyn RowSampler>,
    stages: Rc<Stages>,
    draws: Vec<Draws>,
}

impl ByRow {
    /// Errors: those of [`Stages::try_out`].
    pub fn new(sampler: Rc<dyn RowSampler>, stages: Stages, seed: u64) -> Result<ByRow> {
        let stages = Rc::new(stages);
        stages.try_out(&*sampler)?;
        sampler.begin(stages.clone());
        let reads = sampler.reads_losses();
        let draws = stages.stages.iter().enumerate();
        let draws = draws.map(|(i, of)| Draws::new(of.picks.len(), reads, mix(seed, i as u64)));
        Ok(ByRow { draws: draws.collect(), sampler, stages })
    }
}

impl Batches for TaskBatches {
    fn next_batch(
        &mut self,
        stage: usize,
        step: u64,
        weights: Option<&BTreeMap<String, f64>>,
    ) -> Result<Batch> {
        let sampler = &mut self.samplers[stage];
        let picks = match (&mut self.by_row, weights) {
            (Some(_), Some(_)) => return Err(both_choose()),
            (Some(ByRow { sampler: own, stages, draws }), None) => {
                let size = sampler.batch_size();
                let rows = draws[stage].next_batch(&**own, (stages, stage), step, size)?;
                rows.into_iter().map(|row| stages.stages[stage].picks[row]).collect()
            }
            (None, Some(weights)) => sampler.draw(weights, &self.names),
            (None, None) => sampler.next_batch(),
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

    fn record(&mut self, stage: usize, losses: &[f64]) {
        if let Some(by_row) = &mut self.by_row {
            by_row.draws[stage].record(losses);
        }
    }

    fn order(&self) -> Vec<Order> {
        let mut order: Vec<Order> = self.samplers.iter().map(Sampler::order).collect();
        let draws = self.by_row.iter().flat_map(|by_row| &by_row.draws);
        for (order, draws) in order.iter_mut().zip(draws) {
            order.by_row = Some(Box::new(draws.state()));
        }
        order
    }

    fn restore(&mut self, order: &[Order]) -> Result<()> {
        if order.len() != self.samplers.len() {
            return Err(Error::new("the order of the rows belongs to other stages"));
        }
        let had = order.iter().any(|order| order.by_row.is_some());
        if had != self.by_row.is_some() {
            let [was, is] = if had { ["with", "without"] } else { ["without", "with"] };
            let what = format!("it was made {was} 'sampler', and this trainer is {is} one");
            return Err(Error::new(what));
        }
        let draws = self.by_row.iter_mut().flat_map(|by_row| &mut by_row.draws);
        for (draws, order) in draws.zip(order) {
            order.by_row.iter().try_for_each(|state| draws.restore(state))?;
        }
        self.samplers.iter_mut().zip(order).try_for_each(|(sampler, o)| sampler.restore(o))
    }
}

/// The error for task weights beside a sampler over rows.
pub fn both_choose() -> Error {
    Error::new("'task_weights' and 'sampler' of the trainer would both choose the rows").hint(
        "remove one of them; a sampler can weigh tasks, too: the sum of the weights of their rows",
    )
}
