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
    lua.load("getmetatable('').__metatable = false").exec()?;
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

/// The metamethods that a sandbox has. `__gc` would run outside the limits, and the contents of a weak table (`__mode`)
/// depend on the garbage collector.
const METAMETHODS: [&str; 27] = [
    "__add",
    "__band",
    "__bnot",
    "__bor",
    "__bxor",
    "__call",
    "__close",
    "__concat",
    "__div",
    "__eq",
    "__idiv",
    "__index",
    "__le",
    "__len",
    "__lt",
    "__mod",
    "__mul",
    "__name",
    "__newindex",
    "__pairs",
    "__pow",
    "__shl",
    "__shr",
    "__sub",
    "__tostring",
    "__unm",
    "__metatable",
];

/// In the copy of a metatable that had the field `__metatable`.
const PROTECTED: &str = "__protected";

/// `setmetatable`, which sets a copy of the metamethods: what is checked here cannot be changed later. A table as
/// `__call` is refused: a chain of them is followed within one instruction, in a time that grows with its square.
fn setmetatable(lua: &Lua, original: Function) -> mlua::Result<Function> {
    lua.create_function(move |lua, args: MultiValue| {
        let (Some(Value::Table(table)), Some(given)) = (args.front(), args.get(1)) else {
            return original.call::<Value>(args);
        };
        let is_protected = |meta: Table| meta.raw_get::<bool>(PROTECTED).unwrap_or(false);
        if table.metatable().is_some_and(is_protected) {
            return Err(Error::new("cannot change a protected metatable").into());
        }
        let copy = match given {
            Value::Nil => None,
            Value::Table(meta) => Some(copied(lua, meta)?),
            _ => return original.call::<Value>(args),
        };
        table.set_metatable(copy)?;
        Ok(Value::Table(table.clone()))
    })
}

fn copied(lua: &Lua, meta: &Table) -> mlua::Result<Table> {
    for name in ["__gc", "__mode"] {
        if !meta.raw_get::<Value>(name)?.is_nil() {
            return Err(Error::new(format!("'{name}' cannot be set here")).into());
        }
    }
    if !matches!(meta.raw_get::<Value>("__call")?, Value::Nil | Value::Function(_)) {
        return Err(Error::new("'__call' must be a function here").into());
    }
    let copy = lua.create_table()?;
    for name in METAMETHODS {
        copy.raw_set(name, meta.raw_get::<Value>(name)?)?;
    }
    match meta.raw_get::<Value>("__metatable")?.is_nil() {
        // What `getmetatable` returns.
        true => copy.raw_set("__metatable", meta)?,
        false => copy.raw_set(PROTECTED, true)?,
    }
    Ok(copy)
}
