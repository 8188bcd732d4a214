//! The trainer of a run, rebuilt from its specification in a Lua state.

use super::failure::{Failure, error_of};
use super::recorded::plain;
use super::reopen::{note_code, note_other_binary, of_source};
use super::session::{Again, Mode, Session};
use super::stdlib;
use super::types::{LuaBackbone, LuaTrainer, without_definitions};
use crate::{Error, Result};
use compt_base::files::json::{read_json, value_path};
use compt_error::Context;
use compt_run::spec::ControlSpec;
use compt_run::{Specification, differences, parts_of};
use compt_study::records::folder::{CONFIG, SESSION};
use mlua::{AnyUserData, Function, Lua, LuaSerdeExt, Table};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// What replaces recorded settings.
pub struct Given<'a> {
    pub device: Option<&'a str>,
    pub backbone: Option<&'a str>,
    pub loaded: Option<LuaBackbone>,
}

/// Rebuilds the trainer of a run with `stdlib/rebuild.lua`.
///
/// # Errors
/// A part of the specification cannot be made; its key in `config.json` is named.
pub fn trainer(
    lua: &Lua,
    run: &Path,
    specification: &Specification,
    given: &Given,
) -> Result<AnyUserData> {
    let parts = parts_of(run, specification)?;
    note_code(run, parts.iter().map(|(_, _, source)| of_source(source)));
    let parts = parts.into_iter().map(|(role, name, source)| {
        (role.option().to_string(), json!({ "name": name, "file": source.path }))
    });
    let parts: serde_json::Map<String, Value> = parts.collect();
    let control = match &specification.control {
        Some(ControlSpec::File(path)) => Some(path.clone()),
        _ => None,
    };
    let plain_given = json!({ "device": given.device, "backbone": given.backbone, "parts": parts,
        "control": control });
    let table = || -> mlua::Result<Table> {
        let table: Table = lua.unpack(lua.to_value_with(&plain_given, plain())?)?;
        table.set("loaded", given.loaded.clone())?;
        Ok(table)
    };
    let given = table().map_err(|e| error_of(&e))?;
    let data = specification.to_json();
    let build = || -> mlua::Result<AnyUserData> {
        let rebuild: Function = stdlib::load(lua, "rebuild.lua")?;
        rebuild.call((lua.to_value_with(&data, plain())?, &given))
    };
    build().map_err(|e| {
        let error = Error::new(Failure::in_state(lua, &e).to_string());
        in_part(error, &data, given.get("at").unwrap_or_default()).at(run.join(CONFIG).display())
    })
}

/// Adds the path of the key in `config.json`: the part that was being made, and the key in it that the error
/// names.
fn in_part(error: Error, specification: &Value, part: Option<String>) -> Error {
    let Some(part) = part else { return error };
    let text = error.to_string();
    let keys = specification[&part].as_object().into_iter().flatten().map(|(key, _)| key);
    match keys.into_iter().find(|key| text.contains(&format!("'{key}'"))) {
        Some(key) => error.at(format!("{part}.{key}")),
        None => error.at(part),
    }
}

/// Settings in which a run that is opened may differ: where it computes, and what only its steps need.
const MAY_DIFFER: [&str; 5] =
    ["backbone.device", "backbone.dtype", "backbone.name", "backbone.revision", "control"];

/// The trainer of a run in the state of a script that goes on, with its newest checkpoint. It makes no steps and
/// writes nothing. `run` is an absolute path.
///
/// # Errors
/// The run needs its script to be rebuilt, a part of it is missing, or it has no checkpoint.
pub fn opened(
    lua: &Lua,
    run: &Path,
    specification: &Specification,
    device: Option<&str>,
    backbone: LuaBackbone,
) -> Result<AnyUserData> {
    let refuse = |why: &str| {
        Error::new(format!("it cannot be rebuilt in this session: {why}"))
            .at(run.display())
            .hint("`compt eval RUN` runs its script again")
    };
    if let Some(why) = specification.needs_script() {
        return Err(refuse(&why));
    }
    note_other_binary(run);
    let record = read_json(&run.join(SESSION))?;
    let number = session(lua, |session| session.trainers) + 1;
    let again = Again {
        may_differ: MAY_DIFFER.to_vec(),
        ..Again::new(Mode::Open { trainer: number }, BTreeMap::from([(number, run.to_path_buf())]))
    };
    let args = record["args"].as_object().cloned().unwrap_or_default();
    let before = session(lua, |session| {
        let args = std::mem::replace(&mut session.args, args);
        (args, session.again.replace(Rc::new(again)), session.trainers)
    });
    let given = Given { device, backbone: None, loaded: Some(backbone) };
    let made = in_folder(value_path(&record["folder"]), || {
        without_definitions(lua, || trainer(lua, run, specification, &given))
            .map_err(|e| error_of(&e))?
    });
    session(lua, |session| (session.args, session.again, session.trainers) = before);
    let made = made?;
    {
        let mut trainer = made.borrow_mut::<LuaTrainer>().map_err(|e| error_of(&e))?;
        let run_of = trainer.run_mut();
        let mut lost = differences(&specification.to_json(), run_of.specification());
        let is_allowed = |change: &str| {
            MAY_DIFFER.iter().any(|key| change.starts_with(key))
                || change.ends_with("different content")
        };
        lost.retain(|change| !is_allowed(change));
        if !lost.is_empty() {
            return Err(refuse(&format!(
                "config.json does not describe it completely ({})",
                lost.join("; ")
            )));
        }
        run_of.begin()?;
    }
    Ok(made)
}

fn session<R>(lua: &Lua, with: impl FnOnce(&mut Session) -> R) -> R {
    with(&mut lua.app_data_mut::<Session>().expect("the runtime was made with one"))
}

/// Calls `work` in the folder in which the run was started, from which its relative paths start, if it exists.
fn in_folder<R>(folder: Option<PathBuf>, work: impl FnOnce() -> Result<R>) -> Result<R> {
    let Some(folder) = folder.filter(|folder| folder.is_dir()) else { return work() };
    let here = std::env::current_dir().at("the working folder")?;
    std::env::set_current_dir(&folder).at(folder.display())?;
    let done = work();
    std::env::set_current_dir(&here).at(here.display())?;
    done
}
