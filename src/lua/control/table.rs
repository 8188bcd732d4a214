//! A control given in the script itself.

use super::answer;
use super::program::Program;
use crate::Result;
use crate::train::control::{Control, Setting, View, try_out};
use crate::train::knobs::Knobs;
use mlua::{Lua, Table, WeakLua};

/// A table of values, schedules and functions in the main state.
pub struct TableControl {
    lua: WeakLua,
    pub(super) program: Program,
    seed: u64,
}

impl TableControl {
    /// Reads the table and tries it out over the steps of each stage; errors as in
    /// [`super::ControlFile::load`].
    pub fn new(lua: &Lua, table: &Table, stages: &[Setting]) -> Result<TableControl> {
        let program = Program::read(table, "control", "", &stages[0])?;
        let mut control = TableControl { lua: lua.weak(), program, seed: stages[0].seed };
        try_out(&mut control, stages)?;
        Ok(control)
    }
}

impl Control for TableControl {
    fn knobs(&mut self, view: &View) -> Result<Knobs> {
        answer(&self.program, &self.lua.upgrade(), self.seed, view)
    }

    fn place(&self, knob: &str) -> String {
        self.program.place(knob)
    }
}
