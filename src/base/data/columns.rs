//! Values of a row by the path of a column: `answers`, or `answers.text` for a table in it.

use super::Row;
use serde_json::Value;

/// The column that a path begins in.
pub fn root(path: &str) -> &str {
    path.split_once('.').map_or(path, |(root, _)| root)
}

/// The value at a path, null if a table in a cell has no such key; of a list of tables, the list of their
/// values. `None` if the row has no such column.
pub fn value_at(row: &Row, path: &str) -> Option<Value> {
    if let Some(value) = row.get(path) {
        return Some(value.clone());
    }
    let (column, rest) = path.split_once('.')?;
    row.get(column).map(|value| inside(value, rest))
}

fn inside(value: &Value, path: &str) -> Value {
    let (key, rest) = match path.split_once('.') {
        Some((key, rest)) => (key, Some(rest)),
        None => (path, None),
    };
    match value {
        Value::Array(list) => list.iter().map(|value| inside(value, path)).collect(),
        value => {
            let found = value.get(key).cloned().unwrap_or_default();
            rest.map_or(found.clone(), |rest| inside(&found, rest))
        }
    }
}

/// The texts of a cell: of text, a number or a boolean, or of each in a list. Empty texts and nulls are omitted.
pub fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) if text.trim().is_empty() => Vec::new(),
        Value::String(text) => vec![text.trim().to_string()],
        Value::Number(number) => vec![number.to_string()],
        Value::Bool(flag) => vec![flag.to_string()],
        Value::Array(list) => list.iter().flat_map(texts).collect(),
        Value::Null | Value::Object(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_path_leads_into_tables_and_lists_of_tables() {
        let row = json!({
            "answers": { "text": ["a", " b "], "start": [1, 2] }, "spans": [{ "text": "c" }, { "text": "d" }],
            "idx": { "question": 4 }, "a.b": 1,
        });
        let row = row.as_object().unwrap();
        let at = |path: &str| value_at(row, path);
        assert_eq!(texts(&at("answers.text").unwrap()), ["a", "b"]);
        assert_eq!(texts(&at("spans.text").unwrap()), ["c", "d"]);
        assert_eq!(at("idx.question"), Some(json!(4)));
        assert_eq!(at("idx.answer"), Some(Value::Null));
        assert_eq!((at("a.b"), at("other.text")), (Some(json!(1)), None));
        assert!(texts(&json!([null, " ", {}])).is_empty());
    }
}
