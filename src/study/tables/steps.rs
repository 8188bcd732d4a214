//! A row for each step of a run.

use super::{Row, number};
use crate::Result;
use crate::records::catalog::Entry;
use compt_base::frame::Kind;
use serde_json::Value;

pub const COLUMNS: [(&str, Kind); 3] =
    [("step", Kind::Whole), ("epoch", Kind::Whole), ("loss", Kind::Number)];

/// Nested records become columns: `lr.private`, `task_losses.nli3`.
pub fn rows(entry: &Entry) -> Result<Vec<Row>> {
    let row = |line: &Value| {
        let mut row = Row::new();
        flatten("", line, &mut row);
        row
    };
    Ok(entry.metrics()?.iter().map(row).collect())
}

fn flatten(name: &str, value: &Value, row: &mut Row) {
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| {
            let full = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
            flatten(&full, value, row);
        }),
        value => row.push((name.to_string(), number(value))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use compt_base::frame::Cell;
    use serde_json::json;

    #[test]
    fn nested_records_are_columns_and_null_is_not_a_number() {
        let mut row = Row::new();
        flatten(
            "",
            &json!({ "step": 1, "lr": { "a": 0.5 }, "loss": null, "rolled_back": [3] }),
            &mut row,
        );
        let names: Vec<&str> = row.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["step", "lr.a", "loss", "rolled_back"]);
        assert!(matches!(row[2].1, Cell::Number(x) if x.is_nan()));
        assert!(matches!(&row[3].1, Cell::Nested(list) if **list == json!([3])));
    }
}
