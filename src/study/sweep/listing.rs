//! The progress of a plan as text.

use super::cell::{Cell, CellState, described};
use super::estimate::Estimate;
use super::plan::Plan;
use crate::progress::span;
use crate::records::environment::cores;
use crate::records::folder::CELL;
use compt_base::files::json::read_json;
use serde_json::Value;
use std::collections::HashSet;
use std::fmt;

/// The state of each cell when the listing was created.
pub struct Listing<'a> {
    plan: &'a Plan,
    pub states: Vec<CellState>,
}

impl<'a> Listing<'a> {
    /// Reads the state of every cell, in parallel.
    pub fn of(plan: &'a Plan) -> Listing<'a> {
        let share = plan.cells.len().div_ceil(cores()).max(1);
        let states = std::thread::scope(|scope| {
            let look = |part: &'a [Cell]| part.iter().map(Cell::state).collect::<Vec<_>>();
            let parts: Vec<_> =
                plan.cells.chunks(share).map(|part| scope.spawn(move || look(part))).collect();
            parts.into_iter().flat_map(|part| part.join().unwrap_or_default()).collect()
        });
        Listing { plan, states }
    }

    /// Each cell with its state.
    pub fn cells(&self) -> impl Iterator<Item = (&'a Cell, &CellState)> {
        self.plan.cells.iter().zip(&self.states)
    }

    /// The unfinished cells.
    pub fn open(&self) -> impl Iterator<Item = (&'a Cell, &CellState)> {
        self.cells().filter(|(_, state)| **state != CellState::Finished)
    }

    /// A note on unfinished cells that were finished earlier under another hash.
    pub fn made_before(&self) -> Option<String> {
        let folders = std::fs::read_dir(&self.plan.head.out).into_iter().flatten().flatten();
        let made: HashSet<String> = folders
            .filter_map(|folder| {
                let record = read_json(&folder.path().join(CELL)).ok()?;
                (record["outcome"] == "finished").then(|| record["settings"].to_string())
            })
            .collect();
        let again = self.open().filter(|(cell, _)| {
            made.contains(&Value::Object(cell.basis.settings.clone()).to_string())
        });
        let count = again.count();
        (count > 0).then(|| {
            format!(
                "{count} of the {} runs to make were made before, with other code, data, arguments \
                 or another version of compt",
                self.open().count()
            )
        })
    }

    /// `20 finished, 3 running, 1 failed`
    pub fn counts(&self) -> String {
        let words = ["finished", "running", "unfinished", "failed", "missing"];
        let parts = words.into_iter().filter_map(|word| {
            let count = self.states.iter().filter(|state| state.name() == word).count();
            (count > 0).then(|| format!("{count} {word}"))
        });
        parts.collect::<Vec<_>>().join(", ")
    }
}

/// One line per cell, the remaining work, and its estimated time in one process.
impl fmt::Display for Listing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let estimate = Estimate::of(&self.plan.head.out);
        let (mut left, mut unknown, mut rough) = (0.0, 0, "");
        for (cell, state) in self.cells() {
            let settings = &cell.basis.settings;
            write!(f, "{:10}  {}", state.name(), described(settings))?;
            if *state != CellState::Finished {
                match estimate.seconds(settings) {
                    Some(seconds) => {
                        left += seconds;
                        if !estimate.knows(settings) {
                            rough = ", by runs of other settings";
                        }
                        write!(f, "  about {}", span(seconds))?;
                    }
                    None => unknown += 1,
                }
            }
            writeln!(f)?;
        }
        let open = self.open().count();
        let time = match (open, unknown) {
            (0, _) => "all runs are finished".to_string(),
            (_, 0) => format!("about {}, 1 at a time{rough}", span(left)),
            _ => "the time is not known before a run is finished".to_string(),
        };
        let (all, out) = (self.states.len(), self.plan.head.out.display());
        write!(
            f,
            "{}: {all} runs below {out}, {} finished, {open} to run: {time}",
            self.plan.head.name,
            all - open,
        )?;
        match self.made_before() {
            Some(note) => write!(f, "\nnote: {note}"),
            None => Ok(()),
        }
    }
}
