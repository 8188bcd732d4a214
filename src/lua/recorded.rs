//! Recorded runs as Lua's tables, for the library's `compt.runs`.

use crate::run::catalog::{Entry, find};
use crate::run::environment::environment_of;
use mlua::serde::SerializeOptions;
use mlua::{Lua, LuaSerdeExt, Table};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The runs at or below some paths: a row each, with state, settings, scores and values.
pub fn runs(lua: &Lua, paths: Vec<String>) -> mlua::Result<Table> {
    let paths: Vec<PathBuf> = paths.into_iter().map(PathBuf::from).collect();
    rows(lua, &find(&paths)?)
}

fn rows(lua: &Lua, entries: &[Entry]) -> mlua::Result<Table> {
    let rows = lua.create_table()?;
    for entry in entries {
        let row = json!({
            "path": entry.path, "name": entry.name(), "state": entry.state.name(),
            "error": entry.error, "settings": entry.settings(), "scores": entry.scores(), "metrics": metrics(entry.scores()),
            "average": entry.average(), "counts": entry.result["counts"],
            "looks": entry.result["evaluations"], "steps": entry.result["steps"],
            "seconds": entry.cell["seconds"].as_f64().or(entry.result["seconds"].as_f64()),
            "values": entry.cell["values"], "tags": entry.tags,
        });
        rows.raw_push(lua.to_value_with(&row, plain())?)?;
    }
    Ok(rows)
}

/// The names of each task's metrics, the main one first.
fn metrics(scores: &Value) -> Value {
    let tasks = scores.as_object().into_iter().flatten();
    let names = |scores: &Value| -> Vec<String> {
        scores.as_object().into_iter().flat_map(|map| map.keys().cloned()).collect()
    };
    tasks.map(|(task, scores)| (task.clone(), names(scores).into())).collect::<serde_json::Map<_, _>>().into()
}

/// The resolved configuration and the environment of a run, flat: what may differ between runs
/// whose settings agree.
pub fn details(lua: &Lua, path: String) -> mlua::Result<mlua::Value> {
    let mut details = Entry::read(Path::new(&path))
        .and_then(|entry| entry.config().ok())
        .unwrap_or_default();
    details.extend(environment_of(Path::new(&path)));
    lua.to_value_with(&details, plain())
}

/// JSON as a script's own tables: null is nothing.
pub fn plain() -> SerializeOptions {
    SerializeOptions::new().set_array_metatable(false).serialize_unit_to_null(false)
}
