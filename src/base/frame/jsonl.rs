//! A row of a table as a JSON object.

use super::{Cell, Frame};
use serde_json::{Map, Value};

/// Row `i`.
pub fn line(frame: &Frame, i: usize) -> String {
    let cells = frame.row(i).map(|(name, cell)| (name.to_string(), value(cell)));
    Value::Object(cells.collect::<Map<_, _>>()).to_string()
}

fn value(cell: &Cell) -> Value {
    match cell {
        Cell::Missing => Value::Null,
        Cell::Flag(flag) => (*flag).into(),
        Cell::Whole(n) => (*n).into(),
        // JSON has no other numbers.
        Cell::Number(x) => (*x).into(),
        Cell::Text(text) => text.as_ref().into(),
        Cell::Nested(value) => value.as_ref().clone(),
    }
}
