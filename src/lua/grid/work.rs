//! One process at work on a grid: a cell after the other, of those that nobody else has.

use super::Done;
use super::plan::{Plan, described};
use crate::guard::words;
use crate::interrupt::{self, Interrupted};
use crate::lua::failure::Failure;
use crate::lua::random;
use crate::lua::recorded::plain as plain_tables;
use crate::lua::session::{Again, Mode, Session, fresh_id};
use crate::notice;
use crate::run::claim::claim;
use crate::run::files::read_json;
use crate::run::folder::{CELL, SESSION};
use crate::run::progress::span;
use crate::sweep::{Cell, Estimate, Outcome, State};
use crate::{Error, Result};
use mlua::{Lua, LuaSerdeExt, Value};
use serde_json::json;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet};
use std::fs::{File, OpenOptions};
use std::os::fd::AsRawFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// The file of what a cell's run said, where it was not said on the screen.
const LOG: &str = "log.txt";
const PAUSE: Duration = Duration::from_millis(300);

/// Runs what is not finished until nothing is; cells that failed since `began` are left. A `quiet`
/// one of several processes tells what happens in the cells' logs.
pub fn work(lua: &Lua, plan: &Plan, began: f64, quiet: bool) -> Done {
    let mut estimate = Estimate::of(&plan.out);
    let finished: HashSet<&String> =
        plan.cells.iter().filter(|cell| is_over(cell, began)).map(|cell| &cell.id).collect();
    let mut failed = 0;
    let mut waits = false;
    loop {
        let (mut others, mut worked) = (0, false);
        for (i, cell) in plan.cells.iter().enumerate() {
            if is_over(cell, began) {
                continue;
            }
            let Some(claim) = claim(&cell.folder)? else {
                others += 1;
                continue;
            };
            // Another one may have ended it between the look and the claim.
            if is_over(cell, began) {
                continue;
            }
            if !quiet {
                let ahead = plan.cells[i..].iter().filter(|cell| !finished.contains(&cell.id));
                let left = ahead.map(|cell| estimate.seconds(&cell.basis.settings)).sum();
                tell(plan, i, failed, left);
            }
            let start = Instant::now();
            failed += usize::from(!run(lua, plan, cell, quiet, None)?);
            estimate.add(&cell.basis.settings, start.elapsed().as_secs_f64());
            drop(claim);
            worked = true;
        }
        if others == 0 {
            return Ok(());
        }
        if !worked {
            if !waits && !quiet {
                notice::say(&format!("{}: waits for {others} runs of other processes", plan.name));
            }
            waits = true;
            std::thread::sleep(PAUSE);
            if interrupt::requested() {
                return Err(interrupted());
            }
        }
    }
}

/// Runs a cell that was run before: to go on with it, to compare or to evaluate it. Tells whether it
/// went well.
pub fn again(lua: &Lua, plan: &Plan, cell: &Cell, again: &Rc<Again>) -> Result<bool> {
    let is_cell = |folder: &&Path| folder.join(CELL).exists();
    let run_folder = again.folders.values().next().map(PathBuf::as_path);
    let above = run_folder.and_then(Path::parent);
    let folder = run_folder.filter(is_cell).or(above.filter(is_cell)).or(run_folder);
    let cell = Cell { folder: folder.unwrap_or(&cell.folder).to_path_buf(), ..cell.clone() };
    if again.mode == Mode::Resume && cell.end_of() == Some(State::Finished) {
        notice::say(&format!("{}: it is finished already", cell.folder.display()));
        return Ok(true);
    }
    let claim = match again.mode {
        Mode::Resume => Some(claim(&cell.folder)?.ok_or_else(|| {
            Error::new("another process works on it now").at(cell.folder.display())
        })?),
        _ => None,
    };
    let well = run(lua, plan, &cell, false, Some(again.clone()))?;
    drop(claim);
    Ok(well)
}

fn is_over(cell: &Cell, began: f64) -> bool {
    match cell.end_of() {
        Some(State::Failed(_, at)) => at >= began,
        Some(_) => true,
        None => false,
    }
}

fn tell(plan: &Plan, i: usize, failed: usize, left: Option<f64>) {
    let mut line = format!("{}: run {} of {}", plan.name, i + 1, plan.cells.len());
    if failed > 0 {
        line.push_str(&format!(", {failed} failed"));
    }
    if let Some(left) = left {
        line.push_str(&format!(", about {} left", span(left)));
    }
    notice::say(&format!("{line}: {}", described(&plan.cells[i].basis.settings)));
}

/// Runs one cell, and tells whether it went well. Whatever is wrong with it is its own; an error is an
/// interrupt, or that nothing can be recorded.
fn run(lua: &Lua, plan: &Plan, cell: &Cell, quiet: bool, again: Option<Rc<Again>>) -> Result<bool> {
    let records = again.as_ref().is_none_or(|again| again.mode == Mode::Resume);
    if records {
        cell.begin()?;
    }
    let _log = quiet.then(|| Log::open(&cell.folder)).transpose()?;
    let start = Instant::now();
    let before = enter(lua, cell, again);
    let done = catch_unwind(AssertUnwindSafe(|| call(lua, plan, cell)));
    let unrecorded = leave(lua, before);
    lua.gc_collect().and_then(|()| lua.gc_collect()).map_err(|e| Error::new(e.to_string()))?;
    let outcome = match done {
        // Nothing was made: the script ended to compare or to evaluate.
        Ok(Err(error)) if !records && !interrupt::requested() => {
            return Err(Error::new(Failure::in_state(lua, &error).to_string()));
        }
        _ if !records => return Ok(true),
        Ok(Ok(_)) if !unrecorded.is_empty() => Outcome::Failed(unrecorded.join("\n")),
        Ok(Ok(values)) => Outcome::Finished(values),
        _ if interrupt::requested() => return Err(interrupted()),
        Ok(Err(error)) => Outcome::Failed(Failure::in_state(lua, &error).to_string()),
        Err(panic) => Outcome::Failed(format!("a fault in compt itself: {}", words(&*panic))),
    };
    if let Outcome::Failed(error) = &outcome {
        notice::say(&format!("{}: failed: {error}", cell.folder.display()));
    }
    cell.end(&outcome, start.elapsed().as_secs_f64())?;
    Ok(matches!(outcome, Outcome::Finished(_)))
}

fn interrupted() -> Error {
    Error::new(Interrupted.to_string())
}

/// What `run(settings)` returned, as plain data.
fn call(lua: &Lua, plan: &Plan, cell: &Cell) -> mlua::Result<serde_json::Value> {
    let settings = lua.to_value_with(&cell.basis.settings, plain_tables())?;
    let values: Value = plan.run.call(settings)?;
    let mut values: serde_json::Value = lua.from_value(values).map_err(|e| {
        let what = e.to_string();
        Error::new(format!("'run' returned what is not plain data: {what}"))
            .hint("tensor:tolist() makes a table of a tensor")
    })?;
    without_predictions(&mut values);
    Ok(values)
}

/// Single answers have files of their own.
fn without_predictions(value: &mut serde_json::Value) {
    if let Some(map) = value.as_object_mut() {
        if map.contains_key("scores") {
            map.shift_remove("predictions");
        }
        map.values_mut().for_each(without_predictions);
    }
}

/// Makes the session that of a cell, the same in whichever process and after whichever cell; gives
/// the one before.
fn enter(lua: &Lua, cell: &Cell, again: Option<Rc<Again>>) -> Option<Session> {
    let mut session = lua.app_data_mut::<Session>()?;
    let before = session.clone();
    let seed = cell.basis.settings.get("seed").and_then(|seed| seed.as_u64());
    let (folders, id) = earlier(&cell.folder);
    session.out = Some(cell.folder.clone());
    session.seed = seed.unwrap_or(session.seed);
    session.trainers = 0;
    session.unrecorded = Vec::new();
    session.cell = Some(json!({ "id": cell.id, "settings": cell.basis.settings }));
    session.id = id.unwrap_or_else(fresh_id);
    session.again = again.or_else(|| {
        (!folders.is_empty()).then(|| {
            Rc::new(Again {
                mode: Mode::Resume,
                folders,
                cell: None,
                replayed: RefCell::default(),
                evaluation: None,
                evaluated: RefCell::default(),
            })
        })
    });
    let seed = session.seed;
    drop(session);
    tch::manual_seed(seed as i64);
    random::seed(lua, seed);
    Some(before)
}

/// What could not be recorded.
fn leave(lua: &Lua, before: Option<Session>) -> Vec<String> {
    let Some(mut session) = lua.app_data_mut::<Session>() else { return Vec::new() };
    let unrecorded = std::mem::take(&mut session.unrecorded);
    if let Some(before) = before {
        *session = before;
    }
    unrecorded
}

/// The runs an earlier process made in a cell, and what its session was called.
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

/// Standard error goes to a cell's log as long as this lives: what libraries and panics say, too.
struct Log(i32);

impl Log {
    fn open(cell: &Path) -> Result<Log> {
        let path = cell.join(LOG);
        let open = || -> std::io::Result<File> {
            OpenOptions::new().create(true).append(true).open(&path)
        };
        let file = open().map_err(|e| Error::from(e).at(path.display()))?;
        // SAFETY: plain system calls on descriptors that are open.
        unsafe {
            let before = libc::dup(libc::STDERR_FILENO);
            libc::dup2(file.as_raw_fd(), libc::STDERR_FILENO);
            Ok(Log(before))
        }
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        // SAFETY: as above; the saved descriptor is this value's own.
        unsafe {
            libc::dup2(self.0, libc::STDERR_FILENO);
            libc::close(self.0);
        }
    }
}
