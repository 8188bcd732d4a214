//! One process that works on a grid: it runs unclaimed cells one after the other.

use super::search::Search;
use super::spec::Grid;
use crate::session::{Again, Mode};
use crate::{Error, Result};
use compt_base::notice;
use compt_study::interrupt::{self, Interrupted};
use compt_study::progress::span;
use compt_study::records::claim::{Taken, claim, holder};
use compt_study::records::folder::{CELL, LOG};
use compt_study::sweep::{Cell, CellState, Estimate, Plan, described, now};
use mlua::{Function, Lua};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

const PAUSE: Duration = Duration::from_millis(300);

/// How long a cell may be finished in its log before its record shows it, because of a network file
/// system's delay.
const UNSEEN: Duration = Duration::from_secs(180);

/// A longer plan than before, if there is one.
pub type Longer<'a> = dyn Fn() -> Result<Option<Plan>> + 'a;

/// One process that works on a grid's cells.
pub struct Work<'a> {
    pub name: &'a str,
    pub run: &'a Function,
    /// The search whose trials the cells are.
    pub search: Option<&'a Search>,
    /// Cells that failed after this time are skipped.
    pub began: f64,
    /// If true, cells print to the terminal, and cells of other processes are waited for. Otherwise they write
    /// to the cells' logs, and are left to the other processes.
    pub alone: bool,
    /// Another process reports progress.
    pub silent: bool,
    /// The file with the output of this process, if there is one.
    pub output: Option<&'a Path>,
}

impl<'a> Work<'a> {
    /// For a process without a supervising process.
    pub fn alone(grid: &'a Grid) -> Work<'a> {
        let Grid { name, run, search, .. } = grid;
        let search = search.as_ref();
        let began = search.map_or_else(now, |_| began());
        Work { name, run, search, began, alone: true, silent: false, output: None }
    }
}

impl Work<'_> {
    /// Runs the unfinished cells of a plan, until none remains that this process may run. With `longer`, results may
    /// make the plan longer.
    pub fn through(&self, lua: &Lua, plan: &Plan, longer: Option<&Longer>) -> Result<()> {
        let mut plan = plan.clone();
        // The estimate reads all records: a process that runs one cell of thousands omits it.
        let mut estimate =
            if self.alone { Estimate::of(&plan.head.out) } else { Estimate::default() };
        let finished: HashSet<String> =
            plan.cells.iter().filter(|c| self.is_over(c)).map(|cell| cell.id.clone()).collect();
        let mut failed = 0;
        let (mut waits, mut unseen_since) = (false, None);
        loop {
            let grown = longer.map_or(Ok(None), |longer| longer())?;
            plan = grown.unwrap_or(plan);
            let mut cells: Vec<&Cell> = plan.cells.iter().collect();
            if let Some(search) = self.search {
                cells.sort_by(|a, b| search.share(b).total_cmp(&search.share(a)));
            }
            let (mut others, mut unseen, mut worked) = (0, 0, false);
            for (i, cell) in cells.iter().copied().enumerate() {
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
                // Another process may have finished it since the check.
                match cell.end_of() {
                    Some(CellState::Finished) => {
                        claim.finish()?;
                        continue;
                    }
                    Some(CellState::Failed(_, at)) if at >= self.began => continue,
                    _ => {}
                }
                let ahead = cells[i..].iter().filter(|cell| !finished.contains(&cell.id));
                let left = ahead.map(|cell| estimate.seconds(&cell.basis.settings)).sum();
                self.tell(cell, plan.head.runs, failed, left);
                let start = Instant::now();
                let well = self.one(lua, cell, Some(&claim), None)?;
                failed += usize::from(!well);
                estimate.add(&cell.basis.settings, start.elapsed().as_secs_f64());
                if well && !claim.finish()? {
                    self.say(&format!("{}: another process took it over", cell.folder.display()));
                }
                worked = true;
                // What goes on comes first.
                if longer.is_some() {
                    break;
                }
            }
            if worked && (longer.is_some() || others > 0) {
                continue;
            }
            if others == 0 {
                match longer.map_or(Ok(None), |longer| longer())? {
                    Some(grown) => plan = grown,
                    None => return Ok(()),
                }
                continue;
            }
            if !waits {
                self.say(&format!("{}: waits for {others} runs of other processes", self.name));
            }
            waits = true;
            if unseen < others {
                unseen_since = None;
            } else if unseen_since.get_or_insert_with(Instant::now).elapsed() > UNSEEN {
                return Err(Error::new(
                    "some finished runs are not marked as finished in their cell.json",
                )
                .at(plan.head.out.display())
                .hint("remove the folders of runs that `compt runs` does not call finished"));
            }
            std::thread::sleep(PAUSE);
            if interrupt::requested() {
                return Err(interrupted());
            }
        }
    }

    /// Whether to wait for a cell that another process holds, or may hold.
    fn waits_for(&self, cell: &Cell) -> bool {
        if self.alone {
            return true;
        }
        let other = holder(&cell.folder);
        if let Some(other) = &other {
            self.say(&format!("{}: skipped, it is run by {other}", cell.folder.display()));
        }
        // Another process is just starting or ending; its state will soon be visible.
        other.is_none()
    }

    fn is_over(&self, cell: &Cell) -> bool {
        match cell.end_of() {
            Some(CellState::Failed(_, at)) => at >= self.began,
            Some(_) => true,
            None => false,
        }
    }

    pub(super) fn say(&self, line: &str) {
        if !self.silent {
            notice::say(line);
        }
    }

    fn tell(&self, cell: &Cell, of: usize, failed: usize, left: Option<f64>) {
        let mut line = format!("{}: run {} of {of}", self.name, cell.number);
        if failed > 0 {
            line.push_str(&format!(", {failed} failed"));
        }
        if let Some(left) = left {
            line.push_str(&format!(", about {} left", span(left)));
        }
        line.push_str(&format!(": {}", described(&cell.basis.settings)));
        if !self.alone {
            line.push_str(&format!(" ({})", cell.folder.join(LOG).display()));
        }
        self.say(&line);
    }

    /// Runs a cell again, to resume, replay or evaluate it. Returns whether
    /// it succeeded.
    pub fn again(&self, lua: &Lua, cell: &Cell, again: &Rc<Again>) -> Result<bool> {
        let is_cell = |folder: &&Path| folder.join(CELL).exists();
        let run_folder = again.folders.values().next().map(PathBuf::as_path);
        let above = run_folder.and_then(Path::parent);
        let folder = run_folder.filter(is_cell).or(above.filter(is_cell)).or(run_folder);
        let cell = Cell { folder: folder.unwrap_or(&cell.folder).to_path_buf(), ..cell.clone() };
        if again.mode == Mode::Resume && cell.end_of() == Some(CellState::Finished) {
            self.say(&format!("{}: it is finished already", cell.folder.display()));
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
        let well = self.one(lua, &cell, claim.as_ref(), Some(again.clone()))?;
        if let Some(claim) = claim.filter(|_| well) {
            claim.finish()?;
        }
        Ok(well)
    }
}

/// When this process came to its first search: what failed since is not tried again by the next rung.
pub(super) fn began() -> f64 {
    static BEGAN: OnceLock<f64> = OnceLock::new();
    *BEGAN.get_or_init(now)
}

pub(super) fn interrupted() -> Error {
    Error::new(Interrupted.to_string())
}
