//! A plan that results make longer: trials of a search that go on while others are still made.

use super::spec::Grid;
use super::{rows, told};
use crate::Result;
use crate::session::Session;
use compt_study::sweep::{Listing, Plan};
use mlua::{Lua, Table};
use std::cell::RefCell;

/// A plan, and what makes it longer.
pub struct Growing<'a> {
    pub lua: &'a Lua,
    pub grid: &'a Grid,
    pub plan: &'a Plan,
    session: &'a Session,
    last: RefCell<Plan>,
}

impl<'a> Growing<'a> {
    pub fn new(lua: &'a Lua, grid: &'a Grid, session: &'a Session, plan: &'a Plan) -> Growing<'a> {
        Growing { lua, grid, plan, session, last: RefCell::new(plan.clone()) }
    }

    /// The plan with the cells that follow from the results there are; `None` if it is not longer than before.
    ///
    /// # Errors
    /// Those of the function that chooses the cells.
    pub fn longer(&self) -> Result<Option<Plan>> {
        let Some(grow) = &self.grid.grow else { return Ok(None) };
        let mut last = self.last.borrow_mut();
        let grown = || -> mlua::Result<Option<Plan>> {
            let so_far = rows(self.lua, &last, &Listing::of(&last))?;
            let cells: Option<Table> = grow.call(so_far)?;
            let plan = |cells| self.grid.plan_of(self.lua, self.session, Some(&cells));
            cells.map(plan).transpose()
        };
        let grown = grown().map_err(|e| told(self.lua, &e))?;
        if let Some(plan) = &grown {
            *last = plan.clone();
        }
        Ok(grown)
    }
}
