//! The main Lua state: the standard library, the native modules and the way scripts find them.

use super::stdlib;
use mlua::state::{GcGenParams, GcMode};
use mlua::{Lua, Table, Value};

/// The Lua state that owns the tensors of a session.
pub struct Runtime {
    lua: Lua,
}

impl Runtime {
    /// A fresh state in which `require "compt"` and the modules below it work.
    pub fn new() -> mlua::Result<Self> {
        let lua = Lua::new();
        // Tensors die young: collected often, a loop over small ones stays small.
        lua.gc_set_mode(GcMode::Generational(GcGenParams::default()));
        install_searcher(&lua)?;
        lua.preload_module(
            "compt.torch",
            lua.create_function(|lua, ()| super::torch::module(lua))?,
        )?;
        Ok(Runtime { lua })
    }

    pub fn lua(&self) -> &Lua {
        &self.lua
    }

    /// Runs a chunk; `name` is what error messages call it.
    pub fn exec(&self, source: &str, name: &str) -> mlua::Result<()> {
        self.lua.load(source).set_name(format!("={name}")).exec()
    }
}

/// Lets `require` find the embedded standard library.
fn install_searcher(lua: &Lua) -> mlua::Result<()> {
    let searcher = lua.create_function(|lua, name: String| {
        let Some((path, source)) = stdlib::module(&name) else {
            return Ok(Value::String(lua.create_string(format!("no module '{name}' in compt"))?));
        };
        let chunk = lua.load(&source[..]).set_name(format!("=stdlib/{path}"));
        Ok(Value::Function(chunk.into_function()?))
    })?;
    let searchers: Table = lua.globals().get::<Table>("package")?.get("searchers")?;
    searchers.raw_insert(2, searcher)
}
