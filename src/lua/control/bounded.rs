//! Functions of Lua's library that can run for a long time without executing an instruction, so that no
//! hook can stop them. Calls that might are refused.

use crate::Error;
use mlua::{Function, Lua, MultiValue, Table, Value};

/// The maximum cost of a call: about half a second.
const MOST: f64 = 1e8;

/// Replaces them in the tables `string` and `table`.
pub fn install(lua: &Lua, string: &Table, table: &Table) -> mlua::Result<()> {
    for name in ["find", "match", "gmatch", "gsub"] {
        let original: Function = string.get(name)?;
        let bounded = lua.create_function(move |_, args: MultiValue| {
            if let (Some(Value::String(subject)), Some(Value::String(pattern))) =
                (args.front(), args.get(1))
            {
                check_pattern(subject.as_bytes().len(), &pattern.as_bytes())?;
            }
            original.call::<MultiValue>(args)
        })?;
        string.set(name, bounded)?;
    }
    let original: Function = table.get("move")?;
    let bounded = lua.create_function(move |_, args: MultiValue| {
        let number = |i: usize| args.get(i).and_then(Value::as_f64).unwrap_or(0.0);
        if number(2) - number(1) > MOST {
            return Err(Error::new("table.move: too many elements").into());
        }
        original.call::<MultiValue>(args)
    })?;
    table.set("move", bounded)
}

/// A repetition may try each length of the subject, from each start, for each choice of the earlier
/// repetitions.
fn check_pattern(subject: usize, pattern: &[u8]) -> Result<(), Error> {
    let repetitions = pattern.iter().filter(|c| b"*+-".contains(c)).count();
    if (subject as f64 + 1.0).powi(repetitions as i32 + 1) > MOST {
        return Err(Error::new(format!(
            "a pattern of {repetitions} repetitions may never finish on {subject} characters"
        ))
        .hint("a control is evaluated at every step: it must be fast"));
    }
    Ok(())
}
