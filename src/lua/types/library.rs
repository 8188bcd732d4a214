//! What the library's Lua files need of the host.

use crate::Error;
use crate::lua::{grid, recorded, stdlib};
use mlua::{Lua, LuaSerdeExt, Table};

/// The module `compt.library`, which is no part of what scripts use.
pub fn module(lua: &Lua) -> mlua::Result<Table> {
    let library = lua.create_table()?;
    library.set("known", lua.create_function(known)?)?;
    let modules = lua.create_function(|_, folder: String| Ok(stdlib::modules_in(&folder)))?;
    library.set("modules", modules)?;
    library.set("ablate", lua.create_function(grid::ablate)?)?;
    library.set("runs", lua.create_function(recorded::runs)?)?;
    library.set("details", lua.create_function(recorded::details)?)?;
    library.set("json", lua.create_function(json)?)?;
    Ok(library)
}

/// A value as JSON, indented, with sorted keys.
fn json(lua: &Lua, value: mlua::Value) -> mlua::Result<String> {
    let mut value: serde_json::Value = lua.from_value(value)?;
    value.sort_all_objects();
    serde_json::to_string_pretty(&value).map_err(mlua::Error::external)
}

/// `known(kind, name, list, place)`: an error with the nearest known name unless `name` is in the
/// list.
fn known(
    _: &Lua,
    (kind, name, list, place): (String, String, Vec<String>, String),
) -> mlua::Result<()> {
    if list.contains(&name) {
        return Ok(());
    }
    Err(Error::unknown(&kind, &name, list.iter().map(String::as_str)).at(place).into())
}
