//! Scores of decoded text against the target text, in percent as in published tables. A
//! metric is a file here and a line of `METRICS`, or a function of the user ([`Own`]).
//!
//! Every score is 100 x the usual value: accuracy and F1 are in 0..100, the correlations in
//! -100..100; errors are negative, in the units of the labels. Text that is not a label word, or not a
//! number, counts as wrong and is not an error.

mod accuracy;
mod bleu;
mod by_row;
mod exact_match;
mod f1;
mod grouped_exact_match;
mod macro_f1;
mod matthews;
mod micro_f1;
mod neg_mae;
mod neg_mse;
mod own;
mod pearson;
mod porter;
mod rouge;
mod score;
mod spearman;
mod squad;
mod token_f1;

pub use own::Own;
pub use score::Answers;

use crate::word::number;
use crate::{Error, Result};
use score::{Score, Texts, common, deviations, harmonic};
use std::rc::Rc;

/// All built-in metrics.
const METRICS: &[Definition] = &[
    accuracy::METRIC,
    f1::METRIC,
    macro_f1::METRIC,
    micro_f1::METRIC,
    matthews::METRIC,
    pearson::METRIC,
    spearman::METRIC,
    neg_mse::METRIC,
    neg_mae::METRIC,
    exact_match::METRIC,
    token_f1::METRIC,
    rouge::ROUGE_1,
    rouge::ROUGE_2,
    rouge::ROUGE_L,
    rouge::STEMMED_1,
    rouge::STEMMED_2,
    rouge::STEMMED_L,
    bleu::METRIC,
    grouped_exact_match::METRIC,
];

/// The definition of a built-in metric.
struct Definition {
    name: &'static str,
    /// The labels it applies to.
    fits: Fits,
    /// The lowest and the highest score.
    range: (f64, f64),
    score: Score,
}

/// The labels that a metric applies to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fits {
    All,
    Words,
    /// Numbers, or words that are numbers.
    Numbers,
}

/// The labels of a task.
#[derive(Clone, Copy)]
pub enum Labelled<'a> {
    Words(&'a [String]),
    Numbers,
    Text,
}

/// A metric of a task.
#[derive(Clone)]
pub struct Metric(Kind);

#[derive(Clone)]
enum Kind {
    BuiltIn(&'static Definition),
    Own(Rc<dyn Own>),
}

impl Metric {
    /// A built-in metric by its name.
    ///
    /// # Errors
    ///
    /// An unknown name; the nearest known one is named.
    pub fn parse(name: &str) -> Result<Self> {
        let known = METRICS.iter().find(|metric| metric.name == name).map(Kind::BuiltIn);
        known.map(Metric).ok_or_else(|| Error::unknown("metric", name, Self::names()))
    }

    /// A metric of the user.
    pub fn own(own: Rc<dyn Own>) -> Self {
        Metric(Kind::Own(own))
    }

    /// The names of all built-in metrics.
    pub fn names() -> impl Iterator<Item = &'static str> {
        METRICS.iter().map(|metric| metric.name)
    }

    /// The default metrics of a task: accuracy; for numbers both correlations; for free text SQuAD's. The
    /// first one is the main one.
    pub fn usual(labels: Labelled) -> Vec<Self> {
        let usual: &[&'static Definition] = match labels {
            Labelled::Words(_) => &[&accuracy::METRIC],
            Labelled::Numbers => &[&pearson::METRIC, &spearman::METRIC],
            Labelled::Text => &[&exact_match::METRIC, &token_f1::METRIC],
        };
        usual.iter().map(|definition| Metric(Kind::BuiltIn(definition))).collect()
    }

    pub fn name(&self) -> &str {
        match &self.0 {
            Kind::BuiltIn(definition) => definition.name,
            Kind::Own(own) => own.name(),
        }
    }

    /// The names of its scores, the main one first.
    pub fn scores(&self) -> Vec<String> {
        match &self.0 {
            Kind::BuiltIn(definition) => vec![definition.name.to_string()],
            Kind::Own(own) => own.scores().to_vec(),
        }
    }

    pub fn is_own(&self) -> bool {
        matches!(self.0, Kind::Own(_))
    }

    /// Whether it needs the group of each row.
    pub fn needs_groups(&self) -> bool {
        matches!(&self.0, Kind::BuiltIn(Definition { score: Score::Groups(_), .. }))
    }

    /// Checks that the metric applies to such labels.
    ///
    /// # Errors
    ///
    /// The metric does not apply.
    pub fn check(&self, labels: Labelled) -> Result<()> {
        let Kind::BuiltIn(definition) = &self.0 else { return Ok(()) };
        let (fits, wanted) = match (definition.fits, labels) {
            (Fits::All, _) => return Ok(()),
            (Fits::Words, labels) => (matches!(labels, Labelled::Words(_)), "words"),
            (Fits::Numbers, Labelled::Words(words)) => {
                (words.iter().all(|word| number(word).is_some()), "numbers")
            }
            (Fits::Numbers, labels) => (matches!(labels, Labelled::Numbers), "numbers"),
        };
        let what = format!("the metric '{}' is for labels that are {wanted}", definition.name);
        if fits { Ok(()) } else { Err(Error::new(what)) }
    }

    /// Its scores by name, the main one first.
    ///
    /// # Errors
    ///
    /// A metric of the user fails, or returns no finite number.
    pub fn compute(&self, answers: &Answers) -> Result<Vec<(String, f64)>> {
        let (wanted, given) = (answers.references.len(), answers.predictions.len());
        assert_eq!(wanted, given, "one prediction a row");
        let values = match &self.0 {
            Kind::BuiltIn(definition) => {
                // Values out of range are rounding errors.
                let (low, high) = definition.range;
                vec![definition.score.compute(answers).clamp(low, high)]
            }
            Kind::Own(own) => own.checked(answers)?,
        };
        Ok(self.scores().into_iter().zip(values).collect())
    }
}

impl std::fmt::Debug for Metric {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests;
