//! Paths as Lua strings, which hold any bytes, as names of files do.

use mlua::{Lua, LuaString};
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

pub fn to_lua(lua: &Lua, path: &Path) -> mlua::Result<LuaString> {
    lua.create_string(path.as_os_str().as_bytes())
}

pub fn from_lua(text: &LuaString) -> PathBuf {
    OsString::from_vec(text.as_bytes().to_vec()).into()
}
