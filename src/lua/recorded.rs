//! Recorded runs as Lua tables, for the library's `compt.runs`.

use compt_base::data::predictions;
use compt_base::files::json::read_json;
use compt_base::stop;
use compt_study::records::catalog::{Entry, find, scores};
use compt_study::records::curve::thinned;
use compt_study::records::environment::environment_of;
use compt_study::records::folder::{CELL, PREDICTIONS};
use mlua::serde::SerializeOptions;
use mlua::{Lua, LuaSerdeExt, Table};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The runs at or below some paths: one row each, with state, settings, scores and values.
pub fn runs(lua: &Lua, paths: Vec<String>) -> mlua::Result<Table> {
    let paths: Vec<PathBuf> = paths.into_iter().map(PathBuf::from).collect();
    rows(lua, &find(&paths)?)
}

fn rows(lua: &Lua, entries: &[Entry]) -> mlua::Result<Table> {
    let rows = lua.create_table()?;
    for entry in entries {
        stop::check()?;
        let (values, result) = (entry.values(), entry.result());
        let scores = scores(&values, &result);
        let row = json!({
            "path": entry.path, "name": entry.name(), "state": entry.state.name(),
            "error": entry.error, "settings": entry.settings(), "scores": scores,
            "metrics": metrics(&scores), "average": entry.average,
            "counts": result["counts"], "looks": result["evaluations"], "steps": entry.steps,
            "seconds": entry.seconds, "values": values, "tags": entry.tags,
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
    tasks
        .map(|(task, scores)| (task.clone(), names(scores).into()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// The resolved configuration and the environment of a run, flat: values that may differ between runs
/// with equal settings.
pub fn details(lua: &Lua, path: String) -> mlua::Result<mlua::Value> {
    let mut details =
        Entry::read(Path::new(&path)).and_then(|entry| entry.config().ok()).unwrap_or_default();
    details.extend(environment_of(Path::new(&path)));
    let cell = read_json(&Path::new(&path).join(CELL)).unwrap_or_default();
    if let Some(code) = cell["code_sha256"].as_str() {
        details.insert("code".into(), code.into());
    }
    lua.to_value_with(&details, plain())
}

/// The predictions of an evaluation, `test` or `test.only-src0`: one row per task; nil if there are none.
pub fn answers(lua: &Lua, (path, name): (String, String)) -> mlua::Result<mlua::Value> {
    let file = Path::new(&path).join(PREDICTIONS).join(format!("{name}.jsonl.gz"));
    if !file.exists() {
        return Ok(mlua::Value::Nil);
    }
    lua.to_value_with(&predictions::read(&file)?, plain())
}

/// A number of each step of a run (`loss`, `lr.router`), averaged over `points` equal parts of the
/// steps: { steps, values }; `false` for a part without values.
pub fn curve(
    lua: &Lua,
    (path, key, points): (String, String, usize),
) -> mlua::Result<(Table, Table)> {
    let (steps, values) = (lua.create_table()?, lua.create_table()?);
    if let Some(entry) = Entry::read(Path::new(&path)) {
        for (step, value) in thinned(&entry.metrics()?, &key, points) {
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
