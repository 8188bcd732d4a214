//! Evaluation: one composed prompt a task, rows of all tasks sorted by length, scores by task.

use super::gather::{Placement, Prompts, gather, group_cost};
use super::rows::{Row, answers, tokenize};
use crate::backbone::Backbone;
use crate::data::{Split, TaskSet};
use crate::metric::Metric;
use crate::t5::{Encoded, Generation};
use crate::{Error, Result};

/// How a prediction is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decoding {
    /// The greedily decoded text; a row ends when it can no longer become one of the answers.
    Greedy,
    /// The greedily decoded text to its end of sequence, or `max_new_tokens`.
    Full,
    /// The most probable of the task's label words (rank classification).
    Rank,
}

impl Decoding {
    pub const NAMES: [&str; 3] = ["greedy", "full", "rank"];

    pub fn parse(name: &str) -> Result<Self> {
        match name {
            "greedy" => Ok(Decoding::Greedy),
            "full" => Ok(Decoding::Full),
            "rank" => Ok(Decoding::Rank),
            _ => Err(Error::unknown("decoding", name, Self::NAMES)),
        }
    }
}

/// What to evaluate, and how.
#[derive(Debug, Clone)]
pub struct Evaluation {
    pub split: Split,
    /// The first rows of each task only.
    pub limit: Option<usize>,
    pub decoding: Decoding,
    /// The most a row is decoded.
    pub max_new_tokens: i64,
    /// Positions in one batch, at most.
    pub batch_tokens: usize,
    pub max_source: usize,
    pub placement: Placement,
}

/// One row's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prediction {
    pub source: String,
    pub label: String,
    pub prediction: String,
}

/// The scores of one task.
#[derive(Debug, Clone)]
pub struct TaskScores {
    pub task: String,
    /// In percent, in the task's order: the first is its main one.
    pub metrics: Vec<(Metric, f64)>,
    pub predictions: Vec<Prediction>,
}

/// The scores of a task set.
#[derive(Debug, Clone)]
pub struct Scores {
    pub split: Split,
    pub tasks: Vec<TaskScores>,
}

impl Scores {
    /// The mean of the tasks' main metrics.
    pub fn average(&self) -> f64 {
        let main = self.tasks.iter().filter_map(|task| task.metrics.first()).map(|m| m.1);
        main.sum::<f64>() / self.tasks.len().max(1) as f64
    }
}

/// One row on its way through the backbone.
struct Item {
    task: usize,
    row: Row,
}

/// Evaluates the tasks with these indices. `prompts`, where there are any, holds one prompt for
/// each task of the set; `progress` is told how many of how many rows are done.
pub fn evaluate(
    backbone: &Backbone,
    tasks: &TaskSet,
    which: &[usize],
    prompts: Option<&Prompts>,
    options: &Evaluation,
    progress: &mut dyn FnMut(usize, usize) -> Result<()>,
) -> Result<Scores> {
    let tokenizer = backbone.need_tokenizer()?;
    let known = tasks.tasks.iter().map(|t| answers(&tokenizer, t)).collect::<Result<Vec<_>>>()?;
    let mut items = Vec::new();
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
        let (rows, _) = tokenize(&tokenizer, examples, options.max_source)?;
        items.extend(rows.into_iter().map(|row| Item { task, row }));
    }

    // Candidates are scored for a whole batch, so ranking keeps tasks apart.
    let apart = |item: &Item| if options.decoding == Decoding::Rank { item.task } else { 0 };
    let mut order: Vec<usize> = (0..items.len()).collect();
    order.sort_by_key(|&i| (apart(&items[i]), std::cmp::Reverse(items[i].row.source.len())));
    let prompt_rows = prompts.map_or(0, |p| p.vectors.size()[1] as usize);
    let mut answered = vec![String::new(); items.len()];
    let mut rest = &order[..];
    while !rest.is_empty() {
        let longest = items[rest[0]].row.source.len() + prompt_rows;
        let together = rest.partition_point(|&i| apart(&items[i]) == apart(&items[rest[0]]));
        let count = (options.batch_tokens / longest).clamp(1, together);
        let (batch, later) = rest.split_at(count);
        let batch_items: Vec<&Item> = batch.iter().map(|&i| &items[i]).collect();
        let texts =
            tch::no_grad(|| predict(backbone, tasks, &batch_items, &known, prompts, options))?;
        for (&i, text) in batch.iter().zip(texts) {
            answered[i] = text;
        }
        rest = later;
        progress(items.len() - rest.len(), items.len())?;
    }

    let mut answered = answered.into_iter();
    let scored = which.iter().map(|&index| {
        let task = &tasks.tasks[index];
        let examples = tasks.split(index, options.split);
        let examples = &examples[..options.limit.unwrap_or(usize::MAX).min(examples.len())];
        let predicted: Vec<String> = answered.by_ref().take(examples.len()).collect();
        let wanted: Vec<String> = examples.iter().map(|e| e.target.clone()).collect();
        let metrics =
            task.metrics.iter().map(|m| (*m, m.compute(&predicted, &wanted, &task.labels)));
        TaskScores {
            task: task.name.clone(),
            metrics: metrics.collect(),
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
    Ok(Scores { split: options.split, tasks: scored.collect() })
}

/// The answers to one batch, in its order.
fn predict(
    backbone: &Backbone,
    tasks: &TaskSet,
    batch: &[&Item],
    known: &[Option<Vec<Vec<i64>>>],
    prompts: Option<&Prompts>,
    options: &Evaluation,
) -> Result<Vec<String>> {
    let model = &backbone.model;
    let sources: Vec<&[i64]> = batch.iter().map(|item| &item.row.source[..]).collect();
    let of_row = batch.iter().map(|item| item.task).collect();
    let own = prompts.map(|p| Prompts {
        vectors: p.vectors.shallow_clone(),
        of_row,
        hidden: p.hidden.clone(),
    });
    let cost = group_cost(model);
    let gathered = gather(model, &sources, own.as_ref(), options.placement, cost)?;
    let encoded = model.encode(&gathered.embeddings, gathered.layout, 0.0)?;
    if options.decoding == Decoding::Rank {
        return rank(backbone, tasks, batch, &encoded);
    }
    let tokenizer = backbone.need_tokenizer()?;
    let longest = |task: usize| known[task].iter().flatten().map(Vec::len).max().unwrap_or(1);
    let needed = batch.iter().map(|item| longest(item.task) as i64).max().unwrap_or(1);
    let max_new_tokens = options.max_new_tokens.max(needed);
    // Tokens that decoding passes over do not tell a row from an answer.
    let hopeless = |row: usize, tokens: &[i64]| {
        let Some(answers) = &known[batch[row].task] else {
            return tokenizer.decode(tokens).is_ok_and(|text| !may_become_number(&text));
        };
        let seen: Vec<i64> =
            tokens.iter().copied().filter(|&id| !tokenizer.is_silent(id)).collect();
        !answers.iter().any(|answer| answer.starts_with(&seen))
    };
    let done =
        |row: usize, tokens: &[i64]| options.decoding == Decoding::Greedy && hopeless(row, tokens);
    let ids = model.greedy_until(&encoded, Generation { max_new_tokens }, done)?;
    ids.iter().map(|ids| tokenizer.decode(ids)).collect()
}

/// Whether more characters could make a text one that is read as a finite number.
fn may_become_number(text: &str) -> bool {
    text.trim().chars().all(|c| c.is_ascii_digit() || "+-.eE".contains(c))
}

/// The most probable answer of each row; all rows are of one task.
fn rank(
    backbone: &Backbone,
    tasks: &TaskSet,
    batch: &[&Item],
    encoded: &Encoded,
) -> Result<Vec<String>> {
    let words = tasks.tasks[batch[0].task].labels.all_texts();
    let candidates = backbone.need_tokenizer()?.encode_batch(&words)?;
    let scores = backbone.model.score(encoded, &candidates)?;
    let best = scores.iter().map(|of_row| {
        let best = (0..words.len()).max_by(|&a, &b| of_row[a].total_cmp(&of_row[b]));
        words[best.expect("a task has labels")].clone()
    });
    Ok(best.collect())
}

#[cfg(test)]
mod tests {
    use super::may_become_number;

    #[test]
    fn a_text_is_given_up_once_no_number_begins_with_it() {
        for text in ["", "3", " 3.", "-1.5e-", "+"] {
            assert!(may_become_number(text), "{text}");
        }
        for text in ["a", "3 5", "3.0 or", "4,"] {
            assert!(!may_become_number(text), "{text}");
        }
    }
}
