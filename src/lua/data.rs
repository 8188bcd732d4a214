//! Conversion of Lua values to plain data (JSON).

use super::failure::error_of;
use super::words::kind;
use crate::{Error, Result};
use mlua::{Table, Value};
use serde_json::{Map, Number};

/// The maximum nesting of tables; it also refuses cyclic tables.
const DEEPEST: usize = 32;

/// Converts a boolean, a finite number, a string, or a table of these. A table with only the keys 1 to n is
/// a list, any other an object.
///
/// # Errors
///
/// A function, a userdata, or a number that is not finite; the error names the path of keys.
pub fn plain(value: &Value) -> Result<serde_json::Value> {
    of_depth(value, DEEPEST)
}

fn of_depth(value: &Value, left: usize) -> Result<serde_json::Value> {
    Ok(match value {
        Value::Nil => serde_json::Value::Null,
        Value::Boolean(flag) => (*flag).into(),
        Value::Integer(i) => (*i).into(),
        Value::Number(x) => match Number::from_f64(*x) {
            Some(number) => number.into(),
            None => return Err(Error::new(format!("must be a finite number, got {x}"))),
        },
        Value::String(text) => text.to_string_lossy().into(),
        Value::Table(_) if left == 0 => {
            return Err(Error::new(format!("is a table with more than {DEEPEST} levels")));
        }
        Value::Table(table) => table_of_depth(table, left - 1)?,
        other => return Err(Error::new(format!("cannot be a {}", kind(other)))),
    })
}

fn table_of_depth(table: &Table, left: usize) -> Result<serde_json::Value> {
    let mut map = Map::new();
    for pair in table.pairs::<Value, Value>() {
        let (key, value) = pair.map_err(|e| error_of(&e))?;
        let key = key.to_string().map_err(|e| error_of(&e))?;
        let value = of_depth(&value, left).map_err(|e| e.at(format!("'{key}'")))?;
        map.insert(key, value);
    }
    let length = table.raw_len();
    if length > 0 && map.len() == length {
        let entry = |i: usize| map.remove(&i.to_string()).expect("the keys are 1 to n");
        return Ok((1..=length).map(entry).collect());
    }
    map.sort_keys();
    Ok(map.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use mlua::Lua;
    use serde_json::json;

    fn read(code: &str) -> Result<serde_json::Value> {
        plain(&Lua::new().load(code).eval::<Value>().unwrap())
    }

    #[test]
    fn tables_are_lists_or_have_names() {
        let code = "{ a = 1, b = { 0.5, 2.0, 'x' }, c = {}, d = { 'x', y = true } }";
        let wanted = json!({ "a": 1, "b": [0.5, 2.0, "x"], "c": {}, "d": { "1": "x", "y": true } });
        assert_eq!(read(code).unwrap(), wanted);
        assert_eq!(read("nil").unwrap(), json!(null));
    }

    #[test]
    fn what_is_no_data_is_refused_with_its_place() {
        let refused = |code| read(code).unwrap_err().to_string();
        assert_eq!(refused("{ a = { b = print } }"), "'a': 'b': cannot be a function");
        assert_eq!(refused("{ a = 1 / 0 }"), "'a': must be a finite number, got inf");
        assert!(refused("(function() local t = {} t.t = t return t end)()").contains("32 levels"));
    }
}
