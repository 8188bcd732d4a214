//! The cells of `compt.search`: parts of trials. A part goes on with the runs of the part before it.

use super::cell::as_recorded;
use crate::Result;
use crate::session::{Trial, fresh_id};
use compt_study::records::continued;
use compt_study::sweep::{Cell, Plan};
use mlua::Table;
use serde_json::{Map, Value};

/// The setting of a cell that is the share of a full run.
const BUDGET: &str = "budget";

/// The shares of a full run at which the trials of a search pause, ascending; the last one is 1.
pub struct Search(Vec<f64>);

impl Search {
    /// `shares` of the arguments of `compt.search`.
    pub fn read(spec: &Table) -> mlua::Result<Option<Search>> {
        Ok(spec.get::<Option<Vec<f64>>>("shares")?.map(Search))
    }

    /// The part that a cell is.
    pub fn trial(&self, cell: &Cell) -> Trial {
        let part = self.part(cell).unwrap_or(self.0.len() - 1);
        Trial { share: self.0[part], in_parts: self.0.len() > 1 }
    }

    /// The share of a full run at which the cell ends.
    pub fn share(&self, cell: &Cell) -> f64 {
        self.trial(cell).share
    }

    fn part(&self, cell: &Cell) -> Option<usize> {
        let share = cell.basis.settings.get(BUDGET)?.as_f64()?;
        self.0.iter().position(|known| (known - share).abs() < 1e-9)
    }

    /// The cell that made the part before: it has the same settings but for the budget.
    fn before(&self, cell: &Cell, name: &str) -> Option<Cell> {
        let share = self.0[self.part(cell)?.checked_sub(1)?];
        let mut basis = cell.basis.clone();
        basis.settings.insert(BUDGET.into(), share.into());
        Some(Cell::below(cell.folder.parent()?, cell.number, basis, name))
    }

    /// The part with these settings of a trial that the plan has another part of.
    pub fn part_like(
        &self,
        plan: &Plan,
        settings: &Map<String, Value>,
        name: &str,
    ) -> Option<Cell> {
        let share = settings.get(BUDGET)?;
        plan.cells.iter().find_map(|cell| {
            let mut basis = cell.basis.clone();
            basis.settings.insert(BUDGET.into(), share.clone());
            (basis.settings == *settings)
                .then(|| Cell::below(&plan.head.out, cell.number, basis, name))
        })
    }

    /// Gives a cell that has no runs yet those of the part before.
    pub fn continue_runs(&self, cell: &Cell, name: &str) -> Result<()> {
        match self.before(cell, name) {
            Some(before) => continued::continue_runs(
                &before.folder,
                &cell.folder,
                &as_recorded(cell),
                &fresh_id(),
            ),
            None => Ok(()),
        }
    }
}
