//! The passes of a step, and its update: the host reads all numbers of a step at once.

use super::Trainer;
use crate::Result;
use crate::train::knobs::Knobs;
use crate::train::optimizer::{self, Flat, Gradients};
use crate::train::pass::{Losses, pass};
use crate::train::seed::mix;
use compt_base::stop::in_script;
use std::collections::BTreeMap;
use tch::{Device, Kind, Tensor};

/// The losses of a step.
#[derive(Default)]
pub(super) struct Sums {
    pub(super) loss: f64,
    pub(super) tasks: BTreeMap<String, usize>,
    pub(super) task_losses: BTreeMap<String, f64>,
    /// By row, in the order of the batches.
    pub(super) rows: Vec<f64>,
}

/// A batch after its forward and backward pass: the task of each row, and the losses.
pub(super) type Passed = (Vec<usize>, Losses);

impl Trainer {
    pub(super) fn forward_and_backward(
        &mut self,
        stage: usize,
        step: u64,
        knobs: &Knobs,
    ) -> Result<Vec<Passed>> {
        let settings = &self.parts.settings;
        let seed = match self.at.rollbacks {
            0 => settings.seed,
            n => mix(settings.seed, u64::MAX - u64::from(n)),
        };
        tch::manual_seed(mix(seed, self.at.step) as i64);
        let weights = knobs.task_weights();
        let mut passes = Vec::new();
        let count = self.parts.batches.of_step(stage, step, settings.accumulate);
        for _ in 0..count {
            let batches = &mut self.parts.batches;
            let batch = in_script(|| batches.next_batch(stage, step, weights.as_ref()))?;
            let tasks = batch.tasks.clone();
            let learner = self.parts.stages[stage].learner.as_deref();
            // A backward pass frees the tensors that a trainable backbone was assembled from.
            self.parts.backbone_of(learner, &tasks).borrow_mut().model.refresh()?;
            passes.push((tasks, pass(&self.parts, learner, self.cost, (batch, count), knobs)?));
        }
        Ok(passes)
    }

    /// The losses of a step and the values of further numbers `[]`, in one transfer from the device.
    pub(super) fn read(&self, passes: &[Passed], numbers: &[Tensor]) -> Result<(Sums, Vec<f64>)> {
        let losses = passes.iter().flat_map(|(_, losses)| [&losses.loss, &losses.by_row]);
        let all = losses.chain(numbers).map(|values| values.f_reshape([-1]));
        let all = Tensor::f_cat(&all.collect::<std::result::Result<Vec<_>, _>>()?, 0)?;
        let all = all.f_to_device(Device::Cpu)?.f_to_kind(Kind::Double)?;
        let mut values = Vec::<f64>::try_from(&all)?.into_iter();
        let mut sums = Sums::default();
        for (tasks, _) in passes {
            sums.loss += values.next().unwrap_or(f64::NAN) / passes.len() as f64;
            for (&task, loss) in tasks.iter().zip(values.by_ref()) {
                let name = &self.parts.task_names[task];
                *sums.tasks.entry(name.clone()).or_insert(0) += 1;
                *sums.task_losses.entry(name.clone()).or_insert(0.0) += loss;
                sums.rows.push(loss);
            }
        }
        for (task, loss) in &mut sums.task_losses {
            *loss /= sums.tasks[task] as f64;
        }
        Ok((sums, values.collect()))
    }

    pub(super) fn update(
        &mut self,
        gradients: &[Gradients],
        knobs: &Knobs,
        lr: &BTreeMap<String, f64>,
    ) -> Result<()> {
        let decay = knobs.number("weight_decay");
        let parts = &mut self.parts;
        let groups = &parts.groups;
        let rates = |flat: &Flat| {
            let group = &groups[flat.group];
            // A group that the stage does not train (none of its tasks is sampled) has no gradients.
            let rate = lr.get(&group.name).copied().unwrap_or(0.0);
            (rate, decay.unwrap_or(group.weight_decay))
        };
        let (optimizer, flats) = (&mut *parts.optimizer, &mut self.flats);
        optimizer::update(optimizer, flats, gradients, rates, &mut self.undo)
    }
}
