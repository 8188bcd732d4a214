//! Evaluation of a run: the choice of prompts, weights, rows and decoding, and the record of the scores.

use super::Run;
use super::record::Record;
use super::scores;
use crate::predicting::Part;
use crate::{Error, Result};
use compt_base::data::{FreeText, Split, TextDecoding};
use compt_base::{memory, notice};
use compt_core::train::Trainer;
use compt_core::train::composition::Selection;
use compt_core::train::evaluate::{Decoding, Evaluation, Scores};
use compt_error::Context;
use compt_study::interrupt::{self, Hold};
use compt_study::progress::{self, Counter};
use serde_json::{Value, json};

/// The options of an evaluation; see `compt.EvaluateOptions`.
#[derive(Debug, Clone)]
pub struct EvaluationOptions {
    pub split: Split,
    /// The only prompt to use: "src0", "all_src", "private" or "total".
    pub only: Option<String>,
    /// The prompt to leave out.
    pub without: Option<String>,
    /// "renormalised" or "as_learned".
    pub weights: String,
    pub normalise: Option<String>,
    /// "greedy", "full" or "rank".
    pub decoding: String,
    /// The maximum number of rows per task.
    pub limit: Option<usize>,
    /// The maximum number of generated tokens; `None`: the default of the decoding, and of the task for free
    /// text.
    pub max_new_tokens: Option<i64>,
    /// The decoding of free text, without its 'max_new_tokens'.
    pub text: TextDecoding,
    /// The maximum number of positions in a batch.
    pub batch_tokens: usize,
    /// The tasks; `None` means all.
    pub tasks: Option<Vec<String>>,
}

impl Default for EvaluationOptions {
    fn default() -> Self {
        EvaluationOptions {
            split: Split::Test,
            only: None,
            without: None,
            weights: "renormalised".into(),
            normalise: None,
            decoding: "greedy".into(),
            limit: None,
            max_new_tokens: None,
            text: TextDecoding::default(),
            batch_tokens: Evaluation::BATCH_TOKENS,
            tasks: None,
        }
    }
}

impl EvaluationOptions {
    /// The trainer's arguments for these options.
    fn resolve(&self, trainer: &Trainer) -> Result<(Vec<usize>, Selection, Evaluation)> {
        if self.limit == Some(0)
            || self.batch_tokens == 0
            || self.max_new_tokens.is_some_and(|most| most < 1)
        {
            return Err(Error::new(
                "'limit', 'batch_tokens' and 'max_new_tokens' must be at least 1",
            ));
        }
        let selection = Part {
            only: self.only.clone(),
            without: self.without.clone(),
            weights: self.weights.clone(),
            normalise: self.normalise.clone(),
        };
        let selection = selection.resolve(trainer)?;
        let settings = &trainer.parts().settings;
        let decoding = Decoding::parse(&self.decoding)?;
        let evaluation = Evaluation {
            limit: self.limit,
            decoding,
            max_new_tokens: self.max_new_tokens.unwrap_or(decoding.new_tokens()),
            batch_tokens: self.batch_tokens,
            text: TextDecoding { max_new_tokens: self.max_new_tokens, ..self.text },
            ..Evaluation::of(self.split, settings.max_source, settings.placement)
        };
        let names = &trainer.parts().task_names;
        let place = |task: &String| {
            let place = names.iter().position(|name| name == task);
            let known = names.iter().map(String::as_str);
            place.ok_or_else(|| Error::unknown("task", task, known))
        };
        let which = match &self.tasks {
            Some(tasks) => tasks.iter().map(place).collect::<Result<_>>()?,
            None => trainer.all_tasks(),
        };
        self.check_text(trainer, &which, &evaluation)?;
        Ok((which, selection, evaluation))
    }

    /// Refuses options that do not fit the labels of the tasks.
    fn check_text(&self, trainer: &Trainer, which: &[usize], options: &Evaluation) -> Result<()> {
        let Some(set) = &trainer.parts().tasks else { return Ok(()) };
        let tasks = which.iter().filter_map(|&task| set.tasks.get(task));
        let of_text: Vec<(&String, &FreeText)> =
            tasks.filter_map(|task| Some((&task.name, task.labels.free_text()?))).collect();
        let Some((first, _)) = of_text.first() else {
            if self.text == TextDecoding::default() {
                return Ok(());
            }
            let what = "beams and lengths of generation are for tasks of free text";
            return Err(Error::new(what).hint("label words are decoded greedily, or ranked"));
        };
        if options.decoding == Decoding::Rank {
            let what = format!("task '{first}' has free text: there are no label words to rank");
            return Err(Error::new(what).hint("use \"greedy\", or select tasks with 'tasks'"));
        }
        let check = |text: &FreeText| {
            let decoding = options.text.or(text.decoding);
            TextDecoding { max_new_tokens: Some(text.most_tokens()), ..decoding }.check()
        };
        of_text.iter().try_for_each(|(name, text)| check(text).at(format!("task '{name}'")))
    }

    /// The name of the predictions file: `test`, `test.only-src0`.
    fn file(&self) -> String {
        let parts = [
            self.only.as_ref().map(|only| format!("only-{only}")),
            self.without.as_ref().map(|without| format!("without-{without}")),
            (self.weights != "renormalised").then(|| format!("weights-{}", self.weights)),
            self.normalise.as_ref().map(|normalise| format!("normalise-{normalise}")),
            (self.decoding != "greedy").then(|| format!("decoding-{}", self.decoding)),
            self.unusual_new_tokens().map(|most| format!("tokens-{most}")),
            self.text.num_beams.map(|beams| format!("beams-{beams}")),
            self.text.min_new_tokens.map(|least| format!("least-{least}")),
            self.text.length_penalty.map(|penalty| format!("penalty-{penalty}")),
            self.text.early_stopping.map(|early| format!("early-{}", early.name())),
            self.limit.map(|limit| format!("limit-{limit}")),
            self.tasks.as_ref().map(|tasks| format!("tasks-{}", tasks.join("+"))),
        ];
        let parts = parts.into_iter().flatten().map(|part| part.replace(['/', '\\'], "-"));
        [self.split.name().to_string()].into_iter().chain(parts).collect::<Vec<_>>().join(".")
    }

    /// `max_new_tokens` if it is not the default of the decoding.
    fn unusual_new_tokens(&self) -> Option<i64> {
        let usual = Decoding::parse(&self.decoding).map(Decoding::new_tokens).ok();
        self.max_new_tokens.filter(|&most| Some(most) != usual)
    }

    /// Records predictions and scores. The scores of the default evaluation of the test rows are the
    /// run's result; those of other evaluations are stored beside them.
    fn record(&self, record: &mut Record, trainer: &Trainer, found: &Scores) {
        let file = self.file();
        record.answers(&file, found);
        if file == self.split.name() {
            record.scores(trainer, found);
        } else if self.split == Split::Test {
            record.look(trainer, self.to_json(found), found);
        }
    }

    /// The entry in `result.json`.
    fn to_json(&self, found: &Scores) -> Value {
        let names: Vec<&str> = found.tasks.iter().map(|task| task.task.as_str()).collect();
        let usual = Decoding::parse(&self.decoding).map(Decoding::new_tokens).ok();
        let mut entry = json!({
            "only": self.only, "without": self.without, "weights": self.weights,
            "decoding": self.decoding, "normalise": self.normalise,
            "limit": self.limit, "tasks": names, "max_new_tokens": self.max_new_tokens.or(usual),
        });
        if let (Value::Object(entry), Value::Object(text)) = (&mut entry, json!(self.text)) {
            entry.extend(text);
        }
        entry
    }
}

impl Run {
    /// Checks the options of an evaluation before anything is computed.
    ///
    /// # Errors
    /// An option has an unknown value, or names an unknown task.
    pub fn check_evaluation(&self, options: &EvaluationOptions) -> Result<()> {
        options.resolve(&self.trainer).map(|_| ())
    }

    /// Evaluates the prompts after the last step, records the scores, and shows progress on standard
    /// error. Returns `None` if a signal interrupted it.
    ///
    /// # Errors
    /// An option has an unknown value, a task has no rows of the split, the options do not apply to the
    /// method, or the caller has not yet seen all steps of the restored state.
    pub fn evaluate(&mut self, options: &EvaluationOptions) -> Result<Option<Scores>> {
        let (which, selection, evaluation) = options.resolve(&self.trainer)?;
        self.refuse_behind("evaluates")?;
        let mut interrupted = false;
        let _hold = Hold::new();
        let (shown, mut counter) = (self.progress, None);
        let found = self.trainer.evaluate(&which, selection, &evaluation, &mut |done, total| {
            let counter = counter.get_or_insert_with(|| Counter::new("evaluate", total as u64));
            if shown {
                counter.at(done as u64);
            }
            interrupted = interrupt::requested();
            if interrupted { Err(Error::new("interrupted")) } else { Ok(()) }
        });
        if interrupted {
            return Ok(None);
        }
        drop(counter);
        let found = found?;
        if found.cut > 0 {
            notice::say(&format!(
                "note: {} inputs to evaluate are longer than {} tokens and are truncated",
                found.cut, evaluation.max_source
            ));
        }
        options.record(&mut self.record, &self.trainer, &found);
        Ok(Some(found))
    }

    /// The scores as `compt eval --json` prints them.
    pub fn scores_json(&self, found: &Scores) -> Value {
        json!({
            "split": found.split.name(),
            "steps": self.trainer.steps(),
            "average": found.average(),
            "scores": scores::by_task(found),
            "counts": scores::counts(found),
        })
    }

    /// Makes the evaluation that is due after a step. An interrupted one is repeated when the run is resumed.
    pub(super) fn evaluate_if_due(&mut self) -> Result<()> {
        if !self.trainer.at().evaluation_due {
            return Ok(());
        }
        let mut counter = None;
        let shown = self.progress;
        let found = self.trainer.due_evaluation(&mut |done, total| {
            let counter = counter.get_or_insert_with(|| Counter::new("evaluate", total as u64));
            if shown {
                counter.at(done as u64);
            }
            if interrupt::requested() { Err(Error::new("interrupted")) } else { Ok(()) }
        });
        drop(counter);
        memory::trim();
        let found = match found {
            Ok(Some(found)) => found,
            Ok(None) => return Ok(()),
            Err(_) if interrupt::requested() => return Ok(()),
            // A failed evaluation does not end the run: a control may request one for a task without rows.
            Err(e) => {
                self.trainer.skip_evaluation();
                notice::say(&format!("step {}: not evaluated: {e}", self.trainer.steps()));
                return Ok(());
            }
        };
        if shown && !progress::is_drawn() {
            let (name, step) = (&self.name, found.step);
            notice::say(&format!("{name}: validation {:.1} after step {step}", found.average));
        }
        if let Some(best) = self.record.evaluated(&found) {
            self.checkpoint(Some(best))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_the_file_tells_the_options() {
        let usual = EvaluationOptions::default();
        assert_eq!(usual.file(), "test");
        let short = EvaluationOptions { max_new_tokens: Some(2), ..usual.clone() };
        assert_eq!(short.file(), "test.tokens-2");
        let full = EvaluationOptions { decoding: "full".into(), ..usual.clone() };
        assert_eq!(full.file(), "test.decoding-full");
        let beams = TextDecoding { num_beams: Some(4), length_penalty: Some(0.6), ..usual.text };
        let beams = EvaluationOptions { text: beams, ..usual.clone() };
        assert_eq!(beams.file(), "test.beams-4.penalty-0.6");
        let same = EvaluationOptions { max_new_tokens: Some(20), ..full.clone() };
        assert_eq!(same.file(), "test.decoding-full");
        let short = EvaluationOptions { max_new_tokens: Some(8), ..full };
        assert_eq!(short.file(), "test.decoding-full.tokens-8");
        let one = EvaluationOptions {
            split: Split::Validation,
            only: Some("src0".into()),
            limit: Some(8),
            tasks: Some(vec!["a/b".into()]),
            ..usual
        };
        assert_eq!(one.file(), "validation.only-src0.limit-8.tasks-a-b");
    }
}
