//! Rows without a label or text.

use super::columns::{root, texts, value_at};
use super::template::missing;
use super::{Form, Labels, Row};
use crate::Error;
use crate::names;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// The treatment of a row without a label or text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Missing {
    #[default]
    Error,
    /// The row is skipped; the number of skipped rows is printed and recorded.
    Skip,
}

names!(Missing, "policy for missing labels and text", Error = "error", Skip = "skip");

const SKIP: &str = "missing = \"skip\" skips rows without a label or text";

/// The missing part of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingPart {
    Label,
    Text,
}

/// A missing part of a row, and its error.
pub struct Lack(pub MissingPart, pub Error);

impl Lack {
    /// For a row whose template returns nothing.
    pub fn of_template() -> Self {
        Lack(MissingPart::Text, Error::new("no text: the template returned none").hint(SKIP))
    }

    fn new(part: MissingPart, row: &Row, column: &str) -> Self {
        let Some(value) = value_at(row, column) else {
            return Lack(part, missing(row, root(column), &format!("; {SKIP}")));
        };
        let how = match &value {
            Value::Null => "is null".to_string(),
            Value::String(text) if text.trim().is_empty() => "is empty".to_string(),
            Value::Array(list) if list.iter().all(Value::is_null) => "is empty".to_string(),
            other => format!("is {}", other.to_string().trim_matches('"')),
        };
        let what = match part {
            MissingPart::Label => "no label",
            MissingPart::Text => "no text",
        };
        let error = Error::new(format!("{what}: '{column}' {how}"));
        Lack(part, error.hint(SKIP))
    }
}

/// The missing part of a row's label or text: a missing column, null (or NaN), only white space, or
/// the label -1 if it is none of the task's.
pub fn lack(form: &Form, label: &str, names: &[String], row: &Row) -> Option<Lack> {
    let text = form.template.fields().into_iter();
    let mut text = text.map(|field| form.columns.get(field).map_or(field, String::as_str));
    if let Some(column) = text.find(|column| is_nothing(row.get(*column))) {
        return Some(Lack::new(MissingPart::Text, row, column));
    }
    if form.labels.free_text().is_some() {
        let lacks = value_at(row, label).is_none_or(|value| texts(&value).is_empty());
        return lacks.then(|| Lack::new(MissingPart::Label, row, label));
    }
    let value = row.get(label);
    let lacks = is_nothing(value) || value.is_some_and(|value| is_none(&form.labels, names, value));
    lacks.then(|| Lack::new(MissingPart::Label, row, label))
}

fn is_nothing(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.trim().is_empty(),
        Some(_) => false,
    }
}

/// -1, which datasets use for a missing label.
fn is_none(labels: &Labels, names: &[String], value: &Value) -> bool {
    let (number, text) = match value {
        Value::Number(number) => (number.as_f64(), number.to_string()),
        Value::String(text) => (text.trim().parse().ok(), text.trim().to_string()),
        _ => return false,
    };
    number == Some(-1.0)
        && match labels {
            Labels::Words(words) => !words.contains(&text) && !names.contains(&text),
            Labels::Numbers { range, .. } => range.0 > -1.0,
            Labels::Text(_) => false,
        }
}

/// The number of rows of a source that were read and skipped.
#[derive(Debug, Default, Clone, Copy)]
pub struct Count {
    pub rows: usize,
    pub label: usize,
    pub text: usize,
}

impl Count {
    pub fn skip(&mut self, part: MissingPart) {
        match part {
            MissingPart::Label => self.label += 1,
            MissingPart::Text => self.text += 1,
        }
    }

    pub fn skipped(&self) -> usize {
        self.label + self.text
    }

    /// "2 without a label, 1 without text"
    pub fn reasons(&self) -> String {
        let counted = [(self.label, "without a label"), (self.text, "without text")];
        let told = counted.into_iter().filter(|(count, _)| *count > 0);
        told.map(|(count, why)| format!("{count} {why}")).collect::<Vec<_>>().join(", ")
    }
}

/// Remarks on the rows of a task, printed and recorded.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remarks {
    /// Split -> number of rows skipped because they have no label or text; empty if there are none.
    pub skipped: BTreeMap<String, usize>,
    /// The number of test rows that are also training rows, with equal text.
    pub shared: usize,
    /// The remarks as text.
    pub notes: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::super::Template;
    use super::*;
    use serde_json::json;

    fn form(labels: Labels) -> Form {
        Form {
            template: Template::Pattern("{a} and {b}".into()),
            prefix: None,
            columns: BTreeMap::from([("b".to_string(), "second".to_string())]),
            pad_punctuation: false,
            labels,
        }
    }

    fn words(words: &[&str]) -> Labels {
        Labels::Words(words.iter().map(|word| word.to_string()).collect())
    }

    fn lacks(labels: &Labels, row: Value) -> Option<String> {
        let row = row.as_object().unwrap();
        let lack = lack(&form(labels.clone()), "label", &["odd".to_string()], row);
        lack.map(|lack| lack.1.to_string())
    }

    #[test]
    fn what_is_not_there_is_named() {
        let labels = words(&["no", "yes"]);
        let cases = [
            (json!({ "a": "x", "second": " \t", "label": 0 }), "no text: 'second' is empty"),
            (json!({ "a": null, "second": "y", "label": 0 }), "no text: 'a' is null"),
            (json!({ "a": "x", "second": "y", "label": "" }), "no label: 'label' is empty"),
            (json!({ "a": "x", "second": "y", "label": -1 }), "no label: 'label' is -1"),
            (json!({ "a": "x", "second": "y", "label": "-1" }), "no label: 'label' is -1"),
            (json!({ "a": "x", "second": "y" }), "no field 'label'"),
        ];
        for (row, expected) in cases {
            let text = lacks(&labels, row).unwrap();
            assert!(text.starts_with(expected) && text.contains("missing = \"skip\""), "{text}");
        }
        assert_eq!(lacks(&labels, json!({ "a": 0, "second": "nan", "label": "no" })), None);
    }

    #[test]
    fn minus_one_is_a_label_where_the_task_has_it() {
        let row = |label: Value| json!({ "a": "x", "second": "y", "label": label });
        assert_eq!(lacks(&words(&["-1", "0", "1"]), row(json!(-1))), None);
        let numbers = |low| Labels::Numbers { step: 0.2, range: (low, 5.0) };
        assert!(lacks(&numbers(0.0), row(json!(-1.0))).is_some());
        assert_eq!(lacks(&numbers(-1.0), row(json!(-1.0))), None);
        assert_eq!(lacks(&words(&["no", "yes"]), row(json!(-2))), None);
    }
}
