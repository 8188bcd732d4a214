//! Evaluation: one composed prompt per task, rows of all tasks sorted by length, scores by task.

use super::predict::{Item, Predictor, RowInputs};
use super::rows::{answers, tokenize};
use crate::backbone::LoadedBackbone;
use crate::data::{Split, TaskSet};
use crate::metric::Metric;
use crate::{Error, Result};

pub use super::predict::{Decoding, Evaluation};

/// The prediction of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prediction {
    pub source: String,
    pub label: String,
    /// A label word of the task if the decoded text is one, else that text.
    pub prediction: String,
}

/// The scores of one task.
#[derive(Debug, Clone)]
pub struct TaskScores {
    pub task: String,
    /// In percent, in the task's order: the first is the main one.
    pub metrics: Vec<(Metric, f64)>,
    /// The label words; empty for numbers.
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
        let main = self.tasks.iter().filter_map(|task| task.metrics.first()).map(|m| m.1);
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
        let (rows, shortened) = tokenize(&tokenizer, examples, options.max_source)?;
        cut += shortened;
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
    let scored = which.iter().map(|&index| {
        let task = &tasks.tasks[index];
        let examples = tasks.split(index, options.split);
        let examples = &examples[..options.limit.unwrap_or(usize::MAX).min(examples.len())];
        let predicted: Vec<String> = answered.by_ref().take(examples.len()).collect();
        let wanted: Vec<String> = examples.iter().map(|e| e.target.clone()).collect();
        let metrics =
            task.metrics.iter().map(|m| (*m, m.compute(&predicted, &wanted, task.labels.words())));
        TaskScores {
            task: task.name.clone(),
            metrics: metrics.collect(),
            labels: task.labels.words().to_vec(),
            predictions: examples
                .iter()
                .zip(&predicted)
                .map(|(example, prediction)| Prediction {
                    source: example.source.clone(),
                    label: example.target.clone(),
                    prediction: prediction.clone(),
                })
                .collect(),
        }
    });
    Ok(Scores { split: options.split, tasks: scored.collect(), cut })
}
