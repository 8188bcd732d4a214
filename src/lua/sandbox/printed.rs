//! The text of a call of `print`.

use super::meter::charge;
use mlua::{Function, Lua, LuaString, MultiValue, Result};

/// The maximum length of the text of a call, in bytes: it is outside of Lua's memory.
const MOST: usize = 64 << 10;

/// The values as `print` joins them, cut after 64 KiB.
pub fn printed(lua: &Lua, tostring: &Function, values: MultiValue) -> Result<String> {
    let mut text = String::new();
    for (i, value) in values.into_iter().enumerate() {
        let value: LuaString = tostring.call(value)?;
        let bytes = value.as_bytes();
        charge(lua, 1.0 + bytes.len() as f64 / 8.0)?;
        text.push_str(if i > 0 { "\t" } else { "" });
        let room = MOST.saturating_sub(text.len());
        text.push_str(&String::from_utf8_lossy(&bytes[..bytes.len().min(room)]));
        if bytes.len() > room {
            text.push_str(" ...");
            break;
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use mlua::Value;

    #[test]
    fn long_texts_are_cut() {
        let lua = Lua::new();
        let tostring: Function = lua.globals().get("tostring").unwrap();
        let long = Value::String(lua.create_string("x".repeat(50_000)).unwrap());
        let printed =
            |values: Vec<Value>| printed(&lua, &tostring, MultiValue::from_vec(values)).unwrap();
        assert_eq!(printed(vec![Value::Integer(1), Value::Nil]), "1\tnil");
        let text = printed(vec![long; 1000]);
        assert!(text.len() < MOST + 8 && text.ends_with(" ..."), "{}", text.len());
    }
}
