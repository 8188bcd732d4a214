//! Tables with named columns of typed values, as CSV, JSON Lines and Parquet.

mod csv;
mod jsonl;
mod parquet;
#[cfg(test)]
mod tests;

use crate::{Error, Result};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;

/// A value of a table. A number may be NaN, which is not the same as missing.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    Missing,
    Flag(bool),
    Whole(i64),
    Number(f64),
    Text(Arc<str>),
    /// A list or an object: itself in JSON Lines, else its JSON text.
    Nested(Arc<Value>),
}

/// The type of a column: that of all its values. Flags or texts beside other values make a column of texts,
/// whole numbers beside others one of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Flag,
    Whole,
    Number,
    Text,
}

/// A file format of tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Csv,
    Jsonl,
    Parquet,
}

crate::names!(Format, "format", Csv = "csv", Jsonl = "jsonl", Parquet = "parquet");

#[derive(Clone, Debug)]
struct Column {
    name: String,
    /// The type if all values are missing.
    usual: Kind,
    cells: Vec<Cell>,
}

/// A table: columns of equal length, each with a name of its own.
#[derive(Clone, Debug, Default)]
pub struct Frame {
    columns: Vec<Column>,
    places: HashMap<String, usize>,
    rows: usize,
}

impl From<&Value> for Cell {
    fn from(value: &Value) -> Cell {
        match value {
            Value::Null => Cell::Missing,
            Value::Bool(flag) => Cell::Flag(*flag),
            Value::String(text) => text.as_str().into(),
            Value::Number(n) => match (n.as_i64(), n.as_f64()) {
                (Some(whole), _) => Cell::Whole(whole),
                // A number above 2^63 would lose digits.
                (None, Some(number)) if n.is_f64() => Cell::Number(number),
                _ => n.to_string().as_str().into(),
            },
            nested => Cell::Nested(Arc::new(nested.clone())),
        }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Cell {
        Cell::Text(text.into())
    }
}

impl From<Option<f64>> for Cell {
    fn from(number: Option<f64>) -> Cell {
        number.map_or(Cell::Missing, Cell::Number)
    }
}

impl From<Option<u64>> for Cell {
    fn from(number: Option<u64>) -> Cell {
        number.map_or(Cell::Missing, |n| Cell::from(&Value::from(n)))
    }
}

impl Cell {
    fn kind(&self) -> Option<Kind> {
        match self {
            Cell::Missing => None,
            Cell::Flag(_) => Some(Kind::Flag),
            Cell::Whole(_) => Some(Kind::Whole),
            Cell::Number(_) => Some(Kind::Number),
            Cell::Text(_) | Cell::Nested(_) => Some(Kind::Text),
        }
    }

    /// As text; `None` if it is missing. Numbers are as in JSON, others `NaN`, `inf` and `-inf`.
    fn text(&self) -> Option<String> {
        Some(match self {
            Cell::Missing => return None,
            Cell::Flag(flag) => flag.to_string(),
            Cell::Whole(n) => n.to_string(),
            Cell::Number(x) if x.is_finite() => Value::from(*x).to_string(),
            Cell::Number(x) => x.to_string(),
            Cell::Text(text) => text.to_string(),
            Cell::Nested(value) => value.to_string(),
        })
    }
}

impl Kind {
    fn with(self, other: Kind) -> Kind {
        match (self, other) {
            (a, b) if a == b => a,
            (Kind::Whole, Kind::Number) | (Kind::Number, Kind::Whole) => Kind::Number,
            _ => Kind::Text,
        }
    }
}

impl Column {
    fn kind(&self) -> Kind {
        self.cells.iter().filter_map(Cell::kind).reduce(Kind::with).unwrap_or(self.usual)
    }
}

impl Frame {
    /// A table without rows; a column without values keeps the type that is given here.
    pub fn of(columns: &[(&str, Kind)]) -> Frame {
        let mut frame = Frame::default();
        for (name, usual) in columns {
            frame.place(name, *usual);
        }
        frame
    }

    /// Adds a row. A name that is new becomes the last column.
    pub fn push<N: AsRef<str>>(&mut self, row: impl IntoIterator<Item = (N, Cell)>) {
        for (name, cell) in row {
            let usual = cell.kind().unwrap_or(Kind::Text);
            let place = self.place(name.as_ref(), usual);
            let cells = &mut self.columns[place].cells;
            cells.resize(self.rows, Cell::Missing);
            cells.push(cell);
        }
        self.rows += 1;
        self.columns.iter_mut().for_each(|column| column.cells.resize(self.rows, Cell::Missing));
    }

    fn place(&mut self, name: &str, usual: Kind) -> usize {
        if let Some(place) = self.places.get(name) {
            return *place;
        }
        let place = self.columns.len();
        self.places.insert(name.to_string(), place);
        self.columns.push(Column {
            name: name.to_string(),
            usual,
            cells: vec![Cell::Missing; self.rows],
        });
        place
    }

    pub fn has(&self, name: &str) -> bool {
        self.places.contains_key(name)
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The names of the columns.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.name.as_str())
    }

    /// The cells of a row with the names of their columns.
    pub fn row(&self, i: usize) -> impl Iterator<Item = (&str, &Cell)> {
        self.columns.iter().map(move |column| (column.name.as_str(), &column.cells[i]))
    }

    /// Sorts the columns after the first ones by name.
    pub fn sort_after(&mut self, first: usize) {
        let first = first.min(self.columns.len());
        self.columns[first..].sort_by(|a, b| a.name.cmp(&b.name));
        let places = self.columns.iter().enumerate();
        self.places = places.map(|(i, column)| (column.name.clone(), i)).collect();
    }

    /// This table with columns of another one before its own: row `i` has the cells of row `of[i]` there. A name that
    /// both have gets `prefix` there.
    ///
    /// # Panics
    /// `of` has another length than this table.
    pub fn beside(self, other: &Frame, of: &[usize], prefix: &str) -> Frame {
        assert_eq!(of.len(), self.rows);
        let mut joined = Frame { rows: self.rows, ..Frame::default() };
        for column in &other.columns {
            let name = match self.has(&column.name) {
                true => format!("{prefix}{}", column.name),
                false => column.name.clone(),
            };
            let place = joined.place(&name, column.usual);
            joined.columns[place].cells = of.iter().map(|i| column.cells[*i].clone()).collect();
        }
        for column in self.columns {
            let place = joined.place(&column.name, column.usual);
            joined.columns[place].cells = column.cells;
        }
        joined
    }

    /// The lines of CSV (RFC 4180, with line feeds), names first. What is missing is empty, an empty text is `""`.
    /// Texts that a spreadsheet would run as formulas begin with `'`, unless `raw`.
    pub fn csv(&self, raw: bool) -> impl Iterator<Item = String> {
        csv::lines(self, raw)
    }

    /// The rows as JSON objects, each with all columns. What is missing or no finite number is null.
    pub fn jsonl(&self) -> impl Iterator<Item = String> {
        (0..self.rows).map(|i| jsonl::line(self, i))
    }

    /// The content of a file; `raw`: see [`Frame::csv`].
    pub fn bytes(&self, format: Format, raw: bool) -> Result<Vec<u8>> {
        let text = |lines: &mut dyn Iterator<Item = String>| {
            let lines = lines.map(|line| line + "\n");
            lines.collect::<String>().into_bytes()
        };
        match format {
            Format::Csv => Ok(text(&mut self.csv(raw))),
            Format::Jsonl => Ok(text(&mut self.jsonl())),
            Format::Parquet => {
                parquet::bytes(self).map_err(|e| Error::new(format!("no Parquet file: {e}")))
            }
        }
    }
}
