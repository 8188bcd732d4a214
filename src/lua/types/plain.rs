//! Lua values as plain data for a record.

use mlua::{Lua, LuaSerdeExt, Table, Value};
use serde_json::Map;

/// A table with sorted keys; functions and objects become text.
pub fn table(lua: &Lua, table: &Table) -> mlua::Result<Map<String, serde_json::Value>> {
    let mut map = Map::new();
    for pair in table.pairs::<String, Value>() {
        let (key, entry) = pair?;
        map.insert(key, value(lua, &entry)?);
    }
    map.sort_keys();
    Ok(map)
}

pub fn value(lua: &Lua, given: &Value) -> mlua::Result<serde_json::Value> {
    match given {
        Value::Function(_) => Ok("(a function)".into()),
        Value::UserData(_) => Ok(given.to_string()?.lines().next().unwrap_or_default().into()),
        Value::Table(list) if list.raw_len() > 0 => {
            list.sequence_values::<Value>().map(|entry| value(lua, &entry?)).collect()
        }
        Value::Table(map) => Ok(table(lua, map)?.into()),
        other => lua.from_value(other.clone()),
    }
}
