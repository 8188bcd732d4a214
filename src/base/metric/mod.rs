//! Scores of decoded text against the target text, in percent as in published tables. A
//! metric is a file here and a line of `METRICS`.
//!
//! Every score is 100 x the usual value: accuracy and F1 are in 0..100, the correlations in
//! -100..100. Text that is not a label word, or not a number, counts as wrong and is not an error.

mod accuracy;
mod by_row;
mod f1;
mod matthews;
mod pearson;
mod spearman;

use crate::word::{normal, number};
use crate::{Error, Result};

/// All metrics.
const METRICS: &[Definition] =
    &[accuracy::METRIC, f1::METRIC, matthews::METRIC, pearson::METRIC, spearman::METRIC];

/// The definition of a metric.
struct Definition {
    name: &'static str,
    /// The labels it applies to.
    fits: Fits,
    /// The lowest and the highest score in percent.
    range: (f64, f64),
    /// The score of `normal` texts, as a fraction; 0 if it is undefined: no rows,
    /// no positives, constant input of a correlation.
    score: fn(&Texts) -> f64,
}

/// The labels that a metric applies to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fits {
    All,
    Words,
    /// Numbers, or words that are numbers.
    Numbers,
}

/// The scored texts in the form in which label words are compared (see `normal`); one prediction per target.
struct Texts<'a> {
    predictions: &'a [String],
    targets: &'a [String],
    /// The label words; empty for numbers.
    words: &'a [String],
}

impl Texts<'_> {
    fn predicted_numbers(&self) -> Vec<f64> {
        numbers(self.predictions)
    }

    fn target_numbers(&self) -> Vec<f64> {
        numbers(self.targets)
    }
}

/// The numbers in the texts; a text that is no number counts as -1, as in T5: below every label.
fn numbers(texts: &[String]) -> Vec<f64> {
    texts.iter().map(|text| number(text).unwrap_or(-1.0)).collect()
}

/// A metric of a task.
#[derive(Clone, Copy)]
pub struct Metric(&'static Definition);

impl Metric {
    /// A metric by its name.
    ///
    /// # Errors
    ///
    /// An unknown name; the nearest known one is named.
    pub fn parse(name: &str) -> Result<Self> {
        let known = METRICS.iter().find(|metric| metric.name == name);
        known.map(Metric).ok_or_else(|| Error::unknown("metric", name, Self::names()))
    }

    /// The names of all metrics.
    pub fn names() -> impl Iterator<Item = &'static str> {
        METRICS.iter().map(|metric| metric.name)
    }

    /// The default metrics of a task: accuracy, and for numbers (no label words) both
    /// correlations. The first one is the main one.
    pub fn usual(words: &[String]) -> Vec<Self> {
        match words {
            [] => vec![Metric(&pearson::METRIC), Metric(&spearman::METRIC)],
            _ => vec![Metric(&accuracy::METRIC)],
        }
    }

    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// Checks that the metric applies to such labels: label words, or none for numbers.
    ///
    /// # Errors
    ///
    /// The metric does not apply.
    pub fn check(self, words: &[String]) -> Result<()> {
        let (fits, wanted) = match self.0.fits {
            Fits::All => return Ok(()),
            Fits::Words => (!words.is_empty(), "words"),
            Fits::Numbers => (words.iter().all(|word| number(word).is_some()), "numbers"),
        };
        let what = format!("the metric '{}' is for labels that are {wanted}", self.0.name);
        if fits { Ok(()) } else { Err(Error::new(what)) }
    }

    /// The score in percent of `predictions` against `targets`, one text per example; `words` are the
    /// label words, empty for numbers.
    pub fn compute(self, predictions: &[String], targets: &[String], words: &[String]) -> f64 {
        assert_eq!(predictions.len(), targets.len(), "one prediction a target");
        let texts = |texts: &[String]| texts.iter().map(|t| normal(t)).collect::<Vec<_>>();
        let (predictions, targets, words) = (&texts(predictions), &texts(targets), &texts(words));
        let score = 100.0 * (self.0.score)(&Texts { predictions, targets, words });
        // Values out of range are rounding errors.
        score.clamp(self.0.range.0, self.0.range.1)
    }
}

impl std::fmt::Debug for Metric {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn texts(list: &Value) -> Vec<String> {
        list.as_array().unwrap().iter().map(|x| x.as_str().unwrap().to_string()).collect()
    }

    /// Values of scikit-learn and SciPy: tests/golden/metrics.py.
    #[test]
    fn scores_are_those_of_scikit_learn_and_scipy() {
        let cases: Vec<Value> =
            serde_json::from_str(include_str!("../../../tests/golden/metrics.json")).unwrap();
        let mut compared = 0;
        for case in &cases {
            let words = match &case["labels"] {
                Value::Null => Vec::new(),
                words => texts(words),
            };
            let (predictions, targets) = (texts(&case["predictions"]), texts(&case["targets"]));
            for (name, expected) in case["scores"].as_object().unwrap() {
                let got = Metric::parse(name).unwrap().compute(&predictions, &targets, &words);
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
        let (plainly, oddly) = (list(&["not same", "yes"]), list(&["not \tsame ", " yes"]));
        for name in ["accuracy", "f1", "matthews"] {
            let metric = Metric::parse(name).unwrap();
            let wanted = metric.compute(&said, &plain, &plainly);
            assert!(wanted > 50.0 && wanted < 100.0, "{name}");
            assert_eq!(metric.compute(&said, &odd, &oddly), wanted, "{name}");
            assert_eq!(
                metric.compute(&odd, &said, &oddly),
                metric.compute(&plain, &said, &plainly)
            );
        }
        let (a, b) = (list(&["1.0", "3.0", "2.0"]), list(&[" 1.0", "３.0", "2.0\u{3000}"]));
        let pearson = Metric::parse("pearson").unwrap();
        assert!((pearson.compute(&a, &b, &[]) - 100.0).abs() < 1e-9);
    }

    #[test]
    fn no_rows_score_zero() {
        let words = ["no".to_string(), "yes".into()];
        for metric in METRICS {
            assert_eq!(Metric(metric).compute(&[], &[], &words), 0.0, "{}", metric.name);
        }
    }

    #[test]
    fn a_metric_fits_words_or_numbers() {
        let words = |list: &[&str]| list.iter().map(|word| word.to_string()).collect::<Vec<_>>();
        let fits = |name: &str, list: &[&str]| {
            Metric::parse(name).unwrap().check(&words(list)).map_err(|e| e.to_string())
        };
        assert_eq!(fits("accuracy", &[]), Ok(()));
        assert_eq!(fits("f1", &["no", "yes"]), Ok(()));
        let text = "the metric 'f1' is for labels that are words";
        assert_eq!(fits("f1", &[]), Err(text.to_string()));
        assert_eq!(fits("pearson", &["1", "2.5"]), Ok(()));
        let text = "the metric 'spearman' is for labels that are numbers";
        assert_eq!(fits("spearman", &["1", "two"]), Err(text.to_string()));
        let names = |words: &[String]| format!("{:?}", Metric::usual(words));
        assert_eq!(names(&[]), "[pearson, spearman]");
        assert_eq!(names(&words(&["no"])), "[accuracy]");
    }

    #[test]
    fn an_unknown_metric_brings_the_nearest_one() {
        let text = Metric::parse("mathews").unwrap_err().to_string();
        assert!(text.contains("did you mean 'matthews'?"), "{text}");
    }
}
