//! A control given in the script itself.

use super::answer;
use super::printed::Printed;
use super::program::Program;
use crate::Result;
use crate::sources::text_of;
use compt_core::files::source::Source;
use compt_core::train::control::{Control, Setting, View, try_out};
use compt_core::train::knobs::Knobs;
use mlua::{Lua, Table, WeakLua};
use serde_json::{Map, Value};
use std::path::PathBuf;

/// A table of values, schedules and functions in the main state.
pub struct TableControl {
    lua: WeakLua,
    pub(super) program: Program,
    seed: u64,
    printed: Printed,
}

/// What can be said of a table: the record of a run that it steers.
#[derive(Debug, Clone, PartialEq)]
pub struct TableRecord {
    /// Where it was given: `study.lua:7`.
    pub place: String,
    /// Each knob as it was written; of a function, where that is.
    pub knobs: Value,
    /// The texts of the chunks it is written in.
    pub sources: Vec<Source>,
}

impl TableControl {
    /// Reads the table and tries it out over the steps of each stage; errors as in
    /// [`super::ControlFile::load`].
    pub fn new(lua: &Lua, table: &Table, stages: &[Setting]) -> Result<TableControl> {
        let program = Program::read(table, "control", "", &stages[0])?;
        let printed = Printed::default();
        let seed = stages[0].seed;
        let mut control = TableControl { lua: lua.weak(), program, seed, printed: printed.clone() };
        printed.quietly(|| try_out(&mut control, stages))?;
        Ok(control)
    }

    /// What it prints.
    pub fn printed(&self) -> Printed {
        self.printed.clone()
    }

    /// What is said of it in the record of a run; it was given at a line of a chunk.
    pub fn record(&self, lua: &Lua, (chunk, line): (String, usize)) -> TableRecord {
        let chunks = self.program.chunks().into_iter();
        let mut names: Vec<String> = vec![chunk.clone()];
        chunks.for_each(|name| {
            if !names.contains(&name) {
                names.push(name)
            }
        });
        let source = |name: String| Some(Source::new(PathBuf::from(&name), text_of(lua, &name)?));
        let knobs: Map<String, Value> =
            self.program.described().into_iter().map(|(name, text)| (name, text.into())).collect();
        TableRecord {
            place: format!("{chunk}:{line}"),
            knobs: knobs.into(),
            sources: names.into_iter().filter_map(source).collect(),
        }
    }
}

impl Control for TableControl {
    fn knobs(&mut self, view: &View) -> Result<Knobs> {
        let lua = self.lua.upgrade();
        self.printed.instead(&lua, || answer(&self.program, &lua, self.seed, view))
    }

    fn place(&self, knob: &str) -> String {
        self.program.place(knob)
    }
}
