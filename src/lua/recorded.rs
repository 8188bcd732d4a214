//! Recorded runs as Lua tables, for the library's `compt.runs`.

use super::paths;
use compt_base::data::predictions::{self, Predictions};
use compt_base::files::json::read_json;
use compt_base::frame::{Cell, Format, Frame};
use compt_base::metric::{Answers, Metric};
use compt_base::notice;
use compt_base::stop;
use compt_study::records::catalog::{Entry, find, read_all, scores};
use compt_study::records::curve;
use compt_study::records::environment::environment_of;
use compt_study::records::folder::{CELL, PREDICTIONS};
use compt_study::tables;
use mlua::serde::SerializeOptions;
use mlua::{Lua, LuaSerdeExt, LuaString, Table};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
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
    match answered(&path, &name) {
        Some(tasks) => lua.to_value_with(&tasks, plain()),
        None => Ok(mlua::Value::Nil),
    }
}

fn answered(path: &LuaString, name: &str) -> Option<Vec<Predictions>> {
    let file = paths::from_lua(path).join(PREDICTIONS).join(format!("{name}.jsonl.gz"));
    if !file.exists() {
        return None;
    }
    let note = |e| notice::say_once(&format!("note: predictions are omitted: {e}"));
    predictions::read(&file).map_err(note).ok()
}

/// What each row adds to the scores of an evaluation (see [`Metric::by_row`]): task -> { keys, values } for the
/// tasks that have a metric in `metrics`. Rows with the same text and label have the same key in each run;
/// the second of two equal rows has another. Empty if there are no predictions; without the tasks whose metric is
/// of the user or of groups of rows.
pub fn row_scores(
    lua: &Lua,
    (path, name, metrics): (LuaString, String, HashMap<String, String>),
) -> mlua::Result<Table> {
    let found = lua.create_table()?;
    for task in answered(&path, &name).unwrap_or_default() {
        stop::check()?;
        let Some(metric) = metrics.get(&task.task) else { continue };
        let references = task.right();
        let answers = Answers {
            predictions: &task.prediction,
            references: &references,
            words: &task.labels,
            groups: &[],
            rows: &[],
        };
        let values = Metric::parse(metric).ok().and_then(|metric| metric.by_row(&answers));
        let Some(values) = values else { continue };
        let rows = lua.create_table()?;
        rows.raw_set("keys", keys(&task))?;
        rows.raw_set("values", values)?;
        found.raw_set(task.task, rows)?;
    }
    Ok(found)
}

/// A key of each row, from its text, its label and the number of equal rows before it.
fn keys(task: &Predictions) -> Vec<i64> {
    let mut before = HashMap::new();
    task.text
        .iter()
        .zip(&task.label)
        .map(|row| {
            let count = before.entry(row).or_insert(0_u32);
            *count += 1;
            let mut hasher = DefaultHasher::new();
            (row, *count).hash(&mut hasher);
            hasher.finish() as i64
        })
        .collect()
}

/// The values of a name over the steps of a run, as [`curve::recorded`]: { steps, values }; `false` for a part without
/// values. A damaged file is named once and omitted.
pub fn curve(
    lua: &Lua,
    (path, name, points): (LuaString, String, usize),
) -> mlua::Result<(Table, Table)> {
    let (steps, values) = (lua.create_table()?, lua.create_table()?);
    for (step, value) in readable(&path, |entry| curve::recorded(entry, &name, points)) {
        steps.raw_push(step)?;
        match value {
            Some(value) => values.raw_push(value)?,
            None => values.raw_push(false)?,
        }
    }
    Ok((steps, values))
}

/// The names of all values that a run has recorded over its steps.
pub fn names(_: &Lua, path: LuaString) -> mlua::Result<Vec<String>> {
    Ok(readable(&path, curve::names))
}

/// What is read of a run; a damaged record is named once and omitted.
fn readable<T>(path: &LuaString, read: impl Fn(&Entry) -> crate::Result<Vec<T>>) -> Vec<T> {
    let Some(entry) = Entry::read(&paths::from_lua(path)) else { return Vec::new() };
    read(&entry).unwrap_or_else(|e| {
        notice::say_once(&format!("note: the curves of a run are omitted: {e}"));
        Vec::new()
    })
}

/// The newest evaluation during training: { step, average, scores = { task = percent } }; nil if there is none. A damaged
/// file is named once.
pub fn newest(lua: &Lua, path: LuaString) -> mlua::Result<mlua::Value> {
    let Some(entry) = Entry::read(&paths::from_lua(&path)) else { return Ok(mlua::Value::Nil) };
    let found = entry.evaluations().unwrap_or_else(|e| {
        notice::say_once(&format!("note: the evaluations of a run are omitted: {e}"));
        Vec::new()
    });
    match found.last() {
        Some(last) => lua.to_value_with(last, plain()),
        None => Ok(mlua::Value::Nil),
    }
}

/// The rows of a table of runs as Lua tables without their missing values, and the names of its columns in order.
pub fn table_rows(
    lua: &Lua,
    (runs, table): (Vec<LuaString>, String),
) -> mlua::Result<(Table, Vec<String>)> {
    let frame = frame(&runs, &table)?;
    let rows = lua.create_table_with_capacity(frame.rows(), 0)?;
    for i in 0..frame.rows() {
        let row = lua.create_table()?;
        for (name, cell) in frame.row(i) {
            match cell {
                Cell::Missing => {}
                Cell::Flag(flag) => row.raw_set(name, *flag)?,
                Cell::Whole(n) => row.raw_set(name, *n)?,
                Cell::Number(x) => row.raw_set(name, *x)?,
                Cell::Text(text) => row.raw_set(name, &**text)?,
                Cell::Nested(value) => {
                    row.raw_set(name, lua.to_value_with(value.as_ref(), plain())?)?;
                }
            }
        }
        rows.raw_push(row)?;
    }
    Ok((rows, frame.names().map(String::from).collect()))
}

/// A table of runs as the content of a file.
pub fn table_bytes(
    lua: &Lua,
    (runs, table, format, raw): (Vec<LuaString>, String, String, bool),
) -> mlua::Result<LuaString> {
    lua.create_string(frame(&runs, &table)?.bytes(Format::parse(&format)?, raw)?)
}

fn frame(runs: &[LuaString], table: &str) -> crate::Result<Frame> {
    let paths: Vec<PathBuf> = runs.iter().map(paths::from_lua).collect();
    let read = read_all(&paths);
    for (path, _) in paths.iter().zip(&read).filter(|(_, entry)| entry.is_none()) {
        notice::say_once(&format!("note: {} is left out: the run has not begun", path.display()));
    }
    let entries: Vec<Entry> = read.into_iter().flatten().collect();
    let (frame, notes) = tables::Table::parse(table)?.of(&entries)?;
    tables::say(&notes);
    Ok(frame)
}

/// Converts JSON to plain Lua tables: null becomes nil.
pub fn plain() -> SerializeOptions {
    SerializeOptions::new().set_array_metatable(false).serialize_unit_to_null(false)
}
