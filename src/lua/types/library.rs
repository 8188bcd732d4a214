//! What the library's Lua files need of the host.

use crate::Error;
use crate::lua::stdlib;
use mlua::{Lua, Table};

/// The module `compt.library`, which is no part of what scripts use.
pub fn module(lua: &Lua) -> mlua::Result<Table> {
    let library = lua.create_table()?;
    library.set("known", lua.create_function(known)?)?;
    let modules = lua.create_function(|_, folder: String| Ok(stdlib::modules_in(&folder)))?;
    library.set("modules", modules)?;
    Ok(library)
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
