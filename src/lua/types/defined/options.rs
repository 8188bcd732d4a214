//! The options of a user-defined part: declared with their defaults, given by the user of the part.

use crate::options::{Options, kind};
use crate::{Error, Result, data};
use mlua::{Lua, Value};
use serde_json::Map;

/// `options` of a definition: the defaults by name. `reserved` are the options of every part of this kind.
pub fn options(
    lua: &Lua,
    o: &Options,
    noun: &str,
    reserved: &[&str],
) -> mlua::Result<Map<String, serde_json::Value>> {
    let Some(value) = o.get::<Value>(lua, "options")? else { return Ok(Map::new()) };
    let serde_json::Value::Object(map) = data::plain(&value).map_err(|e| o.at("options", e))?
    else {
        let what = "'options' must be a table of name -> default value";
        return Err(o.error(format!("{what}, got a {}", kind(&value))));
    };
    match map.keys().find(|key| reserved.contains(&key.as_str())) {
        Some(key) => Err(o.error(format!("options: '{key}' is an option of every {noun}"))),
        None => Ok(map),
    }
}

/// Options with their defaults. Errors: an unknown option, or a value of another type than its default.
pub fn merged(
    defaults: &Map<String, serde_json::Value>,
    given: &Map<String, serde_json::Value>,
) -> Result<Map<String, serde_json::Value>> {
    let mut all = defaults.clone();
    for (key, value) in given {
        let Some(default) = all.get_mut(key) else {
            return Err(match defaults.is_empty() {
                true => Error::new(format!("unknown option '{key}': it has no options")),
                false => Error::unknown("option", key, defaults.keys().map(String::as_str)),
            });
        };
        if std::mem::discriminant(default) != std::mem::discriminant(value) {
            let what = format!("option '{key}' must be like its default {default}, got {value}");
            return Err(Error::new(what));
        }
        *default = value.clone();
    }
    Ok(all)
}
