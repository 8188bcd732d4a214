//! The conversion of a task's rows to text, as recorded by a run.

use super::padding::padded;
use super::{Labels, Row, Template};
use crate::word::fold;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// What is needed to apply a trained prompt to new rows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Form {
    pub template: Template,
    #[serde(default)]
    pub prefix: Option<String>,
    #[serde(default)]
    pub columns: BTreeMap<String, String>,
    /// Whether the values of fields, and targets of free text, have spaces around punctuation.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pad_punctuation: bool,
    pub labels: Labels,
}

impl Form {
    /// Whether it can be recorded; a template function cannot.
    pub fn is_plain(&self) -> bool {
        !matches!(self.template, Template::Function(_))
    }

    /// The source text of a row. Errors: a column is missing or has no text.
    pub fn source(&self, row: &Row) -> Result<String> {
        Ok(self.prefixed(self.rendered(row)?))
    }

    /// The source text of a single row.
    /// Errors: a column is missing or has no text.
    pub fn text(&self, row: &Row) -> Result<Option<String>> {
        let text = self.rendered(row)?;
        Ok((!text.is_empty()).then(|| self.prefixed(text)))
    }

    fn rendered(&self, row: &Row) -> Result<String> {
        let change = if self.pad_punctuation { padded } else { str::to_string };
        self.template.render(row, &self.columns, change)
    }

    fn prefixed(&self, text: String) -> String {
        match &self.prefix {
            Some(prefix) => fold(&format!("{prefix} {text}")),
            None => text,
        }
    }

    /// The columns that the text of a row is made of; unknown and empty for a function.
    pub fn text_columns(&self) -> Vec<&str> {
        let fields = self.template.fields().into_iter();
        fields.map(|field| self.columns.get(field).map_or(field, String::as_str)).collect()
    }

    /// The source text of a row of which every column that is read has text, as in the rows of a task.
    /// Errors: a column is missing or has no text.
    pub fn full_source(&self, row: &Row) -> Result<String> {
        let is_blank = |column: &&str| match row.get(*column) {
            Some(Value::String(text)) => text.trim().is_empty(),
            _ => false,
        };
        if let Some(column) = self.text_columns().into_iter().find(is_blank) {
            return Err(Error::new(format!("no text: '{column}' is empty")));
        }
        self.text(row)?.ok_or_else(|| Error::new("the template of the task makes no text of it"))
    }

    /// Converts a line of text to a row, if the task reads a single field.
    /// Errors: the task reads several fields.
    pub fn row(&self, line: &str) -> Result<Row> {
        let fields = self.template.fields();
        if let [only] = fields[..] {
            let column = self.columns.get(only).map_or(only, String::as_str);
            return Ok(Row::from_iter([(column.to_string(), Value::from(line))]));
        }
        let example: Vec<String> = fields.iter().map(|f| format!("\"{f}\": ...")).collect();
        if fields.is_empty() {
            return Err(Error::new("a function makes the text of the task's rows")
                .hint("give rows with the columns that it reads"));
        }
        Err(Error::new(format!("the task reads {}", fields.join(", ")))
            .hint(format!("give JSON Lines: {{ {} }}", example.join(", "))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn form(fields: &[&str]) -> Form {
        Form {
            template: Template::Fields(fields.iter().map(|f| f.to_string()).collect()),
            prefix: Some("mood".into()),
            columns: BTreeMap::from([("sentence".to_string(), "text".to_string())]),
            pad_punctuation: false,
            labels: Labels::Words(vec!["bad".into(), "good".into()]),
        }
    }

    #[test]
    fn a_recorded_form_renders_as_the_task_did() {
        let text = serde_json::to_string(&form(&["sentence"])).unwrap();
        let form: Form = serde_json::from_str(&text).unwrap();
        assert_eq!(form.source(&form.row("so  so").unwrap()).unwrap(), "mood sentence: so so");
        let row = json!({ "text": "fine" }).as_object().unwrap().clone();
        assert_eq!(form.source(&row).unwrap(), "mood sentence: fine");
    }

    #[test]
    fn a_row_without_text_is_refused() {
        let form = form(&["sentence"]);
        assert_eq!(form.text_columns(), ["text"]);
        let refused =
            |row: Value| form.full_source(row.as_object().unwrap()).unwrap_err().to_string();
        assert_eq!(refused(json!({ "text": " \t" })), "no text: 'text' is empty");
        assert!(refused(json!({ "sentence": "fine" })).starts_with("no field 'text'"));
        let row = json!({ "text": "fine" });
        assert_eq!(form.full_source(row.as_object().unwrap()).unwrap(), "mood sentence: fine");
    }

    #[test]
    fn lines_are_for_tasks_of_one_field() {
        let text = form(&["premise", "hypothesis"]).row("x").unwrap_err().to_string();
        assert!(text.contains("the task reads premise, hypothesis"), "{text}");
        assert!(text.contains("\"premise\": ..."), "{text}");
    }
}
