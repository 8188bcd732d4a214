//! Functions of Lua's library that can run for a long time without executing an instruction, so that no hook can
//! stop them: each adds its cost to the call before it runs. The others that a sandbox has take constant time, or a
//! time that the memory limit bounds.

use super::meter::charge;
use super::patterns;
use crate::Error;
use mlua::{Function, Lua, MultiValue, Result, Table, Value};

/// The bytes that are read or copied in the time of one instruction.
const BYTES: f64 = 8.0;

/// The cost of a call, in instructions.
type Cost = fn(&Lua, &MultiValue) -> Result<f64>;

const STRING: [(&str, Cost); 10] = [
    ("byte", |lua, args| span(lua, args, None)),
    ("find", |lua, args| {
        match args.get(3).is_some_and(|plain| plain.as_boolean() != Some(false)) {
            true => Ok(length(args, 0) * length(args, 1) / BYTES),
            false => Ok(pattern(lua, args)? + length(args, 0) * length(args, 1) / BYTES),
        }
    }),
    ("gmatch", pattern),
    ("gsub", |lua, args| {
        Ok(pattern(lua, args)? + (length(args, 0) + 1.0) * length(args, 2) / BYTES)
    }),
    ("lower", |_, args| Ok(length(args, 0) / BYTES)),
    ("match", pattern),
    ("rep", |lua, args| {
        let each = length(args, 0) + length(args, 2);
        Ok(each * integer(lua, args, 1)?.unwrap_or(0).max(0) as f64 / BYTES)
    }),
    ("reverse", |_, args| Ok(length(args, 0) / BYTES)),
    ("sub", |lua, args| Ok(span(lua, args, Some(-1))? / BYTES)),
    ("upper", |_, args| Ok(length(args, 0) / BYTES)),
];

const TABLE: [(&str, Cost); 5] = [
    ("concat", |lua, args| range(lua, args, 2)),
    ("insert", |lua, args| if args.len() > 2 { after(lua, args) } else { size(args).map(|_| 1.0) }),
    ("move", |lua, args| {
        size(args)?;
        size(&args.get(4).cloned().into_iter().collect())?;
        let bound = |i| Ok::<_, mlua::Error>(integer(lua, args, i)?.unwrap_or(0) as f64);
        Ok((bound(2)? - bound(1)?).max(0.0))
    }),
    ("remove", after),
    ("unpack", |lua, args| range(lua, args, 1)),
];

const UTF8: [(&str, Cost); 3] = [
    ("codepoint", |lua, args| span(lua, args, None)),
    ("len", |_, args| Ok(length(args, 0) / BYTES)),
    ("offset", |_, args| Ok(length(args, 0) / BYTES)),
];

/// The functions that need no cost. `string.dump` and binary data (`pack`, `unpack`) are not for sandboxes.
const AS_THEY_ARE: [(&str, &[&str]); 3] = [
    ("string", &["char", "format", "len"]),
    ("table", &["pack", "sort"]),
    ("utf8", &["char", "charpattern", "codes"]),
];

/// Replaces the functions of `string`, `table` and `utf8`, and `tonumber`.
pub fn install(lua: &Lua, globals: &Table) -> Result<()> {
    for ((name, as_they_are), costs) in AS_THEY_ARE.into_iter().zip([&STRING[..], &TABLE, &UTF8]) {
        let functions: Table = globals.get(name)?;
        for pair in functions.pairs::<String, Value>() {
            let (function, value) = pair?;
            let place = format!("{name}.{function}");
            match (costs.iter().find(|(known, _)| *known == function), value) {
                (Some((_, cost)), Value::Function(original)) => {
                    functions.set(function, bounded(lua, original, place, *cost)?)?;
                }
                _ if as_they_are.contains(&&function[..]) => {}
                _ => functions.set(function, Value::Nil)?,
            }
        }
    }
    let string: Table = globals.get("string")?;
    string.set("rep", repetition(lua, string.get("rep")?)?)?;
    let table: Table = globals.get("table")?;
    table.set("sort", sort(lua, table.get("sort")?)?)?;
    let tonumber = globals.get("tonumber")?;
    let cost: Cost = |_, args| Ok(length(args, 0) / BYTES);
    globals.set("tonumber", bounded(lua, tonumber, "tonumber".into(), cost)?)
}

fn bounded(lua: &Lua, original: Function, place: String, cost: Cost) -> Result<Function> {
    lua.create_function(move |lua, args: MultiValue| {
        let cost = cost(lua, &args)?;
        charge(lua, cost).map_err(|e| match cost > 1e6 {
            true => Error::new("it could take too long with these arguments")
                .at(&place)
                .hint("this code is called at every step: it must be fast")
                .into(),
            false => e,
        })?;
        original.call::<MultiValue>(args)
    })
}

/// `string.rep`, which repeats nothing without a loop.
fn repetition(lua: &Lua, rep: Function) -> Result<Function> {
    lua.create_function(move |lua, mut args: MultiValue| {
        let is_empty = |i| match args.get(i) {
            None | Some(Value::Nil) => i == 2,
            Some(Value::String(text)) => text.as_bytes().is_empty(),
            Some(_) => false,
        };
        if is_empty(0) && is_empty(2) && integer(lua, &args, 1)?.is_some() {
            args[1] = Value::Integer(0);
        }
        rep.call::<Value>(args)
    })
}

/// `table.sort` whose comparisons are instructions.
fn sort(lua: &Lua, sort: Function) -> Result<Function> {
    lua.load(
        "local sort, type = ..., type
        return function(t, before)
          if before == nil then
            sort(t, function(a, b) return a < b end)
          elseif type(before) ~= 'function' then
            sort(t, before)
          else
            sort(t, function(a, b) return before(a, b) end)
          end
        end",
    )
    .set_name("=stdlib/sort")
    .call(sort)
}

/// The length of a string argument; a number is a string of at most 24 bytes.
fn length(args: &MultiValue, i: usize) -> f64 {
    match args.get(i) {
        Some(Value::String(text)) => text.as_bytes().len() as f64,
        Some(Value::Integer(_) | Value::Number(_)) => 24.0,
        _ => 0.0,
    }
}

/// An integer argument, as Lua converts strings and numbers.
fn integer(lua: &Lua, args: &MultiValue, i: usize) -> Result<Option<i64>> {
    args.get(i).map_or(Ok(None), |value| lua.coerce_integer(value.clone()))
}

fn pattern(lua: &Lua, args: &MultiValue) -> Result<f64> {
    let pattern = args.get(1).map_or(Ok(None), |value| lua.coerce_string(value.clone()))?;
    Ok(pattern.map_or(0.0, |p| patterns::cost(length(args, 0), &p.as_bytes())))
}

/// The number of bytes from arguments 2 to 3 of a string; without argument 3, to `last` or the first.
fn span(lua: &Lua, args: &MultiValue, last: Option<i64>) -> Result<f64> {
    let n = length(args, 0);
    let from_start = |i: i64| if i < 0 { i as f64 + n + 1.0 } else { i as f64 };
    let first = integer(lua, args, 1)?.unwrap_or(1);
    let last = integer(lua, args, 2)?.or(last).unwrap_or(first);
    Ok((from_start(last).min(n) - from_start(first).max(1.0) + 1.0).max(0.0))
}

/// The length of the table in argument 1. One with `__len` is refused: it could differ at the next call.
fn size(args: &MultiValue) -> Result<f64> {
    let Some(Value::Table(table)) = args.front() else { return Ok(0.0) };
    match table.metatable() {
        Some(meta) if !meta.raw_get::<Value>("__len")?.is_nil() => {
            Err(Error::new("the functions of 'table' do not work here on a table with '__len'")
                .into())
        }
        _ => Ok(table.raw_len() as f64),
    }
}

/// The number of elements from argument `i` to the next one, by default all of the table.
fn range(lua: &Lua, args: &MultiValue, i: usize) -> Result<f64> {
    let size = size(args)?;
    let first = integer(lua, args, i)?.unwrap_or(1) as f64;
    let last = integer(lua, args, i + 1)?.map_or(size, |last| last as f64);
    Ok((last - first + 1.0).max(0.0))
}

/// The number of elements after the position in argument 2, which move.
fn after(lua: &Lua, args: &MultiValue) -> Result<f64> {
    let size = size(args)?;
    Ok((size - integer(lua, args, 1)?.map_or(size, |at| at as f64)).max(0.0))
}
