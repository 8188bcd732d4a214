//! The columns that say which run a row belongs to.

use crate::records::catalog::Entry;
use crate::records::settings::flat;
use compt_base::frame::{Cell, Frame, Kind};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// The settings that are always there.
const ALWAYS: [&str; 3] = ["method", "seed", "shots"];
const COLUMNS: [(&str, Kind); 6] = [
    ("run", Kind::Text),
    ("path", Kind::Text),
    ("state", Kind::Text),
    ("method", Kind::Text),
    ("seed", Kind::Whole),
    ("shots", Kind::Whole),
];

pub struct Identity {
    /// A row for each run: name, path, state, method, seed, shots, and the other settings that differ between the runs.
    pub runs: Frame,
    /// The settings that are columns there.
    pub settings: BTreeSet<String>,
}

impl Identity {
    pub fn of(runs: &[Entry]) -> Identity {
        // What a grid varies is in its cells; their configurations repeat it in other words.
        let are_cells = runs.iter().all(|entry| entry.cell_settings().is_some());
        let all: Vec<Map<String, Value>> = runs.iter().map(all_settings).collect();
        let own: Vec<Map<String, Value>> = match are_cells {
            true => runs.iter().filter_map(|entry| entry.cell_settings()).map(cell).collect(),
            false => all.clone(),
        };
        let varying = varying(&own, are_cells);
        let mut frame = Frame::of(&COLUMNS);
        for (entry, all) in runs.iter().zip(&all) {
            let mut row = vec![
                ("run".to_string(), Cell::from(entry.name().as_str())),
                ("path".to_string(), Cell::from(&*entry.path.to_string_lossy())),
                ("state".to_string(), Cell::from(entry.state.name())),
            ];
            let settings = ALWAYS.iter().copied().chain(varying.iter().copied());
            row.extend(
                settings
                    .map(|name| (column(name), Cell::from(all.get(name).unwrap_or(&Value::Null)))),
            );
            frame.push(row);
        }
        let settings = ALWAYS.iter().copied().chain(varying).map(String::from).collect();
        Identity { runs: frame, settings }
    }
}

/// The column of a setting.
fn column(name: &str) -> String {
    match ["run", "path", "state"].contains(&name) {
        true => format!("{}{name}", super::PREFIX),
        false => name.to_string(),
    }
}

/// The settings of a grid cell, nested ones as `method.length`.
fn cell(settings: &Map<String, Value>) -> Map<String, Value> {
    let mut found = settings.clone();
    let flat = flat(&Value::Object(settings.clone()));
    // A table that is no setting of its own is kept whole.
    found.retain(|name, value| {
        let below = format!("{name}.");
        !value.is_object() || !flat.keys().any(|key| key == name || key.starts_with(&below))
    });
    found.extend(flat);
    found
}

/// All settings of a run: its configuration, and those of its cell.
pub fn all_settings(entry: &Entry) -> Map<String, Value> {
    let mut all = entry.config().unwrap_or_default();
    all.extend(
        entry.told().iter().filter(|(_, v)| !v.is_object()).map(|(n, v)| (n.clone(), v.clone())),
    );
    all.extend(entry.cell_settings().map(cell).unwrap_or_default());
    all
}

/// The names of settings that differ, in the order of the runs; `absence`: also those that only some runs have.
fn varying(runs: &[Map<String, Value>], absence: bool) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    let mut known = BTreeSet::new();
    for settings in runs {
        names.extend(settings.keys().map(String::as_str).filter(|name| known.insert(*name)));
    }
    names.retain(|name| {
        let values: Vec<&Value> = runs.iter().filter_map(|settings| settings.get(*name)).collect();
        let some = absence && values.len() < runs.len();
        !ALWAYS.contains(name) && (some || values.iter().any(|value| !same(value, values[0])))
    });
    names
}

fn same(a: &Value, b: &Value) -> bool {
    a == b || a.is_number() && b.is_number() && a.as_f64() == b.as_f64()
}
