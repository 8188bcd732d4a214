//! What a run's `config.json` says of its method, its operator and its tasks.

use compt_core::data::{Form, Part, Remarks, Task, TaskSet};
use compt_core::files::source::sha256;
use compt_core::train::Stage;
use mlua::{Lua, LuaSerdeExt, Table, Value};
use serde_json::json;
use std::collections::BTreeMap;

/// Which tasks, how their rows were drawn and become text, from which files, and what was told of them.
pub fn tasks(tasks: &TaskSet) -> serde_json::Value {
    let mut about = drawn(tasks);
    about["forms"] = json!(forms(tasks));
    about["files"] = files(tasks);
    let skipped = |r: &Remarks| (!r.skipped.is_empty()).then(|| json!(r.skipped));
    about["skipped"] = json!(remarks(tasks, skipped));
    about["shared"] = json!(remarks(tasks, |r| (r.shared > 0).then(|| json!(r.shared))));
    about
}

/// The operator's name and its parameters, where it has some.
pub fn operator(stages: &[Stage]) -> Option<serde_json::Value> {
    let operator = &stages.first()?.learner.as_ref()?.composition()?.operator;
    let parameters = operator.parameters();
    let shapes = parameters.iter().map(|(name, tensor)| (name.clone(), json!(tensor.size())));
    let shapes: serde_json::Map<_, _> = shapes.collect();
    (!shapes.is_empty()).then(|| json!({ "name": operator.name(), "parameters": shapes }))
}

/// Which tasks, how their rows were drawn, and a hash of each one's rows. Tasks that were added up have
/// their `parts`, too.
pub fn drawn(tasks: &TaskSet) -> serde_json::Value {
    let mut about = json!({ "set": tasks.name, "names": tasks.names(),
        "shots": tasks.shared(|part| part.shots).flatten(),
        "per": tasks.shared(|part| part.per.name()), "seed": tasks.shared(|part| part.seed),
        "rows": rows_hashes(tasks) });
    if tasks.parts().count() > 1 {
        let part = |(part, of): (&Part, &[Task])| {
            json!({ "set": part.name, "names": of.iter().map(|task| &task.name).collect::<Vec<_>>(),
                "shots": part.shots, "per": part.per.name(), "seed": part.seed })
        };
        about["parts"] = tasks.parts().map(part).collect();
    }
    about
}

/// How each task's rows become text, for `compt predict`.
fn forms(tasks: &TaskSet) -> BTreeMap<String, Form> {
    let plain = tasks.tasks.iter().filter_map(|t| Some((t.name.clone(), t.form.clone()?)));
    plain.collect()
}

/// Where each task's rows were read from: paths, or files of the hub at a revision.
fn files(tasks: &TaskSet) -> serde_json::Value {
    let read = tasks.tasks.iter().filter(|task| !task.origins.is_empty());
    let read = read.map(|task| (task.name.clone(), json!(task.origins)));
    read.collect::<serde_json::Map<_, _>>().into()
}

/// Of each task of which there is something to record of this kind: rows of a split that were left out
/// for want of a label or text, test rows that stand among the training rows.
fn remarks(
    tasks: &TaskSet,
    of: impl Fn(&Remarks) -> Option<serde_json::Value>,
) -> BTreeMap<String, serde_json::Value> {
    let some = tasks.tasks.iter().filter_map(|task| Some((task.name.clone(), of(&task.remarks)?)));
    some.collect()
}

/// A hash of each task's rows.
fn rows_hashes(tasks: &TaskSet) -> serde_json::Value {
    let hashes = tasks.tasks.iter().map(|t| (t.name.clone(), sha256(t.text().as_bytes()).into()));
    hashes.collect::<serde_json::Map<_, _>>().into()
}

/// A method as plain data for the record; functions become their kind.
pub fn plain(lua: &Lua, table: &Table) -> mlua::Result<serde_json::Value> {
    let mut map = serde_json::Map::new();
    for pair in table.pairs::<String, Value>() {
        let (key, value) = pair?;
        map.insert(key, plain_value(lua, &value)?);
    }
    map.sort_keys();
    Ok(map.into())
}

pub fn plain_value(lua: &Lua, value: &Value) -> mlua::Result<serde_json::Value> {
    match value {
        Value::Function(_) => Ok("(a function)".into()),
        Value::UserData(_) => Ok(value.to_string()?.lines().next().unwrap_or_default().into()),
        Value::Table(list) if list.raw_len() > 0 => {
            let values = list.sequence_values::<Value>();
            values.map(|value| plain_value(lua, &value?)).collect()
        }
        Value::Table(table) => plain(lua, table),
        other => lua.from_value(other.clone()),
    }
}
