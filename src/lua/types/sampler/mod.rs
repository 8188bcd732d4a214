//! `compt.sampler`: samplers over the rows of a trainer.

mod define;
mod in_lua;
mod row;

pub use define::{Made, Own, Rows, choice};
pub use row::Texts;

use super::defined;
use crate::call;
use mlua::{Lua, Table, Value};

const DEFINE: &str = "compt.sampler.define";

pub fn register(lua: &Lua, compt: &Table) -> mlua::Result<()> {
    let table = lua.create_table()?;
    let define =
        |lua: &Lua, (name, given): (String, Value)| defined::define::<Rows>(lua, &name, given);
    table.set("define", call::function(lua, DEFINE, define)?)?;
    compt.set("sampler", table)
}
