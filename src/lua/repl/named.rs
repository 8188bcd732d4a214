//! Names that are known of the session's objects, the library's task sets and the disk: knobs, tasks, parts of a
//! composition, folders of runs.

use super::context::Context;
use crate::doc::Docs;
use crate::stdlib;
use crate::types::{LuaLoadedRun, LuaTrainer, Tasks};
use compt_core::train::knobs::{Each, KNOBS};
use compt_run::Run;
use compt_study::records::folder::{CONFIG, SESSION};
use mlua::{Function, Lua, Table, Value};
use std::path::Path;

/// The names that a place of this type accepts, from the object whose method is called around the cursor.
pub fn names(lua: &Lua, docs: &Docs, context: &Context, kind: &str) -> Vec<String> {
    let receiver = context.receiver(lua, docs);
    let mut names = Vec::new();
    if kind.contains("compt.knob_name") {
        names.extend(of_trainer(&receiver, knobs).unwrap_or_else(plain_knobs));
    }
    if kind.contains("compt.task_name") {
        names.extend(tasks(&receiver).unwrap_or_else(|| {
            let sets = stdlib::modules_in("tasks");
            let named = context.string_argument("compt.tasks").filter(|set| sets.contains(set));
            match named {
                Some(set) => tasks_of_set(lua, &set),
                None => sets.iter().flat_map(|set| tasks_of_set(lua, set)).collect(),
            }
        }));
    }
    if kind.contains("compt.part_name") {
        names.extend(["total", "private", "all_src"].map(String::from));
        names.extend(of_trainer(&receiver, sources).unwrap_or_default());
    }
    names
}

fn of_trainer(receiver: &Option<Value>, names: fn(&Run) -> Vec<String>) -> Option<Vec<String>> {
    let trainer = receiver.as_ref()?.as_userdata()?.borrow::<LuaTrainer>().ok()?;
    Some(names(trainer.of_run()))
}

/// The knobs of a run by full names.
fn knobs(run: &Run) -> Vec<String> {
    let parts = run.trainer().parts();
    let groups: Vec<&str> = parts.groups.iter().map(|group| &*group.name).collect();
    let tasks: Vec<&str> = parts.task_names.iter().map(|name| &**name).collect();
    let full = |knob: &compt_core::train::knobs::Knob| -> Vec<String> {
        let each = match knob.each {
            Each::Run => return vec![knob.name.to_string()],
            Each::Group => &groups,
            Each::Task => &tasks,
        };
        each.iter().map(|name| format!("{}.{name}", knob.name)).collect()
    };
    KNOBS.iter().flat_map(full).collect()
}

/// The knobs without the names of groups and tasks.
fn plain_knobs() -> Vec<String> {
    let name = |knob: &compt_core::train::knobs::Knob| match knob.each {
        Each::Run => knob.name.to_string(),
        Each::Group | Each::Task => format!("{}.", knob.name),
    };
    KNOBS.iter().map(name).collect()
}

fn sources(run: &Run) -> Vec<String> {
    let count = run.trainer().learner().map_or(0, |learner| learner.sources());
    (0..count).map(|i| format!("src{i}")).collect()
}

fn tasks(receiver: &Option<Value>) -> Option<Vec<String>> {
    let object = receiver.as_ref()?.as_userdata()?;
    if let Ok(trainer) = object.borrow::<LuaTrainer>() {
        return Some(trainer.of_run().trainer().parts().task_names.clone());
    }
    if let Ok(run) = object.borrow::<LuaLoadedRun>() {
        return Some(run.tasks());
    }
    let tasks = object.borrow::<Tasks>().ok()?;
    Some(tasks.0.names().into_iter().map(String::from).collect())
}

/// The tasks of a set of the library.
fn tasks_of_set(lua: &Lua, set: &str) -> Vec<String> {
    let order = || -> mlua::Result<Vec<String>> {
        let require: Function = lua.globals().get("require")?;
        require.call::<Table>(format!("compt.tasks.{set}"))?.get("order")
    };
    order().unwrap_or_default()
}

/// Whether a folder is that of a run.
pub fn is_run(folder: &Path) -> bool {
    folder.join(CONFIG).is_file() && folder.join(SESSION).is_file()
}
