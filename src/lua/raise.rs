//! Lua's `error` and `assert`, with a readable text for thrown tables.

use super::stdlib;
use mlua::{Lua, Table, ffi, lua_State};
use std::ffi::{CStr, c_int};

/// The metatable of thrown tables, in Lua's registry.
const META: &CStr = c"compt.error";

/// Sets both in a table of globals.
pub fn install(lua: &Lua, globals: &Table) -> mlua::Result<()> {
    let meta: Table = stdlib::load(lua, "errors.lua")?;
    lua.set_named_registry_value(&META.to_string_lossy(), meta)?;
    // SAFETY: both follow Lua's protocol, and hold no value with a destructor when they
    // leave by `lua_error`. Functions of mlua cannot throw a table itself.
    let (error, assert) =
        unsafe { (lua.create_c_function(error)?, lua.create_c_function(assert)?) };
    globals.set("error", error)?;
    globals.set("assert", assert)
}

/// Lua's `luaB_error`, which also sets a metatable for a table that has none.
unsafe extern "C-unwind" fn error(state: *mut lua_State) -> c_int {
    unsafe {
        let level = ffi::luaL_optinteger(state, 2, 1) as c_int;
        ffi::lua_settop(state, 1);
        match ffi::lua_type(state, 1) {
            ffi::LUA_TSTRING if level > 0 => {
                ffi::luaL_where(state, level);
                ffi::lua_pushvalue(state, 1);
                ffi::lua_concat(state, 2);
            }
            ffi::LUA_TTABLE if ffi::lua_getmetatable(state, 1) == 0 => {
                ffi::lua_getfield(state, ffi::LUA_REGISTRYINDEX, META.as_ptr());
                ffi::lua_setmetatable(state, 1);
            }
            _ => ffi::lua_settop(state, 1),
        }
        ffi::lua_error(state)
    }
}

/// Lua's `luaB_assert`.
unsafe extern "C-unwind" fn assert(state: *mut lua_State) -> c_int {
    unsafe {
        if ffi::lua_toboolean(state, 1) != 0 {
            return ffi::lua_gettop(state);
        }
        ffi::luaL_checkany(state, 1);
        ffi::lua_remove(state, 1);
        ffi::lua_pushstring(state, c"assertion failed!".as_ptr());
        ffi::lua_settop(state, 1);
        error(state)
    }
}
