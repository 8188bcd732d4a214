//! Controls written in Lua: a control file in a state of its own, or a table in the main state.
//!
//! A control is a table of knobs (`crate::train::knobs`). Each knob is a number, a schedule or a
//! function of (step, view) that returns a number; `lr` and `task_weights` are tables of those by
//! name, or a function that returns such a table.

mod program;
mod sandbox;
mod view;

use super::{failure::Failure, random};
use crate::run::source::Source;
use crate::train::control::{Control, Setting, View, try_out};
use crate::train::knobs::Knobs;
use crate::{Error, Result};
use mlua::{Lua, Table, WeakLua};
use program::Program;
use sandbox::Sandbox;
use std::path::Path;

/// A control file in a sandboxed Lua state: it sees the schedules and the files beside it, and
/// nothing else.
///
/// Loading makes a whole new state, so that an edited file is tried out beside the one in use and
/// takes its place between two steps.
pub struct ControlFile {
    sandbox: Sandbox,
    program: Program,
    sources: Vec<Source>,
    seed: u64,
}

impl ControlFile {
    /// Loads a control file and tries it out over the steps of the run.
    ///
    /// Errors name the file, the line and the knob: one that does not load or returns no table,
    /// an unknown knob, group or task, a value out of range, two answers for one step.
    pub fn load(path: &Path, setting: &Setting) -> Result<ControlFile> {
        let sandbox = Sandbox::new(path.parent().unwrap_or(Path::new("")), setting.seed)
            .map_err(|e| told(&e))?;
        let table = sandbox.load(path)?;
        let sources = sandbox.sources();
        let name = path.display().to_string();
        let program = Program::read(&table, &name, &sources[0].text, setting)?;
        let mut control = ControlFile { sandbox, program, sources, seed: setting.seed };
        try_out(&mut control, setting)?;
        // A function may have required more when it was called.
        control.sources = control.sandbox.sources();
        Ok(control)
    }
}

impl Control for ControlFile {
    fn knobs(&mut self, view: &View) -> Result<Knobs> {
        self.sandbox.refill();
        answer(&self.program, self.sandbox.lua(), self.seed, view)
    }

    fn sources(&self) -> &[Source] {
        &self.sources
    }

    fn place(&self, knob: &str) -> String {
        self.program.place(knob)
    }
}

/// A control given in the script itself, as a table of numbers, schedules and functions.
pub struct TableControl {
    lua: WeakLua,
    program: Program,
    seed: u64,
}

impl TableControl {
    /// Reads the table and tries it out over the steps of the run; errors as in
    /// [`ControlFile::load`].
    pub fn new(lua: &Lua, table: &Table, setting: &Setting) -> Result<TableControl> {
        let program = Program::read(table, "control", "", setting)?;
        let mut control = TableControl { lua: lua.weak(), program, seed: setting.seed };
        try_out(&mut control, setting)?;
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

fn answer(program: &Program, lua: &Lua, seed: u64, view: &View) -> Result<Knobs> {
    random::by_step(lua, seed, view.step, || program.knobs(lua, view))
}

/// A Lua error as one of ours: `file:line: message`.
pub(in crate::lua) fn told(error: &mlua::Error) -> Error {
    let failure = Failure::new(error);
    let error = Error::new(failure.message);
    let error = match failure.place {
        Some(place) => error.at(place),
        None => error,
    };
    match failure.hint {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

#[cfg(test)]
mod tests;
