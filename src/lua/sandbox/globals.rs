//! The functions of a sandbox: an allow-list; access to any other global is an error.

use super::{library, replayable};
use crate::{Error, raise};
use mlua::{Function, Lua, MultiValue, Table, Value};

/// Lua's functions in every sandbox, with `string`, `table`, `math` and `utf8`. No coroutine and no way to load code
/// or to reach files.
const BASE: [&str; 16] = [
    "assert",
    "error",
    "getmetatable",
    "ipairs",
    "math",
    "rawequal",
    "rawget",
    "rawlen",
    "rawset",
    "select",
    "string",
    "table",
    "tonumber",
    "tostring",
    "type",
    "utf8",
];

/// Reduces the globals to the allow-list and `others` of Lua's own. Another name is an error that ends with `place` and
/// has a hint.
pub fn restrict(
    lua: &Lua,
    others: &[&str],
    (place, hint): (&'static str, &'static str),
) -> mlua::Result<()> {
    let globals = lua.globals();
    raise::install(lua, &globals)?;
    library::install(lua, &globals)?;
    replayable::install(lua, &globals)?;
    globals.get::<Table>("math")?.set("randomseed", Value::Nil)?;
    let kept = lua.create_table()?;
    for name in BASE.iter().chain(others).chain(&["pairs", "next", "sorted_pairs"]) {
        kept.set(*name, globals.get::<Value>(*name)?)?;
    }
    kept.set("setmetatable", setmetatable(lua, globals.get("setmetatable")?)?)?;
    globals.clear()?;
    for pair in kept.pairs::<Value, Value>() {
        let (name, value) = pair?;
        globals.raw_set(name, value)?;
    }
    let unknown = lua.create_function(move |_, (_, name): (Value, Value)| -> mlua::Result<()> {
        let name = name.to_string()?;
        Err(Error::new(format!("'{name}' is not available in {place}")).hint(hint).into())
    })?;
    let meta = lua.create_table()?;
    meta.set("__index", unknown)?;
    globals.set_metatable(Some(meta))
}

/// `setmetatable` without finalizers, which would run outside the limits, and weak tables, whose contents depend on
/// the garbage collector.
fn setmetatable(lua: &Lua, original: Function) -> mlua::Result<Function> {
    lua.create_function(move |_, args: MultiValue| {
        if let Some(Value::Table(meta)) = args.get(1) {
            for name in ["__gc", "__mode"] {
                if !meta.raw_get::<Value>(name)?.is_nil() {
                    return Err(Error::new(format!("'{name}' cannot be set here")).into());
                }
            }
        }
        original.call::<Value>(args)
    })
}
