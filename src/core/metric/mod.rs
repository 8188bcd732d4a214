//! Scores of decoded text against the wanted text, in percent as the field's tables print them.
//!
//! Every score is 100 x the textbook value: accuracy and F1 lie in 0..100, the correlations in
//! -100..100. Text that is no label word, or no number, counts as wrong and never fails.

mod accuracy;
mod f1;
mod matthews;
mod pearson;
mod spearman;

use crate::data::{Labels, normal, number};
use crate::{Error, Result};

/// A score a task is judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    Accuracy,
    F1,
    Matthews,
    Pearson,
    Spearman,
}

impl Metric {
    pub const ALL: [Metric; 5] =
        [Metric::Accuracy, Metric::F1, Metric::Matthews, Metric::Pearson, Metric::Spearman];

    /// A metric by its name; an unknown name is an error with the nearest known one.
    pub fn parse(name: &str) -> Result<Self> {
        let known = Self::ALL.into_iter().find(|metric| metric.name() == name);
        known.ok_or_else(|| Error::unknown("metric", name, Self::ALL.map(Metric::name)))
    }

    pub fn name(self) -> &'static str {
        match self {
            Metric::Accuracy => "accuracy",
            Metric::F1 => "f1",
            Metric::Matthews => "matthews",
            Metric::Pearson => "pearson",
            Metric::Spearman => "spearman",
        }
    }

    /// The score in percent of `predictions` against `targets`, one text an example, all compared
    /// as label words are (see [`normal`]).
    ///
    /// `labels` gives F1 its positive class: the last word. A score that has no value (no rows,
    /// no positive, a constant side of a correlation) is 0.
    pub fn compute(self, predictions: &[String], targets: &[String], labels: &Labels) -> f64 {
        assert_eq!(predictions.len(), targets.len(), "one prediction a target");
        let texts = |texts: &[String]| texts.iter().map(|t| normal(t)).collect::<Vec<_>>();
        let (predictions, targets) = (&texts(predictions), &texts(targets));
        100.0
            * match self {
                Metric::Accuracy => accuracy::accuracy(predictions, targets),
                Metric::F1 => f1::f1(predictions, targets, &normal(labels.positive())),
                Metric::Matthews => {
                    matthews::matthews(predictions, targets, &texts(labels.words()))
                }
                Metric::Pearson => pearson::pearson(&numbers(predictions), &numbers(targets)),
                Metric::Spearman => spearman::spearman(&numbers(predictions), &numbers(targets)),
            }
    }
}

/// The numbers the texts say; a text that says none counts as -1, as in T5: below every label.
fn numbers(texts: &[String]) -> Vec<f64> {
    texts.iter().map(|text| number(text).unwrap_or(-1.0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn texts(list: &Value) -> Vec<String> {
        list.as_array().unwrap().iter().map(|x| x.as_str().unwrap().to_string()).collect()
    }

    /// Values computed by scikit-learn and SciPy: tests/golden/metrics.py.
    #[test]
    fn scores_are_those_of_scikit_learn_and_scipy() {
        let cases: Vec<Value> =
            serde_json::from_str(include_str!("../../../tests/golden/metrics.json")).unwrap();
        let mut compared = 0;
        for case in &cases {
            let labels = match &case["labels"] {
                Value::Null => Labels::Numbers { step: 0.2, range: (0.0, 5.0) },
                words => Labels::Words(texts(words)),
            };
            let (predictions, targets) = (texts(&case["predictions"]), texts(&case["targets"]));
            for (name, expected) in case["scores"].as_object().unwrap() {
                let got = Metric::parse(name).unwrap().compute(&predictions, &targets, &labels);
                let expected = expected.as_f64().unwrap();
                assert!(
                    (got - expected).abs() < 1e-9,
                    "{} {name}: {got} instead of {expected}",
                    case["name"]
                );
                compared += 1;
            }
        }
        assert!(compared >= 20, "only {compared} scores in the fixture");
    }

    #[test]
    fn all_scores_compare_texts_alike() {
        let list = |texts: &[&str]| texts.iter().map(|text| text.to_string()).collect::<Vec<_>>();
        let said = list(&["yes", "not same", "yes", "yes"]);
        let plain = list(&["yes", "not same", "not same", "yes"]);
        let odd = list(&["yes ", " not  same", "not\u{a0}same", "ｙｅｓ"]);
        let labels = |words: &[&str]| Labels::of(list(words)).unwrap();
        let (plainly, oddly) = (labels(&["not same", "yes"]), labels(&["not \tsame ", " yes"]));
        for metric in [Metric::Accuracy, Metric::F1, Metric::Matthews] {
            let wanted = metric.compute(&said, &plain, &plainly);
            assert!(wanted > 50.0 && wanted < 100.0, "{}", metric.name());
            assert_eq!(metric.compute(&said, &odd, &oddly), wanted, "{}", metric.name());
            assert_eq!(
                metric.compute(&odd, &said, &oddly),
                metric.compute(&plain, &said, &plainly)
            );
        }
        let numbers = Labels::Numbers { step: 0.2, range: (0.0, 5.0) };
        let (a, b) = (list(&["1.0", "3.0", "2.0"]), list(&[" 1.0", "３.0", "2.0\u{3000}"]));
        assert!((Metric::Pearson.compute(&a, &b, &numbers) - 100.0).abs() < 1e-9);
    }

    #[test]
    fn no_rows_score_zero() {
        let labels = Labels::Words(vec!["no".into(), "yes".into()]);
        for metric in Metric::ALL {
            assert_eq!(metric.compute(&[], &[], &labels), 0.0, "{}", metric.name());
        }
    }

    #[test]
    fn an_unknown_metric_brings_the_nearest_one() {
        let text = Metric::parse("mathews").unwrap_err().to_string();
        assert!(text.contains("did you mean 'matthews'?"), "{text}");
    }
}
