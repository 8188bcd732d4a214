//! Who answers for the settings of each step: the method, under a control of the user's own.

use super::CALL;
use crate::Error;
use crate::lua::control::{ControlFile, TableControl};
use crate::train::control::{Control, Layered, Setting};
use mlua::{Function, Lua, Table, Value};
use std::path::Path;

/// `given` is nil, the path of a control file, or a table of knobs.
pub fn control(
    lua: &Lua,
    given: &Value,
    method: &Table,
    setting: &Setting,
) -> mlua::Result<Box<dyn Control>> {
    let lower = own_control(lua, method, &setting.groups, setting)?;
    let upper: Box<dyn Control> = match given {
        Value::Nil => return Ok(lower),
        Value::String(path) => {
            Box::new(ControlFile::load(Path::new(&path.to_str()?.to_string()), setting)?)
        }
        Value::Table(table) => Box::new(TableControl::new(lua, table, setting)?),
        other => {
            return Err(Error::new(format!(
                "'control' must be a file or a table of knobs, not a {}",
                other.type_name()
            ))
            .at(CALL)
            .into());
        }
    };
    Ok(Box::new(Layered { upper, lower }))
}

/// The control a method brings along (`stdlib/methods/control.lua`).
fn own_control(
    lua: &Lua,
    method: &Table,
    groups: &[String],
    setting: &Setting,
) -> mlua::Result<Box<dyn Control>> {
    let require: Function = lua.globals().get("require")?;
    let make: Function = require.call("compt.methods.control")?;
    let table: Table = make.call((method, groups.to_vec()))?;
    Ok(Box::new(TableControl::new(lua, &table, setting)?))
}
