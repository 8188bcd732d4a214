//! What a script prints: a failed write to standard output is noted, and the script goes on.

use crate::stdlib;
use compt_base::output;
use mlua::{Function, Lua, Result};
use std::io;

/// Writes what is left in the buffer of standard output; in the main state's app data.
struct Flush(Function);

/// Replaces `print`, `io.write` and the methods of files.
pub fn install(lua: &Lua) -> Result<()> {
    let lost = lua.create_function(|_, (message, code): (Option<String>, Option<i32>)| {
        output::lost(&match code {
            Some(code) => io::Error::from_raw_os_error(code),
            None => io::Error::other(message.unwrap_or_default()),
        });
        Ok(())
    })?;
    let flush = stdlib::load::<Function>(lua, "printed.lua")?.call::<Function>(lost)?;
    lua.set_app_data(Flush(flush));
    Ok(())
}

/// Writes what is left in the buffer of `io.write`.
pub fn flush(lua: &Lua) {
    let flush = lua.app_data_ref::<Flush>().map(|flush| flush.0.clone());
    // A script that closed standard output has lost nothing.
    let _ = flush.map(|flush| flush.call::<()>(()));
}
