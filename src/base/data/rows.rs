//! Rows read from a file one by one.

use super::layout::Layout;
use crate::Result;
use serde_json::Value;
use std::collections::BTreeSet;
use std::rc::Rc;

/// One row: column -> value. Columns that are not read are null.
pub type Row = serde_json::Map<String, Value>;

/// A row with the number of its first line, or its index if a file has no lines; both from 1.
pub type Numbered = (usize, Row);

/// The rows of a file, read lazily, so that a file may be larger than memory.
pub type Rows = Box<dyn Iterator<Item = Result<Numbered>>>;

/// A file's rows and metadata.
pub struct Opened {
    pub rows: Rows,
    /// The file's names of the classes of its label column, in the order of their numbers.
    pub class_names: Option<Vec<String>>,
    /// The unit of its row numbers.
    pub unit: &'static str,
}

/// The options of reading a file.
#[derive(Clone)]
pub struct Wanted {
    pub columns: Columns,
    pub label: String,
    pub layout: Layout,
    /// Receives notes that are not errors, once per file.
    pub note: Rc<dyn Fn(String)>,
}

/// The columns to read; the others are skipped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns(Option<BTreeSet<String>>);

impl Columns {
    pub fn all() -> Self {
        Columns(None)
    }

    pub fn of(names: impl IntoIterator<Item = String>) -> Self {
        Columns(Some(names.into_iter().collect()))
    }

    pub fn is_all(&self) -> bool {
        self.0.is_none()
    }

    pub fn read(&self, name: &str) -> bool {
        self.0.as_ref().is_none_or(|names| names.contains(name))
    }

    /// Whether a column is requested by name.
    pub fn named(&self, name: &str) -> bool {
        self.0.as_ref().is_some_and(|names| names.contains(name))
    }

    /// A requested column that does not exist.
    pub fn absent<'a>(&self, there: impl Iterator<Item = &'a str>) -> Option<&str> {
        let there: BTreeSet<&str> = there.collect();
        let names = self.0.as_ref()?;
        names.iter().map(String::as_str).find(|name| !there.contains(name))
    }
}

/// Rows up to the first error.
pub fn until_broken(mut next: impl FnMut() -> Result<Option<Numbered>> + 'static) -> Rows {
    let mut broken = false;
    Box::new(std::iter::from_fn(move || {
        let row = (!broken).then(&mut next)?;
        broken = row.is_err();
        row.transpose()
    }))
}
