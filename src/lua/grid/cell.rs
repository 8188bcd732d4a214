//! Runs one cell.

use super::log::Log;
use super::search::Search;
use super::told;
use super::work::{Work, interrupted};
use crate::hook;
use crate::random;
use crate::recorded::plain as plain_tables;
use crate::session::{Again, Mode, Session, fresh_id};
use crate::{Error, Result};
use compt_base::files::json::read_json;
use compt_base::guard::words;
use compt_base::notice;
use compt_study::interrupt;
use compt_study::records::claim::Claim;
use compt_study::records::folder::SESSION;
use compt_study::sweep::{Cell, Outcome};
use mlua::{Lua, LuaSerdeExt, Value};
use serde_json::json;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Instant;

impl Work<'_> {
    /// Runs one cell, and returns whether it succeeded. Its errors are recorded in it; a returned error is
    /// an interrupt or a failure to record.
    pub(super) fn one(
        &self,
        lua: &Lua,
        cell: &Cell,
        claim: Option<&Claim>,
        again: Option<Rc<Again>>,
    ) -> Result<bool> {
        let records = again.as_ref().is_none_or(|again| again.mode == Mode::Resume);
        if records {
            cell.begin(self.output)?;
        }
        let log = (!self.alone).then(|| Log::open(&cell.folder)).transpose()?;
        let start = Instant::now();
        if let (Some(search), None) = (self.search, &again) {
            search.continue_runs(cell, self.name)?;
        }
        let before = enter(lua, cell, again, self.search);
        let done = catch_unwind(AssertUnwindSafe(|| self.call(lua, cell)));
        let (unrecorded, refused) = leave(lua, before);
        if let (true, Some(why)) = (records, refused) {
            return Err(Error::new(why));
        }
        lua.gc_collect().and_then(|()| lua.gc_collect()).map_err(|e| Error::new(e.to_string()))?;
        let outcome = match done {
            // No run was made: the script ended to replay or to evaluate.
            Ok(Err(error)) if !records && !interrupt::requested() && !hook::is_stopped(lua) => {
                return Err(told(lua, &error));
            }
            _ if !records => return Ok(true),
            Ok(Ok(_)) if !unrecorded.is_empty() => Outcome::Failed(unrecorded.join("\n")),
            Ok(Ok(values)) => Outcome::Finished(values),
            _ if interrupt::requested() => return Err(interrupted()),
            Ok(Err(error)) => Outcome::Failed(told(lua, &error).to_string()),
            Err(panic) => {
                Outcome::Failed(format!("an internal error of compt: {}", words(&*panic)))
            }
        };
        if let Outcome::Failed(error) = &outcome {
            notice::say(&format!("{}: failed: {error}", cell.folder.display()));
            if log.is_some() {
                drop(log);
                let first = error.lines().next().unwrap_or_default();
                self.say(&format!("{}: failed: {first}", cell.folder.display()));
            }
        }
        if claim.is_some_and(|claim| !claim.holds()) {
            notice::say(&format!("{}: another process took it over", cell.folder.display()));
            return Ok(false);
        }
        cell.end(&outcome, start.elapsed().as_secs_f64())?;
        Ok(matches!(outcome, Outcome::Finished(_)))
    }

    /// The return value of `run(settings)`, as plain data.
    fn call(&self, lua: &Lua, cell: &Cell) -> mlua::Result<serde_json::Value> {
        let settings = lua.to_value_with(&cell.basis.settings, plain_tables())?;
        let values: Value = self.run.call(settings)?;
        let mut values: serde_json::Value = lua.from_value(values).map_err(|e| {
            let what = e.to_string();
            Error::new(format!("'run' returned a value that is not plain data: {what}"))
                .hint("tensor:tolist() converts a tensor to a table")
        })?;
        without_predictions(&mut values);
        Ok(values)
    }
}

/// Removes predictions, which have files of their own.
fn without_predictions(value: &mut serde_json::Value) {
    if let Some(map) = value.as_object_mut() {
        if map.contains_key("scores") {
            map.shift_remove("predictions");
        }
        map.values_mut().for_each(without_predictions);
    }
}

/// Enters the session of a cell, which is the same in every process and after any other cell. Returns
/// the previous session.
fn enter(
    lua: &Lua,
    cell: &Cell,
    again: Option<Rc<Again>>,
    search: Option<&Search>,
) -> Option<Session> {
    let mut session = lua.app_data_mut::<Session>()?;
    let before = session.clone();
    let seed = cell.basis.settings.get("seed").and_then(|seed| seed.as_u64());
    let (folders, id) = earlier(&cell.folder);
    session.out = Some(cell.folder.clone());
    session.seed = seed.unwrap_or(session.seed);
    session.trainers = 0;
    session.unrecorded = Vec::new();
    session.cell = Some(as_recorded(cell));
    session.trial = search.map(|search| search.trial(cell));
    session.id = id.unwrap_or_else(fresh_id);
    session.again = again.or_else(|| {
        (!folders.is_empty()).then(|| {
            let mut resumed = Again::new(Mode::Resume, folders);
            // A grid with args = false says that its cells read their settings only.
            if cell.basis.session["args"].is_null() {
                resumed.may_differ.push("args");
            }
            Rc::new(resumed)
        })
    });
    let seed = session.seed;
    drop(session);
    tch::manual_seed(seed as i64);
    random::seed(lua, seed);
    Some(before)
}

/// The records that could not be written, and why the trials of a search are wrong.
fn leave(lua: &Lua, before: Option<Session>) -> (Vec<String>, Option<String>) {
    let Some(mut session) = lua.app_data_mut::<Session>() else { return (Vec::new(), None) };
    let told = (std::mem::take(&mut session.unrecorded), session.refused.take());
    if let Some(before) = before {
        *session = before;
    }
    told
}

/// A cell in the `session.json` of its runs.
pub(super) fn as_recorded(cell: &Cell) -> serde_json::Value {
    json!({ "id": cell.id, "settings": cell.basis.settings })
}

/// The runs that an earlier process made in a cell, and the name of its session.
fn earlier(folder: &Path) -> (BTreeMap<usize, PathBuf>, Option<String>) {
    let below = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path());
    let mut id = None;
    let runs = below.chain([folder.to_path_buf()]).filter_map(|path| {
        let record = read_json(&path.join(SESSION)).ok()?;
        id = record["session"].as_str().map(String::from);
        Some((record["trainer"].as_u64()? as usize, path))
    });
    (runs.collect(), id)
}
