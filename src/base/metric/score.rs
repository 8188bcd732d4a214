//! What scores are computed from, and the forms of a score.

use crate::word::{normal, number};
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::hash::Hash;

/// The answers of a task's rows.
#[derive(Clone, Copy)]
pub struct Answers<'a> {
    /// The decoded text of each row.
    pub predictions: &'a [String],
    /// The texts that are right for each row, at least one. The first is the row's label.
    pub references: &'a [Vec<String>],
    /// The label words; empty for numbers and free text.
    pub words: &'a [String],
    /// The group of each row; empty if the task has none.
    pub groups: &'a [String],
    /// The columns that the task keeps of each row, and its input text.
    pub rows: &'a [Map<String, Value>],
}

/// The scored texts in the form in which label words are compared (see `normal`); one prediction per target.
pub(super) struct Texts<'a> {
    pub(super) predictions: &'a [String],
    pub(super) targets: &'a [String],
    /// The label words; empty for numbers.
    pub(super) words: &'a [String],
}

impl Texts<'_> {
    pub(super) fn predicted_numbers(&self) -> Vec<f64> {
        numbers(self.predictions)
    }

    pub(super) fn target_numbers(&self) -> Vec<f64> {
        numbers(self.targets)
    }
}

/// The numbers in the texts; a text that is no number counts as -1, as in T5: below every label.
fn numbers(texts: &[String]) -> Vec<f64> {
    texts.iter().map(|text| number(text).unwrap_or(-1.0)).collect()
}

/// The form of a score: a fraction, 0 if it is undefined (no rows, no positives, constant input of a
/// correlation), or a number in the units of the labels.
pub(super) enum Score {
    /// Of all rows, in the form in which label words are compared, with their labels.
    Texts(fn(&Texts) -> f64),
    /// The same, as a number that is no fraction.
    Number(fn(&Texts) -> f64),
    /// The mean over the rows of the value of the best reference: f(prediction, reference).
    Rows(fn(&str, &str) -> f64),
    /// A function of the sums over the rows of f(prediction, references).
    Sums(fn(&str, &[String]) -> Vec<f64>, fn(&[f64]) -> f64),
    /// The share of groups of rows in which f(prediction, a reference) is true for every row.
    Groups(fn(&str, &str) -> bool),
}

impl Score {
    /// In percent, or the number.
    pub(super) fn compute(&self, answers: &Answers) -> f64 {
        match self {
            Score::Texts(score) => 100.0 * Normal::of(answers).score(*score),
            Score::Number(score) => Normal::of(answers).score(*score),
            Score::Rows(_) => mean(&self.of_rows(answers)),
            Score::Sums(..) if answers.predictions.is_empty() => 0.0,
            Score::Sums(_, score) => 100.0 * score(&sums(&self.counts(answers))),
            Score::Groups(is_right) => 100.0 * groups(answers, *is_right),
        }
    }

    /// The value of each row in percent; for `Score::Rows`.
    pub(super) fn of_rows(&self, answers: &Answers) -> Vec<f64> {
        let Score::Rows(row) = self else { return Vec::new() };
        let rows = answers.predictions.iter().zip(answers.references);
        let best = |prediction: &str, references: &[String]| {
            references.iter().map(|reference| row(prediction, reference)).fold(0.0, f64::max)
        };
        rows.map(|(prediction, references)| 100.0 * best(prediction, references)).collect()
    }

    /// What each row adds to the sums; for `Score::Sums`.
    pub(super) fn counts(&self, answers: &Answers) -> Vec<Vec<f64>> {
        let Score::Sums(row, _) = self else { return Vec::new() };
        let rows = answers.predictions.iter().zip(answers.references);
        rows.map(|(prediction, references)| row(prediction, references)).collect()
    }
}

/// Predictions, labels and label words in the form in which label words are compared.
pub(super) struct Normal {
    pub(super) predictions: Vec<String>,
    pub(super) targets: Vec<String>,
    words: Vec<String>,
}

impl Normal {
    pub(super) fn of(answers: &Answers) -> Self {
        let texts = |texts: &[String]| texts.iter().map(|text| normal(text)).collect();
        let label = |references: &Vec<String>| references.first().map(|text| normal(text));
        Normal {
            predictions: texts(answers.predictions),
            targets: answers.references.iter().map(|all| label(all).unwrap_or_default()).collect(),
            words: texts(answers.words),
        }
    }

    fn score(&self, score: fn(&Texts) -> f64) -> f64 {
        self.score_of(score, &self.predictions, &self.targets)
    }

    /// The score of other texts in the same form.
    pub(super) fn score_of(
        &self,
        score: fn(&Texts) -> f64,
        predictions: &[String],
        targets: &[String],
    ) -> f64 {
        score(&Texts { predictions, targets, words: &self.words })
    }
}

pub(super) fn sums(counts: &[Vec<f64>]) -> Vec<f64> {
    let width = counts.first().map_or(0, Vec::len);
    (0..width).map(|i| counts.iter().map(|row| row[i]).sum()).collect()
}

pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// Rows without a group form one each.
fn groups(answers: &Answers, is_right: fn(&str, &str) -> bool) -> f64 {
    let mut all_right: HashMap<(&str, usize), bool> = HashMap::new();
    for (i, (prediction, references)) in
        answers.predictions.iter().zip(answers.references).enumerate()
    {
        let group = match answers.groups.get(i) {
            Some(group) => (group.as_str(), usize::MAX),
            None => ("", i),
        };
        let right = references.iter().any(|reference| is_right(prediction, reference));
        all_right.entry(group).and_modify(|all| *all &= right).or_insert(right);
    }
    let right = all_right.values().filter(|right| **right).count();
    right as f64 / all_right.len().max(1) as f64
}

/// The number of elements that two lists share, each as often as both have it.
pub(super) fn common<T: Eq + Hash>(a: &[T], b: &[T]) -> usize {
    let mut left: HashMap<&T, usize> = HashMap::new();
    a.iter().for_each(|x| *left.entry(x).or_default() += 1);
    let mut shared = 0;
    for x in b {
        if let Some(count) = left.get_mut(x).filter(|count| **count > 0) {
            *count -= 1;
            shared += 1;
        }
    }
    shared
}

/// The harmonic mean of precision and recall; 0 if nothing is shared.
pub(super) fn harmonic(shared: usize, said: usize, wanted: usize) -> f64 {
    if shared == 0 {
        return 0.0;
    }
    let (precision, recall) = (shared as f64 / said as f64, shared as f64 / wanted as f64);
    2.0 * precision * recall / (precision + recall)
}

/// The mean of a function of the differences of predicted and wanted numbers; 0 without rows.
pub(super) fn deviations(texts: &Texts, of: fn(f64) -> f64) -> f64 {
    let pairs = texts.predicted_numbers().into_iter().zip(texts.target_numbers());
    mean(&pairs.map(|(said, wanted)| of(said - wanted)).collect::<Vec<_>>())
}
