//! The targets of a task: a few words, numbers written as text, or free text.

use super::columns::texts;
use super::{FreeText, LabelIs, Rounding, RowLabels};
use crate::metric::Labelled;
use crate::word::{normal, number};
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The set of target texts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Labels {
    /// One of these words; a row contains its index from 0, or the word itself (see
    /// [`RowLabels`]). The last one is the positive class of F1.
    Words(Vec<String>),
    /// A number within `range`, both ends included, rounded to `step` (see [`Rounding`]).
    Numbers { step: f64, range: (f64, f64) },
    /// Any text; a row contains one or several that are right.
    Text(FreeText),
}

impl Labels {
    /// The words of one task; two words that compare equal, or a word without characters, are an
    /// error.
    pub fn of(words: Vec<String>) -> Result<Self> {
        for (place, word) in words.iter().enumerate() {
            let text = normal(word);
            if text.is_empty() {
                return Err(Error::new(format!("label word {} is empty: '{word}'", place + 1)));
            }
            if let Some(other) = words[..place].iter().find(|other| normal(other) == text) {
                return Err(Error::new(format!(
                    "the label words '{other}' and '{word}' are the same"
                ))
                .hint("white space and character forms (full-width, combining) are ignored"));
            }
        }
        Ok(Labels::Words(words))
    }

    /// The text of a row's number; a number outside the range is an error.
    fn number_text(label: &Value, step: f64, range: (f64, f64)) -> Result<String> {
        let number = match label {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => number(text),
            _ => None,
        };
        match number.filter(|x| (range.0..=range.1).contains(x)) {
            Some(number) => Ok(Rounding::new(step).text(number)),
            None => Err(Error::new(format!(
                "label {label} is not a number from {} to {}",
                range.0, range.1
            ))),
        }
    }

    /// Converts the labels of rows to target texts; a label outside the set is an error. `names` are
    /// the names of the words in rows.
    pub fn reader<'a>(
        &'a self,
        names: &'a [String],
        is: Option<LabelIs>,
    ) -> impl Fn(&Value) -> Result<String> + 'a {
        let rows = RowLabels::new(self.words(), names, is);
        move |label| match self {
            Labels::Words(_) => rows.word(label),
            Labels::Numbers { step, range } => Self::number_text(label, *step, *range),
            Labels::Text(_) => texts(label).into_iter().next().ok_or_else(|| {
                Error::new(format!("label {label} is not a text or a list of texts"))
            }),
        }
    }

    /// The label words; empty for numbers and free text.
    pub fn words(&self) -> &[String] {
        match self {
            Labels::Words(words) => words,
            Labels::Numbers { .. } | Labels::Text(_) => &[],
        }
    }

    /// The kind of labels, for a metric.
    pub fn labelled(&self) -> Labelled<'_> {
        match self {
            Labels::Words(words) => Labelled::Words(words),
            Labels::Numbers { .. } => Labelled::Numbers,
            Labels::Text(_) => Labelled::Text,
        }
    }

    /// How free text is written; `None` for words and numbers.
    pub fn free_text(&self) -> Option<&FreeText> {
        match self {
            Labels::Text(text) => Some(text),
            _ => None,
        }
    }

    /// All possible targets: the words, or each number of the range; none for free text.
    pub fn all_texts(&self) -> Vec<String> {
        match self {
            Labels::Words(words) => words.clone(),
            Labels::Numbers { step, range } => {
                let count = ((range.1 - range.0) / step).round() as usize;
                let number = |i| Rounding::new(*step).text(range.0 + i as f64 * step);
                (0..=count).map(number).collect()
            }
            Labels::Text(_) => Vec::new(),
        }
    }

    /// The class names by which rows are counted and sampled: the words, or the lower and the
    /// upper half of the range of numbers (as few-shot studies split STS-B at 2.5); one for free text.
    pub fn classes(&self) -> Vec<String> {
        match self {
            Labels::Words(words) => words.clone(),
            Labels::Numbers { range, .. } => {
                let middle = (range.0 + range.1) / 2.0;
                vec![format!("< {middle}"), format!(">= {middle}")]
            }
            Labels::Text(_) => vec!["free text".to_string()],
        }
    }

    /// The class of a target text, as an index into `classes()`.
    pub fn class_of(&self, target: &str) -> usize {
        match self {
            Labels::Words(words) => words.iter().position(|word| word == target).unwrap_or(0),
            Labels::Numbers { range, .. } => {
                let number: f64 = target.parse().unwrap_or(range.0);
                usize::from(number >= (range.0 + range.1) / 2.0)
            }
            Labels::Text(_) => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_word_is_named_by_its_place_or_by_itself() {
        let labels = Labels::of(vec!["no".into(), "yes".into()]).unwrap();
        for label in [json!(1), json!(1.0), json!("1"), json!("yes"), json!(true)] {
            assert_eq!(labels.reader(&[], None)(&label).unwrap(), "yes", "{label}");
        }
        for label in [json!(2), json!(-1), json!(0.5), json!("maybe"), json!(null)] {
            let text = labels.reader(&[], None)(&label).unwrap_err().to_string();
            assert!(text.contains("outside the label set"), "{text}");
            assert!(text.contains("one of: no, yes"), "{text}");
        }
    }

    #[test]
    fn words_that_are_compared_as_one_are_refused() {
        let refused = |words: &[&str]| {
            Labels::of(words.iter().map(|word| word.to_string()).collect()).unwrap_err().to_string()
        };
        assert!(refused(&["yes", "yes"]).contains("the label words 'yes' and 'yes' are the same"));
        for (a, b) in
            [("not same", "not  same"), ("no", "ｎｏ"), ("\u{e9}", "e\u{301}"), (" a", "a")]
        {
            assert!(refused(&["other", a, b]).contains(&format!("'{a}' and '{b}' are the same")));
        }
        assert!(refused(&["yes", " "]).contains("label word 2 is empty"));
        assert!(Labels::of(vec!["yes".into(), "yes sir".into(), "Yes".into()]).is_ok());
    }

    #[test]
    fn numbers_stay_within_their_range() {
        let labels = Labels::Numbers { step: 0.2, range: (0.0, 5.0) };
        assert_eq!(labels.reader(&[], None)(&json!(3.13)).unwrap(), "3.2");
        assert_eq!(labels.reader(&[], None)(&json!("5")).unwrap(), "5.0");
        for label in [json!(5.1), json!("nan"), json!("high"), json!(true)] {
            assert!(labels.reader(&[], None)(&label).is_err(), "{label}");
        }
        assert_eq!((labels.class_of("2.4"), labels.class_of("2.6")), (0, 1));
        let all = labels.all_texts();
        assert_eq!((all.len(), all[1].as_str(), all[25].as_str()), (26, "0.2", "5.0"));
    }
}
