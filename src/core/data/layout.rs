//! The layout of tables: delimiter, quotes, and columns by position.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How tables are laid out, where it is not as their names say.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Layout {
    /// What separates cells; by default `,` in a .csv and a tab in a .tsv.
    pub delimiter: Option<u8>,
    /// Whether cells may stand in double quotes; by default in all but a .tsv.
    pub quotes: Option<bool>,
    /// Which cell a field is, from 1, in tables without a header row.
    pub positions: Option<BTreeMap<String, usize>>,
}

impl Layout {
    /// What is said of tables alone, for files that are none.
    pub fn given(&self) -> Option<&'static str> {
        let positions = self.positions.is_some().then_some("'columns' by position");
        let delimiter = self.delimiter.map(|_| "'delimiter'");
        positions.or(delimiter).or(self.quotes.map(|_| "'quotes'"))
    }
}
