//! Tables as text: columns without borders.

use comfy_table::{CellAlignment, Table, presets};

/// A table with these column names. The columns whose indices are in `right` are aligned to the right.
pub fn text_table(names: Vec<String>, right: impl IntoIterator<Item = usize>) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(names);
    for column in right {
        table.column_mut(column).expect("it has a name").set_cell_alignment(CellAlignment::Right);
    }
    table
}
