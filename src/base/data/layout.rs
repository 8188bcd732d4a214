//! The format of tables: delimiter, quotes, and columns by position.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The table format, if it differs from the file extension's.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Layout {
    /// The delimiter; by default `,` for .csv and a tab for .tsv.
    pub delimiter: Option<u8>,
    /// Whether cells may be in double quotes; by default in all but .tsv.
    pub quotes: Option<bool>,
    /// The position of each field, from 1, in tables without a header row.
    pub positions: Option<BTreeMap<String, usize>>,
}

impl Layout {
    /// The first option that applies only to tables, for an error with other files.
    pub fn given(&self) -> Option<&'static str> {
        let positions = self.positions.is_some().then_some("'columns' by position");
        let delimiter = self.delimiter.map(|_| "'delimiter'");
        positions.or(delimiter).or(self.quotes.map(|_| "'quotes'"))
    }
}
