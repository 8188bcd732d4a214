//! The training loop. A step has three parts: gather (a batch, each example with its own prompt),
//! the backbone (loss by example), scatter (gradients to their parameters, one optimizer step).

use crate::backbone::GroupCost;
use crate::nn::Named;
use crate::tensor::autograd::clear_grads;
use crate::train::batch::Prompts;
use crate::train::composition::{Composition, Selection};
use crate::train::control::{RouterWeights, View};
use crate::train::knobs::Knobs;
use crate::train::learner::{Learner, TaskInputs};
use crate::train::optimizer::{Flat, Gradients, Group, Norms, norms};
use crate::train::pass::selection;
use crate::train::report::StepReport;
use crate::train::seed::mix;
use crate::train::stage::{Parts, Stage};
use crate::train::state::{Progress, State};
use crate::{Error, Result};
use compt_base::stop::in_script;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Instant;
use tch::Tensor;

mod answering;
mod evaluation;
mod recovery;
mod update;

pub use answering::NewRows;

pub struct Trainer {
    parts: Parts,
    /// The parameters of all groups.
    flats: Vec<Flat>,
    at: Progress,
    cost: GroupCost,
    /// The values before the last step of everything that it changed.
    undo: Named,
    /// The state that `NonFinite::RollBack` restores.
    anchor: Option<Box<State>>,
    /// Whether the parameters are those before the last step, because its loss was not
    /// finite.
    taken_back: bool,
}

/// Separates the random draws of a stage's start from those of its first step.
const STAGE: u64 = 0x5357_4147;

impl Trainer {
    pub fn new(parts: Parts) -> Self {
        let own = || parts.backbone.borrow().model.group_cost();
        let cost = parts.settings.group_cost.unwrap_or_else(own);
        Trainer {
            flats: Flat::of(&parts.groups),
            parts,
            at: Progress::default(),
            cost,
            undo: Vec::new(),
            anchor: None,
            taken_back: false,
        }
    }

    pub fn parts(&self) -> &Parts {
        &self.parts
    }

    /// The progress of the run.
    pub fn at(&self) -> &Progress {
        &self.at
    }

    /// The number of steps made so far.
    pub fn steps(&self) -> u64 {
        self.at.step
    }

    /// Whether the parameters are those after the last step. They are not if a step was undone
    /// because of a loss that was not finite: a run resumed from them would differ.
    pub fn is_whole(&self) -> bool {
        !self.taken_back
    }

    /// The number of steps of all stages together.
    pub fn total_steps(&self) -> u64 {
        self.parts.stages.iter().map(|stage| stage.setting.total_steps).sum()
    }

    /// The report of the last step.
    pub fn last(&self) -> Option<&StepReport> {
        self.at.last.as_ref()
    }

    /// The stage of the next step, and its number within the stage, from 1.
    fn place(&self) -> Result<(usize, u64)> {
        let mut before = 0;
        for (i, stage) in self.parts.stages.iter().enumerate() {
            if self.at.step < before + stage.setting.total_steps {
                return Ok((i, self.at.step - before + 1));
            }
            before += stage.setting.total_steps;
        }
        Err(Error::new(format!("all {} steps are done", self.total_steps()))
            .hint("create a new trainer with more 'epochs' or 'steps'"))
    }

    /// The stage of the next step; `None` if all steps are made.
    pub fn next_stage(&self) -> Option<usize> {
        self.place().ok().map(|(stage, _)| stage)
    }

    /// The tasks whose rows a stage may sample.
    pub fn tasks_of_stage(&self, stage: usize) -> Vec<&str> {
        let (names, targets) = (&self.parts.task_names, self.all_tasks().len());
        let of_stage = match self.parts.stages[stage].from {
            true => &names[targets..],
            false => &names[..targets],
        };
        of_stage.iter().map(String::as_str).collect()
    }

    /// The groups that the last step trained, if it belongs to this stage.
    pub fn trained_in(&self, stage: usize) -> impl Iterator<Item = &Group> {
        let trains = &self.parts.stages[stage].trains;
        let frozen = |group: &Group| self.at.knobs.flag(&format!("freeze.{}", group.name));
        let groups = self.parts.groups.iter();
        groups.filter(move |group| trains.contains(&group.name) && !frozen(group))
    }

    /// The names of the parameters that the last step changed: those that had a gradient.
    pub fn moved(&self) -> impl Iterator<Item = &str> {
        self.undo.iter().map(|(name, _)| name.as_str())
    }

    /// An error if a script disabled a parameter's `requires_grad`, which every step sets.
    fn refuse_thawing(&self) -> Result<()> {
        for group in &self.parts.groups {
            if let Some((name, _)) = group.parameters.iter().find(|(_, t)| !t.requires_grad()) {
                return Err(Error::new(format!(
                    "'requires_grad' of the parameter '{name}' was set to false, and every step sets it"
                ))
                .hint(format!(
                    "to freeze the group '{0}', use trainer:set(\"freeze.{0}\", true) or 'freeze' \
                     in the control",
                    group.name
                )));
            }
        }
        Ok(())
    }

    /// Runs what precedes the first step of a stage.
    fn begin(&mut self, stage: usize) -> Result<()> {
        // The values changed by the last step may now be others.
        self.undo.clear();
        let stage = &self.parts.stages[stage];
        if !stage.begins {
            // The copies of the tasks before are trained: their states are not needed again.
            if self.parts.own_backbones(stage.learner.as_deref()) {
                self.parts.optimizer.load_state(&self.parts.groups, &[])?;
            }
            return Ok(());
        }
        if let Some(learner) = &stage.learner {
            let place = |e: Error| e.at(format!("the beginning of stage '{}'", stage.name));
            // The random draws are the same whenever the stage starts.
            tch::manual_seed(mix(self.parts.settings.seed ^ STAGE, self.at.step) as i64);
            tch::no_grad(|| learner.begin()).map_err(place)?;
        }
        if stage.afresh {
            self.parts.optimizer.load_state(&self.parts.groups, &[])?;
        }
        Ok(())
    }

    fn view(&mut self, stage: usize, step: u64) -> Result<View> {
        let mut view = self.parts.stages[stage].setting.view(step);
        if step == 1 {
            Rc::make_mut(&mut self.at.history).begin_stage();
        }
        if self.at.begun <= stage {
            self.begin(stage)?;
            self.at.begun = stage + 1;
        }
        if !self.at.history.is_in(view.epoch) {
            Rc::make_mut(&mut self.at.history).begin_epoch(view.epoch);
        }
        view.run_step = self.at.step + 1;
        view.attempt = self.at.attempts + 1;
        view.history = self.at.history.clone();
        if let Some(composition) = self.composition().cloned() {
            let (selection, tasks) = (self.steered(), self.parts.task_names.clone());
            view.router_weights = RouterWeights::Computed(Rc::new(move || {
                let weights = composition.router_weights(selection)?.unwrap_or_default();
                Ok(tasks.iter().cloned().zip(weights).collect())
            }));
        }
        Ok(view)
    }

    /// Makes one optimizer step, or none if `heed_stop` is set and the control's `stop` is true. After an
    /// error the parameters are valid: those before the step or, if their loss is not
    /// finite, those of the last finite loss; and the step can be tried again with the same rows.
    pub fn step(&mut self, heed_stop: bool) -> Result<Option<StepReport>> {
        self.refuse_thawing()?;
        let before = (self.parts.batches.order(), self.at.attempts, self.at.rollbacks);
        let report = self.make_step(heed_stop);
        self.set_trained(|_| true);
        self.zero_grad()?;
        match &report {
            Ok(Some(_)) => self.taken_back = false,
            // After a rollback the step is a different one.
            Err(_) if before.2 == self.at.rollbacks => {
                self.parts.batches.restore(&before.0)?;
                self.at.attempts = before.1;
            }
            _ => {}
        }
        report
    }

    fn make_step(&mut self, heed_stop: bool) -> Result<Option<StepReport>> {
        let begun = Instant::now();
        let (stage, step) = self.place()?;
        let view = self.view(stage, step)?;
        let knobs = in_script(|| self.parts.control.knobs(&view))?;
        if heed_stop && knobs.flag("stop") {
            return Ok(None);
        }
        let lr = self.learning_rates(stage, &knobs)?;
        self.drop_anchor()?;
        self.at.attempts = view.attempt;
        let trains = self.parts.stages[stage].trains.clone();
        let frozen = |group: &str| knobs.flag(&format!("freeze.{group}"));
        self.set_trained(|group| trains.iter().any(|name| name == group) && !frozen(group));
        let passes = self.forward_and_backward(stage, step, &knobs)?;
        let mut gradients = Gradients::take(&self.flats)?;
        let (sums, norms) = self.read(&passes, &norms(&gradients)?)?;
        let norms = match sums.loss.is_finite() {
            true => Norms::of(&self.parts.groups, &self.flats, &gradients, &norms),
            false => Norms::default(),
        };
        let mut report = StepReport {
            step: self.at.step + 1,
            loss: sums.loss,
            temperature: knobs.number("temperature").filter(|_| self.samples()),
            tasks: sums.tasks,
            task_losses: sums.task_losses,
            grad_norm: norms.joint,
            grad_norms: norms.groups.clone(),
            epoch: view.epoch,
            stage: view.stage.clone(),
            ..StepReport::default()
        };
        let finite = sums.loss.is_finite() && norms.joint.is_finite();
        self.parts.batches.record(stage, if finite { &sums.rows } else { &[] });
        if !finite {
            if let Some(again) = self.recover(&report, &norms, heed_stop)? {
                return Ok(again);
            }
            report.skipped = true;
        } else {
            norms.clip(&mut gradients, knobs.number("clip").unwrap_or(self.parts.settings.clip))?;
            self.update(&gradients, &knobs, &lr)?;
            self.at.skipped.1 = 0;
        }
        self.at.step += 1;
        report.lr = lr;
        report.knobs = knobs.others(report.temperature.is_some());
        report.attempt = Some(self.at.attempts).filter(|n| *n != self.at.step);
        report.seconds = begun.elapsed().as_secs_f64();
        self.at.seconds += report.seconds;
        self.at.knobs = knobs;
        let every = self.evaluate_every();
        self.at.evaluation_due = every > 0 && self.at.step.is_multiple_of(every);
        if finite {
            Rc::make_mut(&mut self.at.history).step(&report);
            self.at.last = Some(report.clone());
        }
        Ok(Some(report))
    }

    /// The loss of the next step and its gradients before clipping, by parameter; parameters without gradient
    /// are left out. The step is not made (but its stage starts), and will use the same rows. Errors:
    /// as in `step`.
    pub fn gradients(&mut self) -> Result<(f64, Named)> {
        self.refuse_thawing()?;
        let (stage, step) = self.place()?;
        let view = self.view(stage, step)?;
        let knobs = in_script(|| self.parts.control.knobs(&view))?;
        let order = self.parts.batches.order();
        let trains = self.parts.stages[stage].trains.clone();
        let frozen = |group: &str| knobs.flag(&format!("freeze.{group}"));
        self.set_trained(|group| trains.iter().any(|name| name == group) && !frozen(group));
        let passes = self.forward_and_backward(stage, step, &knobs);
        let found = self.trained().filter(|(_, tensor)| tensor.grad().defined());
        let found =
            found.map(|(name, tensor)| Ok((name.clone(), tensor.f_grad()?.f_detach_copy()?)));
        let found: Result<Named> = found.collect();
        self.set_trained(|_| true);
        self.zero_grad()?;
        self.parts.batches.restore(&order)?;
        Ok((self.read(&passes?, &[])?.0.loss, found?))
    }

    /// Whether the method uses the temperature.
    fn samples(&self) -> bool {
        let router = self.composition().and_then(|c| c.router.as_ref());
        router.is_some_and(|router| router.samples())
    }

    /// The rate of every group; a group without a rate is an error.
    fn learning_rates(&self, stage: usize, knobs: &Knobs) -> Result<BTreeMap<String, f64>> {
        let groups = &self.parts.stages[stage].trains;
        groups
            .iter()
            .map(|name| match knobs.rate(name) {
                Some(rate) => Ok((name.clone(), rate)),
                None => Err(Error::new(format!("no learning rate for the group '{name}'"))
                    .hint(format!("set lr.{name} in the control, or 'lr' of the method"))),
            })
            .collect()
    }

    fn trained(&self) -> impl Iterator<Item = &(String, Tensor)> {
        self.parts.groups.iter().flat_map(|group| &group.parameters)
    }

    /// Sets which groups receive gradients.
    fn set_trained(&self, is_trained: impl Fn(&str) -> bool) {
        for group in &self.parts.groups {
            let trained = is_trained(&group.name);
            for (_, tensor) in &group.parameters {
                if tensor.requires_grad() != trained {
                    let _ = tensor.set_requires_grad(trained);
                }
            }
        }
    }

    fn zero_grad(&self) -> Result<()> {
        clear_grads(self.trained().map(|(_, tensor)| tensor))
    }

    /// The temperature of the last step, or 1 before the first.
    pub fn temperature(&self) -> f64 {
        self.at.last.as_ref().and_then(|last| last.temperature).unwrap_or(1.0)
    }

    fn steered(&self) -> Selection {
        selection(&self.at.knobs)
    }

    /// The prompts of every task at inference, in the order of the task set, `[T, m', d]`, with the knobs of
    /// the last step as defaults; `None` if the backbone itself was trained. Errors: as in
    /// `Composition::for_tasks`.
    pub fn prompts(&self, selection: Selection) -> Result<Option<Prompts>> {
        let Some(learner) = self.learner() else { return Ok(None) };
        if self.stage().is_some_and(|stage| stage.from) {
            return Ok(None);
        }
        match learner.task_inputs(&self.all_tasks(), self.selected(selection))? {
            TaskInputs::Prompts(prompts) => Ok(Some(prompts)),
            TaskInputs::PerRow { .. } => Ok(None),
        }
    }

    /// A selection with the knobs of the last step as defaults.
    pub(super) fn selected(&self, selection: Selection) -> Selection {
        let steered = self.steered();
        Selection {
            normalise: selection.normalise.or(steered.normalise),
            top_k: selection.top_k.or(steered.top_k),
            ..selection
        }
    }

    /// The indices of the evaluated tasks.
    pub fn all_tasks(&self) -> Vec<usize> {
        let count =
            self.parts.tasks.as_ref().map_or(self.parts.task_names.len(), |t| t.tasks.len());
        (0..count).collect()
    }

    /// The stage of the last step; before the first step, the first stage.
    pub(super) fn stage(&self) -> Option<&Stage> {
        let mut before = 0;
        let stages = &self.parts.stages;
        let current = stages.iter().find(|stage| {
            before += stage.setting.total_steps;
            self.at.step <= before
        });
        current.or(stages.last())
    }

    /// The learner of the last step's stage; `None` if the backbone itself was trained.
    pub fn learner(&self) -> Option<&dyn Learner> {
        self.stage()?.learner.as_deref()
    }

    /// The parts of the composition, if there is one.
    pub fn composition(&self) -> Option<&Composition> {
        self.learner()?.composition()
    }
}
