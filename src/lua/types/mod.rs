//! The runtime's parts as Lua sees them: one file a userdata, one line here for each.

mod backbone;
mod library;
mod task_definition;
mod tasks;
mod tokenizer;

pub use backbone::LuaBackbone;
pub use tasks::Tasks;
pub use tokenizer::LuaTokenizer;

use super::session::Session;
use mlua::{Lua, Table};

/// Puts every part into `compt`, the table `require "compt"` starts from.
pub fn register_all(lua: &Lua, compt: &Table) -> mlua::Result<()> {
    backbone::register(lua, compt)?;
    library::register(lua, compt)?;
    tasks::register(lua, compt)?;
    tokenizer::register(lua, compt)
}

/// The device that `--device` names.
fn default_device(lua: &Lua) -> String {
    lua.app_data_ref::<Session>().map_or_else(|| "auto".into(), |session| session.device.clone())
}
