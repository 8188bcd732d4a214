//! The targets a task may have: a few words, or numbers written as text.

use super::Rounding;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What the model is to say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Labels {
    /// One word of these; a row names it by its place from 0, or by the word itself. The last one
    /// is the positive class of F1.
    Words(Vec<String>),
    /// A number within `range`, both ends included, rounded to `step` (see [`Rounding`]).
    Numbers { step: f64, range: (f64, f64) },
}

impl Labels {
    /// The target text of a row's label; a label outside the set is an error.
    pub fn text(&self, label: &Value) -> Result<String> {
        match self {
            Labels::Words(words) => word(words, label),
            Labels::Numbers { step, range } => {
                let number = number(label).filter(|x| (range.0..=range.1).contains(x));
                match number {
                    Some(number) => Ok(Rounding::new(*step).text(number)),
                    None => Err(Error::new(format!(
                        "label {label} is no number from {} to {}",
                        range.0, range.1
                    ))),
                }
            }
        }
    }

    /// The label words; none where labels are numbers.
    pub fn words(&self) -> &[String] {
        match self {
            Labels::Words(words) => words,
            Labels::Numbers { .. } => &[],
        }
    }

    /// Every target there is: the words, or each number of the range, step by step.
    pub fn all_texts(&self) -> Vec<String> {
        match self {
            Labels::Words(words) => words.clone(),
            Labels::Numbers { step, range } => {
                let count = ((range.1 - range.0) / step).round() as usize;
                let number = |i| Rounding::new(*step).text(range.0 + i as f64 * step);
                (0..=count).map(number).collect()
            }
        }
    }

    /// The word of the positive class: the last one.
    pub fn positive(&self) -> &str {
        self.words().last().map_or("", String::as_str)
    }

    /// The names of the classes rows are counted and drawn by: the words, or the lower and the
    /// upper half of the numbers' range (as few-shot studies split STS-B at 2.5).
    pub fn classes(&self) -> Vec<String> {
        match self {
            Labels::Words(words) => words.clone(),
            Labels::Numbers { range, .. } => {
                let middle = (range.0 + range.1) / 2.0;
                vec![format!("< {middle}"), format!(">= {middle}")]
            }
        }
    }

    /// The class of a target text, as a place in `classes()`.
    pub fn class_of(&self, target: &str) -> usize {
        match self {
            Labels::Words(words) => words.iter().position(|word| word == target).unwrap_or(0),
            Labels::Numbers { range, .. } => {
                let number: f64 = target.parse().unwrap_or(range.0);
                usize::from(number >= (range.0 + range.1) / 2.0)
            }
        }
    }
}

fn word(words: &[String], label: &Value) -> Result<String> {
    if let Value::String(text) = label
        && words.iter().any(|word| word == text.trim())
    {
        return Ok(text.trim().to_string());
    }
    let place = number(label).filter(|x| x.fract() == 0.0 && *x >= 0.0);
    place.and_then(|place| words.get(place as usize)).cloned().ok_or_else(|| {
        Error::new(format!("label {label} is outside the label set")).hint(format!(
            "0 to {}, or one of: {}",
            words.len() - 1,
            words.join(", ")
        ))
    })
}

/// The number a JSON number, a truth value or a table's cell holds.
fn number(label: &Value) -> Option<f64> {
    match label {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Bool(truth) => Some(f64::from(u8::from(*truth))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_word_is_named_by_its_place_or_by_itself() {
        let labels = Labels::Words(vec!["no".into(), "yes".into()]);
        for label in [json!(1), json!(1.0), json!("1"), json!("yes"), json!(true)] {
            assert_eq!(labels.text(&label).unwrap(), "yes", "{label}");
        }
        for label in [json!(2), json!(-1), json!(0.5), json!("maybe"), json!(null)] {
            let text = labels.text(&label).unwrap_err().to_string();
            assert!(text.contains("outside the label set"), "{text}");
            assert!(text.contains("one of: no, yes"), "{text}");
        }
    }

    #[test]
    fn numbers_stay_within_their_range() {
        let labels = Labels::Numbers { step: 0.2, range: (0.0, 5.0) };
        assert_eq!(labels.text(&json!(3.13)).unwrap(), "3.2");
        assert_eq!(labels.text(&json!("5")).unwrap(), "5.0");
        for label in [json!(5.1), json!("nan"), json!("high")] {
            assert!(labels.text(&label).is_err(), "{label}");
        }
        assert_eq!((labels.class_of("2.4"), labels.class_of("2.6")), (0, 1));
        let all = labels.all_texts();
        assert_eq!((all.len(), all[1].as_str(), all[25].as_str()), (26, "0.2", "5.0"));
    }
}
