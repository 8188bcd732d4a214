//! Recorded runs as Lua tables, for the library's `compt.runs`.

use super::paths;
use compt_base::data::predictions;
use compt_base::files::json::read_json;
use compt_base::notice;
use compt_base::stop;
use compt_study::records::catalog::{Entry, find, scores};
use compt_study::records::curve::thinned;
use compt_study::records::environment::environment_of;
use compt_study::records::folder::{CELL, PREDICTIONS};
use mlua::serde::SerializeOptions;
use mlua::{Lua, LuaSerdeExt, LuaString, Table};
use serde_json::{Value, json};
use std::path::PathBuf;

/// The runs at or below some paths: one row each, with state, settings, scores and values.
pub fn runs(lua: &Lua, paths: Vec<LuaString>) -> mlua::Result<Table> {
    let paths: Vec<PathBuf> = paths.iter().map(paths::from_lua).collect();
    rows(lua, &find(&paths)?)
}

fn rows(lua: &Lua, entries: &[Entry]) -> mlua::Result<Table> {
    let rows = lua.create_table()?;
    for entry in entries {
        stop::check()?;
        let (values, result) = (entry.values(), entry.result());
        let scores = scores(&values, &result);
        let row = json!({
            "name": entry.name(), "state": entry.state.name(),
            "error": entry.error, "settings": entry.settings(), "scores": scores,
            "metrics": metrics(&scores), "average": entry.average,
            "counts": result["counts"], "looks": result["evaluations"], "steps": entry.steps,
            "seconds": entry.seconds, "values": values, "tags": entry.tags,
        });
        let row: Table = lua.unpack(lua.to_value_with(&row, plain())?)?;
        row.raw_set("path", paths::to_lua(lua, &entry.path)?)?;
        rows.raw_push(row)?;
    }
    Ok(rows)
}

/// The names of each task's metrics, the main one first.
fn metrics(scores: &Value) -> Value {
    let tasks = scores.as_object().into_iter().flatten();
    let names = |scores: &Value| -> Vec<String> {
        scores.as_object().into_iter().flat_map(|map| map.keys().cloned()).collect()
    };
    tasks
        .map(|(task, scores)| (task.clone(), names(scores).into()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// The resolved configuration and the environment of a run, flat: values that may differ between runs
/// with equal settings.
pub fn details(lua: &Lua, path: LuaString) -> mlua::Result<mlua::Value> {
    let path = paths::from_lua(&path);
    let mut details = Entry::read(&path).and_then(|entry| entry.config().ok()).unwrap_or_default();
    details.extend(environment_of(&path));
    let cell = read_json(&path.join(CELL)).unwrap_or_default();
    if let Some(code) = cell["code_sha256"].as_str() {
        details.insert("code".into(), code.into());
    }
    lua.to_value_with(&details, plain())
}

/// The predictions of an evaluation, `test` or `test.only-src0`: one row per task; nil if there are none.
/// A damaged file is named once and omitted.
pub fn answers(lua: &Lua, (path, name): (LuaString, String)) -> mlua::Result<mlua::Value> {
    let file = paths::from_lua(&path).join(PREDICTIONS).join(format!("{name}.jsonl.gz"));
    if !file.exists() {
        return Ok(mlua::Value::Nil);
    }
    match predictions::read(&file) {
        Ok(tasks) => lua.to_value_with(&tasks, plain()),
        Err(e) => {
            notice::say_once(&format!("note: predictions are omitted: {e}"));
            Ok(mlua::Value::Nil)
        }
    }
}

/// A number of each step of a run (`loss`, `lr.router`), averaged over `points` equal parts of the
/// steps: { steps, values }; `false` for a part without values. A damaged file is named once and omitted.
pub fn curve(
    lua: &Lua,
    (path, key, points): (LuaString, String, usize),
) -> mlua::Result<(Table, Table)> {
    let (steps, values) = (lua.create_table()?, lua.create_table()?);
    if let Some(entry) = Entry::read(&paths::from_lua(&path)) {
        let lines = entry.metrics().unwrap_or_else(|e| {
            notice::say_once(&format!("note: the curves of a run are omitted: {e}"));
            Vec::new()
        });
        for (step, value) in thinned(&lines, &key, points) {
            steps.raw_push(step)?;
            match value {
                Some(value) => values.raw_push(value)?,
                None => values.raw_push(false)?,
            }
        }
    }
    Ok((steps, values))
}

/// Converts JSON to plain Lua tables: null becomes nil.
pub fn plain() -> SerializeOptions {
    SerializeOptions::new().set_array_metatable(false).serialize_unit_to_null(false)
}
