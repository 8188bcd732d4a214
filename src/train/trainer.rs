//! The training loop. A step has three parts: gather (a batch, each example with its own prompt),
//! the backbone (loss by example), scatter (gradients to their owners, one optimizer step).

use super::composition::{Composition, Selection};
use super::control::{Control, Setting, View};
use super::evaluate::{Evaluation, Scores, evaluate};
use super::gather::{Placement, Prompts, gather, group_cost, labels};
use super::knobs::Knobs;
use super::optimizer::{Group, Optimizer, clip_grad_norm};
use super::report::StepReport;
use super::rows::Row;
use super::sampler::Sampler;
use super::seed::mix;
use crate::backbone::Backbone;
use crate::data::TaskSet;
use crate::t5::GroupCost;
use crate::tensor::autograd::clear_grads;
use crate::{Error, Result};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Instant;
use tch::Tensor;

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
            Some(weights) => sampler.draw(weights, &self.names)?,
            None => sampler.next_batch(),
        };
        Ok(Batch {
            tasks: picks.iter().map(|pick| pick.task).collect(),
            rows: picks.iter().map(|pick| self.rows[pick.task][pick.row].clone()).collect(),
        })
    }
}

/// A part of the training with a schedule of its own.
pub struct Stage {
    /// Empty, or what the stage is called in messages.
    pub name: String,
    pub setting: Setting,
}

/// What a trainer is made of.
pub struct Parts {
    pub backbone: Rc<RefCell<Backbone>>,
    /// None where the batches come from a stream.
    pub tasks: Option<Rc<TaskSet>>,
    pub task_names: Vec<String>,
    /// None where the backbone itself is trained.
    pub composition: Option<Composition>,
    pub groups: Vec<Group>,
    pub optimizer: Box<dyn Optimizer>,
    pub batches: Box<dyn Batches>,
    pub stages: Vec<Stage>,
    pub control: Box<dyn Control>,
    pub settings: Settings,
}

pub struct Trainer {
    parts: Parts,
    step: u64,
    seconds: f64,
    last: Option<StepReport>,
    task_losses: BTreeMap<String, f64>,
    cost: GroupCost,
    /// What the last step changed, as it was before.
    undo: Vec<(Tensor, Tensor)>,
}

/// The losses of one batch.
struct Losses {
    loss: f64,
    by_row: Vec<f64>,
}

impl Trainer {
    pub fn new(parts: Parts) -> Self {
        let cost =
            parts.settings.group_cost.unwrap_or_else(|| group_cost(&parts.backbone.borrow().model));
        let task_losses = BTreeMap::new();
        Trainer { parts, step: 0, seconds: 0.0, last: None, task_losses, cost, undo: Vec::new() }
    }

    pub fn parts(&self) -> &Parts {
        &self.parts
    }

    /// Steps made so far.
    pub fn steps(&self) -> u64 {
        self.step
    }

    /// Steps of all stages together.
    pub fn total_steps(&self) -> u64 {
        self.parts.stages.iter().map(|stage| stage.setting.total_steps).sum()
    }

    /// Time spent in steps.
    pub fn seconds(&self) -> f64 {
        self.seconds
    }

    /// The report of the last step.
    pub fn last(&self) -> Option<&StepReport> {
        self.last.as_ref()
    }

    /// The stage the next step belongs to, and its number within the stage, from 1.
    fn place(&self) -> Result<(usize, u64)> {
        let mut before = 0;
        for (i, stage) in self.parts.stages.iter().enumerate() {
            if self.step < before + stage.setting.total_steps {
                return Ok((i, self.step - before + 1));
            }
            before += stage.setting.total_steps;
        }
        Err(Error::new(format!("all {} steps are done", self.total_steps()))
            .hint("make a new trainer with more 'epochs' or 'steps'"))
    }

    fn view(&self, stage: usize, step: u64) -> View {
        let mut view = self.parts.stages[stage].setting.view(step);
        // The loss before a stage's first step is that of another stage.
        view.loss = self.last.as_ref().filter(|_| step > 1).map(|last| last.loss);
        view.task_losses = self.task_losses.clone();
        view
    }

    /// One optimizer step. After an error the parameters are good ones: those before the step, or,
    /// where their loss is not finite, those of the last finite loss.
    pub fn step(&mut self) -> Result<StepReport> {
        let report = self.make_step();
        self.zero_grad()?;
        report
    }

    fn make_step(&mut self) -> Result<StepReport> {
        let begun = Instant::now();
        let (stage, step) = self.place()?;
        let view = self.view(stage, step);
        let knobs = self.parts.control.knobs(&view)?;
        let lr = self.learning_rates(stage, &knobs)?;
        tch::manual_seed(mix(self.parts.settings.seed, self.step) as i64);
        let mut tasks = BTreeMap::new();
        let mut sums: BTreeMap<String, (f64, usize)> = BTreeMap::new();
        let mut loss = 0.0;
        let parts = self.parts.settings.accumulate;
        for _ in 0..parts {
            let weights = knobs.task_weights.as_ref();
            let batch = self.parts.batches.next_batch(stage, step, weights)?;
            for &task in &batch.tasks {
                *tasks.entry(self.parts.task_names[task].clone()).or_insert(0) += 1;
            }
            // A backward pass frees what a trainable backbone was assembled into.
            self.parts.backbone.borrow_mut().model.refresh()?;
            let losses = self.backward(&batch, &knobs)?;
            for (&task, row) in batch.tasks.iter().zip(&losses.by_row) {
                let sum = sums.entry(self.parts.task_names[task].clone()).or_insert((0.0, 0));
                *sum = (sum.0 + row, sum.1 + 1);
            }
            loss += losses.loss / parts as f64;
        }
        let clip = knobs.clip.unwrap_or(self.parts.settings.clip);
        let grad_norm = clip_grad_norm(&self.parts.groups, clip)?;
        if !loss.is_finite() || !grad_norm.is_finite() {
            if !loss.is_finite() {
                self.take_back()?;
            }
            return Err(self.not_finite(loss, grad_norm, &tasks));
        }
        self.undo = self.trained_copies()?;
        for group in &mut self.parts.groups {
            if let Some(decay) = knobs.weight_decay {
                group.weight_decay = decay;
            }
            // A group the stage does not train (no tasks of it are drawn) has no gradients.
            let rate = lr.get(&group.name).copied().unwrap_or(0.0);
            self.parts.optimizer.step(group, rate)?;
        }

        let task_losses: BTreeMap<String, f64> =
            sums.into_iter().map(|(task, (sum, n))| (task, sum / n as f64)).collect();
        self.task_losses.extend(task_losses.clone());
        self.step += 1;
        let seconds = begun.elapsed().as_secs_f64();
        self.seconds += seconds;
        let report = StepReport {
            step: self.step,
            loss,
            lr,
            temperature: knobs.temperature.filter(|_| self.samples()),
            tasks,
            task_losses,
            grad_norm,
            epoch: view.epoch,
            seconds,
        };
        self.last = Some(report.clone());
        Ok(report)
    }

    /// Whether the temperature means anything to this method.
    fn samples(&self) -> bool {
        let router = self.parts.composition.as_ref().and_then(|c| c.router.as_ref());
        router.is_some_and(|router| router.samples())
    }

    /// The rate of every group; one without a rate is an error.
    fn learning_rates(&self, stage: usize, knobs: &Knobs) -> Result<BTreeMap<String, f64>> {
        let groups = &self.parts.stages[stage].setting.groups;
        groups
            .iter()
            .map(|name| match knobs.lr.get(name) {
                Some(rate) => Ok((name.clone(), *rate)),
                None => Err(Error::new(format!("no learning rate for the group '{name}'"))
                    .hint(format!("set lr.{name} in the control, or 'lr' of the method"))),
            })
            .collect()
    }

    /// Forward and backward of one batch; gradients add up until the optimizer's step.
    fn backward(&self, batch: &Batch, knobs: &Knobs) -> Result<Losses> {
        let settings = &self.parts.settings;
        let prompts = match &self.parts.composition {
            Some(c) => Some(c.for_batch(&batch.tasks, knobs.temperature.unwrap_or(1.0))?),
            None => None,
        };
        let backbone = self.parts.backbone.borrow();
        let model = &backbone.model;
        let sources: Vec<&[i64]> = batch.rows.iter().map(|row| &row.source[..]).collect();
        let targets: Vec<&[i64]> = batch.rows.iter().map(|row| &row.target[..]).collect();
        let gathered = gather(model, &sources, prompts.as_ref(), settings.placement, self.cost)?;
        let dropout = knobs.dropout.unwrap_or(settings.dropout);
        let encoded = model.encode(&gathered.embeddings, gathered.layout, dropout)?;
        let labels = labels(&targets, model.device)?;
        let logits = model.decode(&encoded, &model.shift_right(&labels)?, dropout)?;
        let losses = model.token_losses(&logits, &labels)?;
        let loss = losses.mean()?;
        let value = loss.f_double_value(&[])?;
        if value.is_finite() {
            loss.f_div_scalar(settings.accumulate as f64)?.f_backward()?;
        }
        let by_row = losses.by_row()?.f_detach()?.f_to_device(tch::Device::Cpu)?;
        Ok(Losses { loss: value, by_row: Vec::try_from(&by_row.f_to_kind(tch::Kind::Double)?)? })
    }

    fn trained(&self) -> impl Iterator<Item = &Tensor> {
        self.parts.groups.iter().flat_map(|group| &group.parameters).map(|(_, tensor)| tensor)
    }

    fn zero_grad(&self) -> Result<()> {
        clear_grads(self.trained())
    }

    /// The parameters that have a gradient, each with a copy.
    fn trained_copies(&self) -> Result<Vec<(Tensor, Tensor)>> {
        let moving = self.trained().filter(|tensor| tensor.grad().defined());
        moving.map(|tensor| Ok((tensor.shallow_clone(), tensor.f_detach_copy()?))).collect()
    }

    /// Undoes the last step's update.
    fn take_back(&mut self) -> Result<()> {
        tch::no_grad(|| {
            for (mut parameter, before) in self.undo.drain(..) {
                parameter.f_copy_(&before)?;
            }
            Ok(())
        })
    }

    fn not_finite(&self, loss: f64, norm: f64, tasks: &BTreeMap<String, usize>) -> Error {
        let mix: Vec<String> = tasks.iter().map(|(task, n)| format!("{n} {task}")).collect();
        let before = match &self.last {
            Some(last) => format!(
                "the last finite loss was {:.4} at step {} (gradient norm {:.3})",
                last.loss, last.step, last.grad_norm
            ),
            None => "no step before had a finite one".to_string(),
        };
        let what = if loss.is_finite() {
            format!("the gradient's norm is {norm}")
        } else {
            format!("the loss is {loss}")
        };
        Error::new(format!(
            "step {}: {what} on a batch of {}; {before}",
            self.step + 1,
            mix.join(", ")
        ))
        .hint(
            "the prompts are those of the last finite loss and can still be evaluated; lower the \
             learning rates or the clip",
        )
    }

    /// The temperature of the last step, or 1 before the first.
    pub fn temperature(&self) -> f64 {
        self.last.as_ref().and_then(|last| last.temperature).unwrap_or(1.0)
    }

    /// The prompts of every task at inference, in the order of the task set; None where the
    /// backbone itself was trained.
    pub fn prompts(&self, selection: Selection) -> Result<Option<Prompts>> {
        let all: Vec<usize> = (0..self.parts.task_names.len()).collect();
        self.parts.composition.as_ref().map(|c| c.for_tasks(&all, selection)).transpose()
    }

    /// Scores of the tasks with these indices.
    pub fn evaluate(
        &self,
        which: &[usize],
        selection: Selection,
        options: &Evaluation,
        progress: &mut dyn FnMut(usize, usize) -> Result<()>,
    ) -> Result<Scores> {
        let Some(tasks) = &self.parts.tasks else {
            return Err(Error::new("this trainer reads a stream: it has no tasks to evaluate"));
        };
        self.parts.backbone.borrow_mut().model.refresh()?;
        let prompts = self.prompts(selection)?;
        let backbone = self.parts.backbone.borrow();
        evaluate(&backbone, tasks, which, prompts.as_ref(), options, progress)
    }
}
