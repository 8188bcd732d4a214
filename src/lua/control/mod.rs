//! Controls written in Lua: a control file in its own state, or a table in the main state.
//!
//! A control is a table of knobs (`compt_core::train::knobs`). Each knob is a value, a schedule or a
//! function of (step, view) that returns one. A knob with a value per group or task is a table
//! by name, or a function that returns such a table.

mod file;
mod print;
mod rules;
mod sandbox;
mod table;
mod view;
mod whole;

pub use file::ControlFile;
pub use print::install as install_print;
pub use table::TableControl;
pub use whole::{ends_early, is_blank};

use super::random;
use crate::Result;
use compt_core::train::control::View;
use compt_core::train::knobs::Knobs;
use mlua::Lua;
use rules::Rules;

fn answer(rules: &Rules, lua: &Lua, seed: u64, view: &View) -> Result<Knobs> {
    random::by_step(lua, seed, view.step, || rules.knobs(lua, view))
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod limits_tests;
