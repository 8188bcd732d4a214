//! Checks of a run's settings, before anything is made.

use super::spec::CheckpointSpec;
use crate::{Error, Result};
use compt_base::data::{Task, TaskSet, Tokenizer};
use compt_core::train::evaluate::try_metrics;
use compt_core::train::{Settings, check_labels};

/// The settings that are checked together.
pub struct Checks<'a> {
    pub settings: &'a Settings,
    pub batch_size: usize,
    pub weight_decay: f64,
    pub checkpoints: &'a CheckpointSpec,
    /// `None` if the batches come from a stream.
    pub tasks: Option<&'a TaskSet>,
    /// The method's source tasks.
    pub from: Option<&'a TaskSet>,
    /// The names of all tasks.
    pub names: &'a [String],
    pub tokenizer: Option<&'a Tokenizer>,
}

impl Checks<'_> {
    /// Reports label words with a part that is unknown to the tokenizer.
    ///
    /// # Errors
    /// A setting is out of its range, the best checkpoint is selected by an unknown score, a task to evaluate
    /// during training has no validation rows, a task of free text has no maximum length, a metric of the user
    /// fails, or the tokenizer cannot distinguish two label words.
    pub fn run(&self) -> Result<()> {
        let refuse = |what: &str| Err(Error::new(what));
        let settings = self.settings;
        if self.batch_size == 0 || settings.accumulate == 0 {
            return refuse("'batch_size' and 'accumulate' must be at least 1");
        }
        if !(0.0..1.0).contains(&settings.dropout) {
            return refuse("'dropout' must be within [0, 1)");
        }
        if settings.clip.is_nan() || settings.clip <= 0.0 {
            return refuse("'clip' must be above 0; math.huge clips nothing");
        }
        if self.weight_decay.is_nan() || self.weight_decay < 0.0 {
            return refuse("'weight_decay' must be at least 0");
        }
        if self.checkpoints.keep == 0 || settings.evaluation.limit == Some(0) {
            return refuse("'keep' and 'evaluate_limit' must be at least 1");
        }
        if settings.max_source < 2 {
            return refuse("'max_source_length' must be at least 2");
        }
        if settings.evaluate_every > 0 {
            self.validation()?;
        }
        let best = &self.checkpoints.best;
        if !self.names.contains(best) && best != "average" {
            let known = self.names.iter().map(String::as_str).chain(["average"]);
            return Err(Error::unknown("score", best, known).at("best"));
        }
        let sets = self.tasks.iter().chain(&self.from);
        sets.flat_map(|set| &set.tasks).try_for_each(text_has_length)?;
        self.tasks.iter().flat_map(|set| &set.tasks).try_for_each(try_metrics)?;
        let Some(tokenizer) = self.tokenizer else { return Ok(()) };
        self.tasks.iter().chain(&self.from).try_for_each(|set| check_labels(tokenizer, set))
    }

    fn validation(&self) -> Result<()> {
        let Some(tasks) = self.tasks else {
            return Err(Error::new("a stream has no rows to evaluate on"));
        };
        match tasks.tasks.iter().find(|task| task.validation.is_empty()) {
            Some(task) => Err(Error::new(format!("task '{}' has no validation rows", task.name))
                .at("evaluate_every")
                .hint("give compt.tasks a 'validation_size', or the task a validation file")),
            None => Ok(()),
        }
    }
}

/// A task of free text needs a maximum length of its targets.
fn text_has_length(task: &Task) -> Result<()> {
    match task.labels.free_text() {
        Some(text) if text.max_target_length.is_none() => {
            let what = format!("task '{}' has free text without 'max_target_length'", task.name);
            Err(Error::new(what).hint(
                "set it in the task's definition, or for all tasks in the options of compt.tasks: the \
                 number of tokens that longer targets are truncated to, with </s>",
            ))
        }
        _ => Ok(()),
    }
}
