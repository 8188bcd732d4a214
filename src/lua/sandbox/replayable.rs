//! Functions whose answers differ between two processes, replaced by ones whose answers do not: the order of `next`,
//! and the addresses in the text of tables and functions.

use crate::{Error, stdlib};
use mlua::{Function, Lua, LuaString, MultiValue, Table, Value};

/// Replaces `pairs`, `next`, `tostring` and `string.format`, and adds `sorted_pairs`.
pub fn install(lua: &Lua, globals: &Table) -> mlua::Result<()> {
    let (pairs, next): (Function, Function) = stdlib::load(lua, "sorted_pairs.lua")?;
    globals.set("sorted_pairs", pairs.clone())?;
    globals.set("pairs", pairs)?;
    globals.set("next", next)?;
    let original: Function = globals.get("tostring")?;
    let tostring = lua.create_function(move |lua, value: Value| {
        let has_address = matches!(
            value,
            Value::Table(_)
                | Value::Function(_)
                | Value::Thread(_)
                | Value::UserData(_)
                | Value::LightUserData(_)
        );
        let text: LuaString = original.call(value)?;
        match has_address {
            true => lua.create_string(without_address(&text.as_bytes())),
            false => Ok(text),
        }
    })?;
    globals.set("tostring", tostring.clone())?;
    let string: Table = globals.get("string")?;
    let original: Function = string.get("format")?;
    let format = lua.create_function(move |lua, args: MultiValue| {
        let mut args = args.into_vec();
        if let Some(format) = args.first().and_then(Value::as_string)
            && has_pointer(&format.as_bytes())
        {
            return Err(Error::new("'%p' gives an address, which differs in every process")
                .at("string.format")
                .into());
        }
        for value in args.iter_mut().skip(1) {
            if value.is_table() || value.is_function() || value.is_userdata() {
                *value = Value::String(tostring.call(value.clone())?);
            }
        }
        let text: Value = original.call(MultiValue::from_vec(args))?;
        let length = text.as_string().map_or(0, |text| text.as_bytes().len());
        super::meter::charge(lua, length as f64 / 8.0)?;
        Ok(text)
    })?;
    string.set("format", format)
}

/// `table` for `table: 0x5581...`.
fn without_address(text: &[u8]) -> &[u8] {
    let is_address = |rest: &[u8]| {
        rest.strip_prefix(b": 0x").is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    match text.iter().rposition(|c| *c == b':') {
        Some(colon) if is_address(&text[colon..]) => &text[..colon],
        _ => text,
    }
}

/// Whether a format has the conversion `%p`.
fn has_pointer(format: &[u8]) -> bool {
    let mut rest = format.iter();
    while rest.any(|c| *c == b'%') {
        if rest.find(|c| !b"-+ #0123456789.".contains(c)) == Some(&b'p') {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found() {
        assert_eq!(without_address(b"table: 0x55d4c0ffee"), b"table");
        assert_eq!(without_address(b"a ratio: 1"), b"a ratio: 1");
        assert_eq!(without_address(b"x"), b"x");
        assert!(has_pointer(b"%5.2f %-10p") && has_pointer(b"%p"));
        assert!(!has_pointer(b"%%p %s up") && !has_pointer(b"100%") && !has_pointer(b""));
    }
}
