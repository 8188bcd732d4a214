//! What runs recorded as tables for other programs: evaluations, scores, settings and steps. Each row begins with
//! the run that it belongs to.

mod evaluations;
mod identity;
mod settings;
mod steps;
#[cfg(test)]
mod tests;

use crate::records::catalog::Entry;
use crate::{Error, Result};
use compt_base::frame::{Cell, Frame};
use compt_base::{notice, stop};
use identity::Identity;

/// A kind of row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    /// A row for each evaluation.
    Evaluations,
    /// A row for each evaluation, task and metric.
    Scores,
    /// A row for each run.
    Settings,
    /// A row for each step.
    Steps,
}

compt_base::names!(
    Table,
    "table",
    Evaluations = "evaluations",
    Scores = "scores",
    Settings = "settings",
    Steps = "steps"
);

/// A row by the names of its columns.
type Row = Vec<(String, Cell)>;

/// What distinguishes a setting from a column of the same name.
const PREFIX: &str = "setting.";

impl Table {
    /// The table of these runs, and notes about runs without a row in it: those that recorded nothing of the kind, and
    /// those whose records are damaged.
    ///
    /// # Errors
    /// There are no runs, or a signal interrupts it.
    pub fn of(self, runs: &[Entry]) -> Result<(Frame, Vec<String>)> {
        if runs.is_empty() {
            return Err(Error::new("there are no runs to export").hint("`compt runs` lists runs"));
        }
        let identity = Identity::of(runs);
        let (mut frame, mut of) = (self.empty(), Vec::new());
        let (mut without, mut notes) = (Vec::new(), Vec::new());
        for (i, entry) in runs.iter().enumerate() {
            stop::check()?;
            let rows = match self.rows(entry, &identity) {
                Ok(rows) => rows,
                Err(e) => {
                    let path = entry.path.display();
                    notes.push(format!("note: {path} has no rows in '{}': {e}", self.name()));
                    continue;
                }
            };
            if rows.is_empty() {
                without.push(format!("{} ({})", entry.path.display(), entry.state.name()));
            }
            of.resize(of.len() + rows.len(), i);
            rows.into_iter().for_each(|row| frame.push(row));
        }
        notes.extend(self.left_out(&without, runs.len()));
        if self == Table::Steps {
            frame.sort_after(steps::COLUMNS.len());
        }
        Ok((frame.beside(&identity.runs, &of, PREFIX), notes))
    }

    fn empty(self) -> Frame {
        Frame::of(match self {
            Table::Evaluations => &evaluations::EVALUATIONS,
            Table::Scores => &evaluations::SCORES,
            Table::Settings => &settings::COLUMNS,
            Table::Steps => &steps::COLUMNS,
        })
    }

    fn rows(self, entry: &Entry, identity: &Identity) -> Result<Vec<Row>> {
        match self {
            Table::Evaluations => evaluations::evaluations(entry),
            Table::Scores => evaluations::scores(entry),
            Table::Settings => Ok(vec![settings::row(entry, identity)]),
            Table::Steps => steps::rows(entry),
        }
    }

    fn left_out(self, without: &[String], runs: usize) -> Option<String> {
        const MOST: usize = 5;
        if without.is_empty() {
            return None;
        }
        let more = if without.len() > MOST { ", ..." } else { "" };
        let named = without[..without.len().min(MOST)].join(", ");
        let count = without.len();
        Some(format!(
            "note: {count} of {runs} runs have no rows in '{}', having recorded none: {named}{more}",
            self.name()
        ))
    }
}

/// Prints notes of [`Table::of`], each once.
pub fn say(notes: &[String]) {
    notes.iter().for_each(|note| notice::say_once(note));
}

/// A recorded number, where null is one that is not finite.
fn number(value: &serde_json::Value) -> Cell {
    match value.is_null() {
        true => Cell::Number(f64::NAN),
        false => value.into(),
    }
}
