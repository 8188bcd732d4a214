//! A row for each run: how it ended, and its settings as columns.

use super::identity::{Identity, all_settings};
use super::{PREFIX, Row};
use crate::records::catalog::Entry;
use crate::records::environment::environment_of;
use compt_base::frame::{Cell, Kind};
use serde_json::Value;

pub const COLUMNS: [(&str, Kind); 3] =
    [("error", Kind::Text), ("seconds", Kind::Number), ("tags", Kind::Text)];

/// The settings that are columns of the run's identity are left to it.
pub fn row(entry: &Entry, identity: &Identity) -> Row {
    let mut row: Row = vec![
        ("error".into(), entry.error.as_deref().map_or(Cell::Missing, Cell::from)),
        ("seconds".into(), entry.seconds.into()),
    ];
    if !entry.tags.is_empty() {
        row.push(("tags".into(), Cell::from(&Value::from(entry.tags.clone()))));
    }
    let settings = all_settings(entry).into_iter().chain(environment_of(&entry.path));
    for (name, value) in settings.filter(|(name, _)| !identity.settings.contains(name)) {
        let taken = COLUMNS.iter().any(|(column, _)| *column == name);
        let name = if taken { format!("{PREFIX}{name}") } else { name };
        row.push((name, Cell::from(&value)));
    }
    row
}
