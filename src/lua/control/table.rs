//! A control table passed in the script.

use super::answer;
use super::print::redirected;
use super::rules::Rules;
use crate::Result;
use crate::sources::text_of;
use compt_base::files::source::Source;
use compt_core::train::control::{Control, Setting, View, try_out};
use compt_core::train::knobs::Knobs;
use compt_run::steering::{Output, Program, TableRecord};
use mlua::{Lua, Table, WeakLua};
use serde_json::{Map, Value};
use std::path::PathBuf;

/// A table of values, schedules and functions in the main state.
pub struct TableControl {
    lua: WeakLua,
    rules: Rules,
    seed: u64,
    output: Output,
}

impl TableControl {
    /// Reads the table and tries it over the steps of each stage; errors as in
    /// [`super::ControlFile::load`].
    pub fn new(lua: &Lua, table: &Table, stages: &[Setting]) -> Result<TableControl> {
        let rules = Rules::read(table, "control", "", &stages[0])?;
        let output = Output::default();
        let seed = stages[0].seed;
        let mut control = TableControl { lua: lua.weak(), rules, seed, output: output.clone() };
        output.quietly(|| try_out(&mut control, stages))?;
        Ok(control)
    }

    /// The record of the table, with the line of the chunk where it was passed.
    pub fn record(&self, lua: &Lua, (chunk, line): (String, usize)) -> TableRecord {
        let chunks = self.rules.chunks().into_iter();
        let mut names: Vec<String> = vec![chunk.clone()];
        chunks.for_each(|name| {
            if !names.contains(&name) {
                names.push(name)
            }
        });
        let source = |name: String| Some(Source::new(PathBuf::from(&name), text_of(lua, &name)?));
        let knobs: Map<String, Value> =
            self.rules.described().into_iter().map(|(name, text)| (name, text.into())).collect();
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
        redirected(&self.output, &lua, || answer(&self.rules, &lua, self.seed, view))
    }

    fn place(&self, knob: &str) -> String {
        self.rules.place(knob)
    }
}

impl Program for TableControl {
    fn texts(&self) -> Vec<(String, Option<String>)> {
        self.rules.texts()
    }

    fn output(&self) -> Output {
        self.output.clone()
    }
}
