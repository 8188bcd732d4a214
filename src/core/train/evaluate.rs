//! Evaluation: one composed prompt per task, rows of all tasks sorted by length, scores by task.

use super::predict::{Item, Predictor, RowInputs};
use super::rows::{answers, tokenize};
use crate::backbone::LoadedBackbone;
use crate::data::{Example, Row, Split, Task, TaskSet};
use crate::metric::Answers;
use crate::{Error, Result};
use compt_error::Context;

pub use super::predict::{Decoding, Evaluation};

/// The prediction of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prediction {
    pub source: String,
    pub label: String,
    /// A label word of the task if the decoded text is one, else that text.
    pub prediction: String,
    /// All texts that are right, if there are several.
    pub references: Vec<String>,
}

/// The scores of one task.
#[derive(Debug, Clone)]
pub struct TaskScores {
    pub task: String,
    /// Scores by name, in percent, in the order of the task's metrics: the first is the main one.
    pub metrics: Vec<(String, f64)>,
    /// The label words; empty for numbers and free text.
    pub labels: Vec<String>,
    pub predictions: Vec<Prediction>,
}

/// The scores of a task set.
#[derive(Debug, Clone)]
pub struct Scores {
    pub split: Split,
    pub tasks: Vec<TaskScores>,
    /// The number of inputs that were longer than the limit and were truncated.
    pub cut: usize,
}

impl Scores {
    /// The mean of the tasks' main metrics.
    pub fn average(&self) -> f64 {
        let main = self.tasks.iter().filter_map(|task| task.metrics.first()).map(|score| score.1);
        main.sum::<f64>() / self.tasks.len().max(1) as f64
    }
}

/// Evaluates the tasks with these indices; `progress` is called with the number of finished rows and the
/// total.
///
/// A backbone without a tokenizer, a task without rows of the split, or an error of `progress` is an
/// error.
pub(super) fn evaluate(
    backbone: &LoadedBackbone,
    tasks: &TaskSet,
    which: &[usize],
    inputs: &RowInputs,
    options: &Evaluation,
    progress: &mut dyn FnMut(usize, usize) -> Result<()>,
) -> Result<Scores> {
    let tokenizer = backbone.need_tokenizer()?;
    let known = tasks.tasks.iter().map(|t| answers(&tokenizer, t)).collect::<Result<Vec<_>>>()?;
    let mut items = Vec::new();
    let mut cut = 0;
    for &task in which {
        let examples = tasks.split(task, options.split);
        let examples = &examples[..options.limit.unwrap_or(usize::MAX).min(examples.len())];
        if examples.is_empty() {
            return Err(Error::new(format!(
                "task '{}' has no {} rows",
                tasks.tasks[task].name,
                options.split.name()
            )));
        }
        let (rows, shortened) = tokenize(&tokenizer, examples, options.max_source, None)?;
        cut += shortened.sources;
        items.extend(rows.into_iter().map(|row| Item { task, row }));
    }

    let predictor = Predictor {
        model: &*backbone.model,
        tokenizer: &tokenizer,
        tasks,
        known: &known,
        inputs,
        options,
    };
    let batches = predictor.batches(&items);
    let mut answered = vec![String::new(); items.len()];
    let mut done = 0;
    for lot in predictor.lots(&items, &batches) {
        let mut encoded = Vec::with_capacity(lot.len());
        for batch in lot {
            encoded.push(tch::no_grad(|| predictor.encode(&items, batch))?);
            progress(done, items.len())?;
        }
        let rows = lot.concat();
        let texts = tch::no_grad(|| predictor.predict(&items, &rows, encoded))?;
        for (&i, text) in rows.iter().zip(texts) {
            answered[i] = predictor.as_label(items[i].task, text);
        }
        done += rows.len();
        progress(done, items.len())?;
    }

    let mut answered = answered.into_iter();
    let mut scored = Vec::with_capacity(which.len());
    for &index in which {
        let task = &tasks.tasks[index];
        let examples = tasks.split(index, options.split);
        let examples = &examples[..options.limit.unwrap_or(usize::MAX).min(examples.len())];
        let predicted = answered.by_ref().take(examples.len()).collect();
        scored.push(score(task, examples, predicted).at(format!("task '{}'", task.name))?);
    }
    Ok(Scores { split: options.split, tasks: scored, cut })
}

/// The scores of a task's predictions. Errors: a metric of the user fails.
fn score(task: &Task, examples: &[Example], predicted: Vec<String>) -> Result<TaskScores> {
    let metrics = metrics(task, examples, &predicted)?;
    let predictions = examples.iter().zip(predicted).map(|(example, prediction)| Prediction {
        source: example.source.clone(),
        label: example.target.clone(),
        prediction,
        references: example.references.clone(),
    });
    Ok(TaskScores {
        task: task.name.clone(),
        metrics,
        labels: task.labels.words().to_vec(),
        predictions: predictions.collect(),
    })
}

fn metrics(task: &Task, examples: &[Example], predicted: &[String]) -> Result<Vec<(String, f64)>> {
    let references: Vec<Vec<String>> = examples.iter().map(Example::right).collect();
    let groups: Vec<String> = examples.iter().filter_map(|row| row.group.clone()).collect();
    let rows = match task.metrics.iter().any(|metric| metric.is_own()) {
        true => examples.iter().map(kept).collect(),
        false => Vec::new(),
    };
    let answers = Answers {
        predictions: predicted,
        references: &references,
        words: task.labels.words(),
        groups: &groups,
        rows: &rows,
    };
    let all = task.metrics.iter().map(|metric| metric.compute(&answers));
    Ok(all.collect::<Result<Vec<_>>>()?.concat())
}

/// The columns that are kept of a row, and its input text as `source` unless a column has that name.
fn kept(example: &Example) -> Row {
    let mut row = example.kept.clone();
    row.entry("source").or_insert_with(|| example.source.clone().into());
    row
}

/// Calls the metrics of the user on a few validation or test rows, with their labels as the predictions.
///
/// # Errors
/// A metric fails, or returns no finite number.
pub fn try_metrics(task: &Task) -> Result<()> {
    const FEW: usize = 4;
    if !task.metrics.iter().any(|metric| metric.is_own()) {
        return Ok(());
    }
    let rows = if task.validation.is_empty() { &task.test } else { &task.validation };
    let rows = &rows[..FEW.min(rows.len())];
    let labels: Vec<String> = rows.iter().map(|row| row.target.clone()).collect();
    metrics(task, rows, &labels).map(|_| ()).at(format!("task '{}'", task.name))
}
