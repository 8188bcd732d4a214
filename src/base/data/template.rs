//! Converts a row to the input text of the model.

use super::Row;
use crate::word::fold;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

/// A user-defined function from a row to its text.
pub type Render = Rc<dyn Fn(&Row) -> Result<String>>;

/// The conversion of a row to text.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Template {
    /// `field: value field: value`, in this order.
    Fields(Vec<String>),
    /// Text in which `{field}` is replaced by that field's value.
    Pattern(String),
    #[serde(skip)]
    Function(Render),
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Template::Fields(fields) => write!(f, "{fields:?}"),
            Template::Pattern(pattern) => write!(f, "{pattern:?}"),
            Template::Function(_) => f.write_str("a function"),
        }
    }
}

impl Template {
    /// The text of a row, with white space normalised. `columns` maps fields to columns,
    /// if the names differ; `change` is applied to the value of each field.
    /// Errors: a column is missing or has no text, or a function fails.
    pub fn render(
        &self,
        row: &Row,
        columns: &BTreeMap<String, String>,
        change: fn(&str) -> String,
    ) -> Result<String> {
        let value = |field: &str| {
            let value = text(row, columns.get(field).map_or(field, String::as_str))?;
            Ok(change(&value))
        };
        let raw = match self {
            Template::Fields(fields) => fields
                .iter()
                .map(|field| Ok(format!("{field}: {}", value(field)?)))
                .collect::<Result<Vec<_>>>()?
                .join(" "),
            Template::Pattern(pattern) => fill(pattern, value)?,
            Template::Function(render) => render(row)?,
        };
        Ok(fold(&raw))
    }
}

impl Template {
    /// The fields that it reads; unknown and empty for a function.
    pub fn fields(&self) -> Vec<&str> {
        match self {
            Template::Fields(fields) => fields.iter().map(String::as_str).collect(),
            Template::Pattern(pattern) => {
                let parts = pattern.split('{').skip(1);
                parts.filter_map(|part| Some(part.split_once('}')?.0)).collect()
            }
            Template::Function(_) => Vec::new(),
        }
    }
}

fn fill(pattern: &str, value: impl Fn(&str) -> Result<String>) -> Result<String> {
    let mut filled = String::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('{') {
        let (field, after) = after.split_once('}').ok_or_else(|| {
            Error::new(format!("template '{pattern}': '{{' without '}}'"))
                .hint("a field is written in braces: {premise}")
        })?;
        filled.push_str(before);
        filled.push_str(&value(field)?);
        rest = after;
    }
    Ok(filled + rest)
}

/// The text in a column; if there is none the error names the row's columns.
fn text(row: &Row, column: &str) -> Result<String> {
    match row.get(column) {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Number(number)) => Ok(number.to_string()),
        Some(Value::Bool(flag)) => Ok(flag.to_string()),
        Some(Value::Null) => Err(Error::new(format!("no text: '{column}' is null"))),
        Some(Value::Array(_)) => Err(no_text(column, "a list")),
        Some(Value::Object(cells)) if cells.len() == 1 && cells.contains_key("bytes") => {
            Err(no_text(column, "bytes that are not text"))
        }
        Some(Value::Object(_)) => Err(no_text(column, "a table")),
        None => Err(missing(row, column, "")),
    }
}

fn no_text(column: &str, what: &str) -> Error {
    Error::new(format!("field '{column}' holds {what}"))
        .hint("the input of the model is made of columns with strings, numbers or booleans")
}

/// The error for a row without `column`; `more` is a further suggestion.
pub fn missing(row: &Row, column: &str, more: &str) -> Error {
    let columns: Vec<&str> = row.keys().map(String::as_str).collect();
    Error::new(format!("no field '{column}'")).hint(format!(
        "the row has: {}; 'columns' maps a task's fields to other names{more}",
        columns.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn row() -> Row {
        let row = json!({ "premise": " A  dog\truns. ", "hypothesis": "It\nmoves.", "n": 2 });
        row.as_object().unwrap().clone()
    }

    fn render(template: Template) -> Result<String> {
        let columns = BTreeMap::from([("second".into(), "hypothesis".into())]);
        template.render(&row(), &columns, str::to_string)
    }

    #[test]
    fn fields_are_named_and_white_space_is_folded() {
        let fields = ["premise", "second"].map(String::from).to_vec();
        let text = render(Template::Fields(fields)).unwrap();
        assert_eq!(text, "premise: A dog runs. second: It moves.");
    }

    #[test]
    fn a_pattern_takes_its_fields_from_the_row() {
        let text = render(Template::Pattern("{n} texts: {premise}|{second}".into())).unwrap();
        assert_eq!(text, "2 texts: A dog runs. |It moves.");
    }

    #[test]
    fn a_missing_field_brings_the_columns_there_are() {
        let text = render(Template::Fields(vec!["premises".into()])).unwrap_err().to_string();
        assert!(text.contains("no field 'premises'"), "{text}");
        assert!(text.contains("the row has: premise, hypothesis, n;"), "{text}");
        let text = render(Template::Pattern("{premise".into())).unwrap_err().to_string();
        assert!(text.contains("'{' without '}'"), "{text}");
    }
}
