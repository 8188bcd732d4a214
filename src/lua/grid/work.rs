//! One process at work on a grid: a cell after the other, of those that nobody else has.

use super::told;
use crate::guard::words;
use crate::interrupt::{self, Interrupted};
use crate::lua::random;
use crate::lua::recorded::plain as plain_tables;
use crate::lua::session::{Again, Mode, Session, fresh_id};
use crate::notice;
use crate::run::claim::{Taken, claim, holder};
use crate::run::files::read_json;
use crate::run::folder::{CELL, LOG, SESSION};
use crate::run::progress::span;
use crate::sweep::{Cell, Estimate, Outcome, Plan, State, described};
use crate::{Error, Result};
use mlua::{Function, Lua, LuaSerdeExt, Value};
use serde_json::json;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::fd::AsRawFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant};

const PAUSE: Duration = Duration::from_millis(300);

/// How long a cell may be finished by its log while its record does not say so: a network file system
/// shows it late.
const UNSEEN: Duration = Duration::from_secs(180);

/// One process at work on a grid's cells.
pub struct Work<'a> {
    pub name: &'a str,
    pub run: &'a Function,
    /// Cells that failed since are left.
    pub began: f64,
    /// What cells say is said on the screen, and the cells of others are waited for. Else it goes to
    /// the cells' logs, and they are left to the others.
    pub alone: bool,
    /// The file of what this process says, if there is one.
    pub output: Option<&'a Path>,
}

impl Work<'_> {
    /// Runs what is not finished of a plan, until nothing is that this process may run.
    pub fn through(&self, lua: &Lua, plan: &Plan) -> Result<()> {
        let cells = &plan.cells;
        // It reads all there is: a process that runs one cell of thousands does without.
        let mut estimate =
            if self.alone { Estimate::of(&plan.head.out) } else { Estimate::default() };
        let finished: HashSet<&String> =
            cells.iter().filter(|cell| self.is_over(cell)).map(|cell| &cell.id).collect();
        let mut failed = 0;
        let mut waits: Option<Instant> = None;
        loop {
            let (mut others, mut unseen, mut worked) = (0, 0, false);
            for (i, cell) in cells.iter().enumerate() {
                if self.is_over(cell) {
                    continue;
                }
                let claim = match claim(&cell.folder)? {
                    Taken::Mine(claim) => claim,
                    Taken::Held => {
                        others += usize::from(self.waits_for(cell));
                        continue;
                    }
                    Taken::Finished => {
                        (others, unseen) = (others + 1, unseen + 1);
                        continue;
                    }
                };
                // Another one may have ended it between the look and the claim.
                match cell.end_of() {
                    Some(State::Finished) => {
                        claim.finish()?;
                        continue;
                    }
                    Some(State::Failed(_, at)) if at >= self.began => continue,
                    _ => {}
                }
                let ahead = cells[i..].iter().filter(|cell| !finished.contains(&cell.id));
                let left = ahead.map(|cell| estimate.seconds(&cell.basis.settings)).sum();
                self.tell(cells, i, failed, left);
                let start = Instant::now();
                let well = self.one(lua, cell, None)?;
                failed += usize::from(!well);
                estimate.add(&cell.basis.settings, start.elapsed().as_secs_f64());
                if well && !claim.finish()? {
                    notice::say(&format!(
                        "{}: another process took it over",
                        cell.folder.display()
                    ));
                }
                worked = true;
            }
            if others == 0 {
                return Ok(());
            }
            if worked {
                continue;
            }
            let since = *waits.get_or_insert_with(|| {
                notice::say(&format!("{}: waits for {others} runs of other processes", self.name));
                Instant::now()
            });
            if unseen == others && since.elapsed() > UNSEEN {
                return Err(Error::new("runs were finished whose cell.json does not say so")
                    .at(plan.head.out.display())
                    .hint("remove the folders of runs that `compt runs` does not call finished"));
            }
            std::thread::sleep(PAUSE);
            if interrupt::requested() {
                return Err(interrupted());
            }
        }
    }

    /// Whether to wait for a cell that another process has, or may have.
    fn waits_for(&self, cell: &Cell) -> bool {
        if self.alone {
            return true;
        }
        let other = holder(&cell.folder);
        if let Some(other) = &other {
            notice::say(&format!("{}: left to {other}", cell.folder.display()));
        }
        // Somebody was just beginning, or ending: it is soon seen.
        other.is_none()
    }

    fn is_over(&self, cell: &Cell) -> bool {
        match cell.end_of() {
            Some(State::Failed(_, at)) => at >= self.began,
            Some(_) => true,
            None => false,
        }
    }

    fn tell(&self, cells: &[Cell], i: usize, failed: usize, left: Option<f64>) {
        let mut line = format!("{}: run {} of {}", self.name, i + 1, cells.len());
        if failed > 0 {
            line.push_str(&format!(", {failed} failed"));
        }
        if let Some(left) = left {
            line.push_str(&format!(", about {} left", span(left)));
        }
        line.push_str(&format!(": {}", described(&cells[i].basis.settings)));
        if !self.alone {
            line.push_str(&format!(" ({})", cells[i].folder.join(LOG).display()));
        }
        notice::say(&line);
    }
    /// Runs a cell that was run before: to go on with it, to compare or to evaluate it. Tells whether
    /// it went well.
    pub fn again(&self, lua: &Lua, cell: &Cell, again: &Rc<Again>) -> Result<bool> {
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
            Mode::Resume => match claim(&cell.folder)? {
                Taken::Mine(claim) => Some(claim),
                _ => {
                    let what = Error::new("another process works on it now, or has finished it");
                    return Err(what.at(cell.folder.display()));
                }
            },
            _ => None,
        };
        let well = self.one(lua, &cell, Some(again.clone()))?;
        if let Some(claim) = claim.filter(|_| well) {
            claim.finish()?;
        }
        Ok(well)
    }

    /// Runs one cell, and tells whether it went well. Whatever is wrong with it is its own; an error is an
    /// interrupt, or that nothing can be recorded.
    fn one(&self, lua: &Lua, cell: &Cell, again: Option<Rc<Again>>) -> Result<bool> {
        let records = again.as_ref().is_none_or(|again| again.mode == Mode::Resume);
        if records {
            cell.begin(self.output)?;
        }
        let log = (!self.alone).then(|| Log::open(&cell.folder)).transpose()?;
        let start = Instant::now();
        let before = enter(lua, cell, again);
        let done = catch_unwind(AssertUnwindSafe(|| self.call(lua, cell)));
        let unrecorded = leave(lua, before);
        lua.gc_collect().and_then(|()| lua.gc_collect()).map_err(|e| Error::new(e.to_string()))?;
        let outcome = match done {
            // Nothing was made: the script ended to compare or to evaluate.
            Ok(Err(error)) if !records && !interrupt::requested() => {
                return Err(told(lua, &error));
            }
            _ if !records => return Ok(true),
            Ok(Ok(_)) if !unrecorded.is_empty() => Outcome::Failed(unrecorded.join("\n")),
            Ok(Ok(values)) => Outcome::Finished(values),
            _ if interrupt::requested() => return Err(interrupted()),
            Ok(Err(error)) => Outcome::Failed(told(lua, &error).to_string()),
            Err(panic) => Outcome::Failed(format!("a fault in compt itself: {}", words(&*panic))),
        };
        if let Outcome::Failed(error) = &outcome {
            notice::say(&format!("{}: failed: {error}", cell.folder.display()));
            if log.is_some() {
                drop(log);
                let first = error.lines().next().unwrap_or_default();
                notice::say(&format!("{}: failed: {first}", cell.folder.display()));
            }
        }
        cell.end(&outcome, start.elapsed().as_secs_f64())?;
        Ok(matches!(outcome, Outcome::Finished(_)))
    }

    /// What `run(settings)` returned, as plain data.
    fn call(&self, lua: &Lua, cell: &Cell) -> mlua::Result<serde_json::Value> {
        let settings = lua.to_value_with(&cell.basis.settings, plain_tables())?;
        let values: Value = self.run.call(settings)?;
        let mut values: serde_json::Value = lua.from_value(values).map_err(|e| {
            let what = e.to_string();
            Error::new(format!("'run' returned what is not plain data: {what}"))
                .hint("tensor:tolist() makes a table of a tensor")
        })?;
        without_predictions(&mut values);
        Ok(values)
    }
}

fn interrupted() -> Error {
    Error::new(Interrupted.to_string())
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

/// What this process says goes to a cell's log as long as this lives: what libraries and panics say,
/// too.
struct Log([i32; 2]);

const OUTPUTS: [i32; 2] = [libc::STDOUT_FILENO, libc::STDERR_FILENO];

impl Log {
    fn open(cell: &Path) -> Result<Log> {
        let path = cell.join(LOG);
        let open = || -> std::io::Result<File> {
            OpenOptions::new().create(true).append(true).open(&path)
        };
        let file = open().map_err(|e| Error::from(e).at(path.display()))?;
        flush();
        // SAFETY: plain system calls on descriptors that are open.
        Ok(Log(OUTPUTS.map(|output| unsafe {
            let before = libc::dup(output);
            libc::dup2(file.as_raw_fd(), output);
            before
        })))
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        flush();
        for (output, before) in OUTPUTS.into_iter().zip(self.0) {
            // SAFETY: as above; the saved descriptors are this value's own.
            unsafe {
                libc::dup2(before, output);
                libc::close(before);
            }
        }
    }
}

/// Brings down what Rust and what Lua have printed.
fn flush() {
    let _ = std::io::stdout().flush();
    // SAFETY: no pointer: every stream.
    unsafe { libc::fflush(std::ptr::null_mut()) };
}
