//! Evaluation of the current prompts, on demand and during training.

use super::Trainer;
use crate::compose::Isolation;
use crate::data::TaskSet;
use crate::train::composition::Selection;
use crate::train::evaluate::{Evaluation, Scores, TaskScores, evaluate};
use crate::train::history::Evaluated;
use crate::train::learner::TaskInputs;
use crate::train::predict::RowInputs;
use crate::{Error, Result};
use std::collections::BTreeMap;
use std::rc::Rc;

impl Trainer {
    /// Scores of the tasks with these indices. Errors: a task has no rows of the split, or `progress` fails.
    pub fn evaluate(
        &self,
        which: &[usize],
        selection: Selection,
        options: &Evaluation,
        progress: &mut dyn FnMut(usize, usize) -> Result<()>,
    ) -> Result<Scores> {
        let (tasks, selection) = self.answerable(selection)?;
        if self.parts.own_backbones(self.learner()) {
            return self.evaluate_apart(tasks, which, options, progress);
        }
        self.parts.backbone.borrow_mut().model.refresh()?;
        let inputs = self.row_inputs(selection)?;
        let backbone = self.parts.backbone.borrow();
        evaluate(&backbone, tasks, which, &inputs, options, progress)
    }

    /// The tasks, and a selection with the knobs of the last step as defaults. Errors: there are no tasks, or they
    /// have no parameters yet; parts are selected where there are no prompts.
    pub(super) fn answerable(&self, selection: Selection) -> Result<(&TaskSet, Selection)> {
        let Some(tasks) = &self.parts.tasks else {
            return Err(Error::new("this trainer reads a stream: it has no tasks to evaluate"));
        };
        if let Some(stage) = self.stage().filter(|stage| stage.from) {
            return Err(Error::new(format!(
                "the stage '{}' trains the source tasks: the other tasks have no parameters yet",
                stage.name
            )));
        }
        let selection = self.selected(selection);
        let has_backbone = self.parts.own_backbones(self.learner());
        if (has_backbone || self.learner().is_none()) && selection.isolation != Isolation::Total {
            return Err(Error::new(
                "this trainer trains the backbone: it has no prompts to isolate",
            ));
        }
        Ok((tasks, selection))
    }

    /// The inputs of rows besides their tokens, where all tasks share the backbone. Errors: those of the learner.
    pub(super) fn row_inputs(&self, selection: Selection) -> Result<RowInputs<'_>> {
        let Some(learner) = self.learner() else { return Ok(RowInputs::Tokens) };
        Ok(match learner.task_inputs(&self.all_tasks(), selection)? {
            TaskInputs::Prompts(prompts) => RowInputs::Prompts(prompts),
            TaskInputs::PerRow { positions, apart } => {
                let backbone = self.parts.backbone.clone();
                RowInputs::PerRow { learner, backbone, selection, positions, apart }
            }
        })
    }

    /// Scores of tasks that have a backbone each.
    fn evaluate_apart(
        &self,
        tasks: &TaskSet,
        which: &[usize],
        options: &Evaluation,
        progress: &mut dyn FnMut(usize, usize) -> Result<()>,
    ) -> Result<Scores> {
        let rows = |&task: &usize| {
            tasks.split(task, options.split).len().min(options.limit.unwrap_or(usize::MAX))
        };
        let total: usize = which.iter().map(rows).sum();
        let mut scores = Scores { split: options.split, tasks: Vec::new(), cut: 0 };
        let mut before = 0;
        for task in which {
            let backbone = self.parts.backbone_of(self.learner(), &[*task]);
            backbone.borrow_mut().model.refresh()?;
            let mut shown = |done: usize, _: usize| progress(before + done, total);
            let inputs = RowInputs::Tokens;
            let own = evaluate(&backbone.borrow(), tasks, &[*task], &inputs, options, &mut shown)?;
            before += rows(task);
            scores.tasks.extend(own.tasks);
            scores.cut += own.cut;
        }
        Ok(scores)
    }

    /// The interval of evaluations during training, set by the control of the last step.
    pub(super) fn evaluate_every(&self) -> u64 {
        match self.at.knobs.number("evaluate_every") {
            Some(every) => every as u64,
            None => self.parts.settings.evaluate_every,
        }
    }

    /// Skips the evaluation that is due.
    pub fn skip_evaluation(&mut self) {
        self.at.evaluation_due = false;
    }

    /// The evaluation that is due after the last step, if any. After an error of `progress` it remains
    /// due.
    pub fn due_evaluation(
        &mut self,
        progress: &mut dyn FnMut(usize, usize) -> Result<()>,
    ) -> Result<Option<Evaluated>> {
        if !self.at.evaluation_due {
            return Ok(None);
        }
        let all = self.all_tasks();
        let options = self.parts.settings.evaluation.clone();
        let found = self.evaluate(&all, Selection::default(), &options, progress)?;
        let main =
            |task: &TaskScores| task.metrics.first().map(|(_, score)| (task.task.clone(), *score));
        let evaluated = Evaluated {
            step: self.at.step,
            average: found.average(),
            scores: found.tasks.iter().filter_map(main).collect(),
            weights: self.router_weights()?,
        };
        Rc::make_mut(&mut self.at.history).evaluation(evaluated.clone());
        self.at.evaluation_due = false;
        Ok(Some(evaluated))
    }

    /// The weight of each source at inference, by task; empty without a router, or if the weights depend on the input.
    fn router_weights(&self) -> Result<BTreeMap<String, BTreeMap<String, f64>>> {
        let Some(composition) = self.composition().filter(|all| all.has_fixed_weights()) else {
            return Ok(BTreeMap::new());
        };
        let weights = composition.router_weights(Selection::default())?.unwrap_or_default();
        let by_source = |row: Vec<f64>| {
            row.into_iter().enumerate().map(|(i, weight)| (format!("src{i}"), weight)).collect()
        };
        let names = self.parts.task_names.iter().cloned();
        Ok(names.zip(weights.into_iter().map(by_source)).collect())
    }
}
