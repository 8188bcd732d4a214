//! Functions of Lua's library can run for a long time without executing an instruction, so that no hook can stop
//! them. Each adds its cost to the call before it runs; one that a sandbox does not list is removed.

use super::meter::charge;
use super::patterns;
use crate::{Error, stdlib};
use mlua::{Function, Lua, MultiValue, Result, Table, Value};

/// The bytes that are read or copied in the time of one instruction.
const BYTES: f64 = 8.0;

/// The cost of a call in instructions, besides that of its arguments after the first.
type Cost = fn(&Lua, &MultiValue) -> Result<f64>;

/// No `string.dump`, and no binary data (`pack`, `unpack`).
const STRING: [(&str, Cost); 13] = [
    ("byte", |lua, args| span(lua, args, None)),
    ("char", whole),
    ("find", |lua, args| {
        let plain = length(args, 0) * length(args, 1) / BYTES;
        match args.get(3) {
            None | Some(Value::Nil | Value::Boolean(false)) => {
                Ok(pattern(lua, args, true)? + plain)
            }
            Some(_) => Ok(plain),
        }
    }),
    ("format", whole),
    ("gmatch", |lua, args| pattern(lua, args, false)),
    ("gsub", |lua, args| {
        plain_size(args.get(2))?;
        Ok(pattern(lua, args, true)? + (length(args, 0) + 1.0) * length(args, 2) / BYTES)
    }),
    ("len", |_, _| Ok(0.0)),
    ("lower", whole),
    ("match", |lua, args| pattern(lua, args, true)),
    ("rep", |lua, args| {
        let each = length(args, 0) + length(args, 2);
        Ok(each * integer(lua, args, 1)?.unwrap_or(0).max(0) as f64 / BYTES)
    }),
    ("reverse", whole),
    ("sub", |lua, args| Ok(span(lua, args, Some(-1))? / BYTES)),
    ("upper", whole),
];

const TABLE: [(&str, Cost); 6] = [
    ("concat", |lua, args| range(lua, args, 2)),
    ("insert", |lua, args| match args.len() {
        0..=2 => plain_size(args.front()).map(|_| 1.0),
        _ => after(lua, args),
    }),
    ("move", |lua, args| {
        plain_size(args.front())?;
        plain_size(args.get(4))?;
        let bound = |i| Ok::<_, mlua::Error>(integer(lua, args, i)?.unwrap_or(0) as f64);
        Ok((bound(2)? - bound(1)?).max(0.0))
    }),
    ("pack", |_, _| Ok(0.0)),
    ("remove", after),
    ("unpack", |lua, args| range(lua, args, 1)),
];

const UTF8: [(&str, Cost); 5] = [
    ("char", whole),
    ("codepoint", |lua, args| span(lua, args, None)),
    ("codes", |_, _| Ok(0.0)),
    ("len", whole),
    ("offset", whole),
];

/// Replaces the functions of `string`, `table`, `utf8` and `math`, and `tonumber`.
pub fn install(lua: &Lua, globals: &Table) -> Result<()> {
    for (name, costs) in [("string", &STRING[..]), ("table", &TABLE), ("utf8", &UTF8)] {
        let functions: Table = globals.get(name)?;
        replace(lua, name, &functions, |function| {
            costs.iter().find(|(known, _)| *known == function).map(|(_, cost)| *cost)
        })?;
    }
    let math: Table = globals.get("math")?;
    math.set("randomseed", Value::Nil)?;
    // All read numbers, which can be long strings.
    replace(lua, "math", &math, |_| Some(whole))?;
    let string: Table = globals.get("string")?;
    string.set("rep", repetition(lua, string.get("rep")?)?)?;
    let check = lua.create_function(|_, table: Value| plain_size(Some(&table)))?;
    let sort: Function = stdlib::load(lua, "merge_sort.lua")?;
    globals.get::<Table>("table")?.set("sort", sort.call::<Function>(check)?)?;
    let tonumber = globals.get("tonumber")?;
    globals.set("tonumber", bounded(lua, tonumber, "tonumber".into(), whole)?)
}

/// Replaces the functions with a cost; the others are removed. Other values stay.
fn replace(
    lua: &Lua,
    name: &str,
    functions: &Table,
    cost: impl Fn(&str) -> Option<Cost>,
) -> Result<()> {
    for pair in functions.pairs::<String, Value>() {
        let (function, value) = pair?;
        let Value::Function(original) = value else { continue };
        let place = format!("{name}.{function}");
        let bounded =
            cost(&function).map(|cost| bounded(lua, original, place, cost)).transpose()?;
        functions.set(function, bounded)?;
    }
    Ok(())
}

fn bounded(lua: &Lua, original: Function, place: String, cost: Cost) -> Result<Function> {
    lua.create_function(move |lua, args: MultiValue| {
        let lengths: f64 = (1..args.len()).map(|i| length(&args, i)).sum();
        let cost = cost(lua, &args)? + args.len() as f64 + lengths / BYTES;
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

/// The length of a string argument; a number is a string of at most 24 bytes.
fn length(args: &MultiValue, i: usize) -> f64 {
    match args.get(i) {
        Some(Value::String(text)) => text.as_bytes().len() as f64,
        Some(Value::Integer(_) | Value::Number(_)) => 24.0,
        _ => 0.0,
    }
}

/// Of a function that reads all of its first argument.
fn whole(_: &Lua, args: &MultiValue) -> Result<f64> {
    Ok(length(args, 0) / BYTES)
}

/// An integer argument, as Lua converts strings and numbers.
fn integer(lua: &Lua, args: &MultiValue, i: usize) -> Result<Option<i64>> {
    args.get(i).map_or(Ok(None), |value| lua.coerce_integer(value.clone()))
}

fn pattern(lua: &Lua, args: &MultiValue, anchors: bool) -> Result<f64> {
    let pattern = args.get(1).map_or(Ok(None), |value| lua.coerce_string(value.clone()))?;
    Ok(pattern.map_or(0.0, |p| patterns::cost(length(args, 0), &p.as_bytes(), anchors)))
}

/// The number of bytes from arguments 2 to 3 of a string; without argument 3, to `last` or the first.
fn span(lua: &Lua, args: &MultiValue, last: Option<i64>) -> Result<f64> {
    let n = length(args, 0);
    let from_start = |i: i64| if i < 0 { i as f64 + n + 1.0 } else { i as f64 };
    let first = integer(lua, args, 1)?.unwrap_or(1);
    let last = integer(lua, args, 2)?.or(last).unwrap_or(first);
    Ok((from_start(last).min(n) - from_start(first).max(1.0) + 1.0).max(0.0))
}

/// The metamethods that these functions would call for each element.
const OF_ELEMENTS: [&str; 3] = ["__index", "__len", "__newindex"];

/// The length of a table; 0 for another value. A table whose elements come from metamethods is refused: these could
/// give another length at the next call, and a chain of tables would multiply the cost.
fn plain_size(value: Option<&Value>) -> Result<f64> {
    let Some(Value::Table(table)) = value else { return Ok(0.0) };
    if let Some(meta) = table.metatable() {
        for name in OF_ELEMENTS {
            if !meta.raw_get::<Value>(name)?.is_nil() {
                return Err(
                    Error::new(format!("this function takes no table with '{name}' here")).into()
                );
            }
        }
    }
    Ok(table.raw_len() as f64)
}

/// The number of elements from argument `i` to the next one, by default all of the table.
fn range(lua: &Lua, args: &MultiValue, i: usize) -> Result<f64> {
    let size = plain_size(args.front())?;
    let first = integer(lua, args, i)?.unwrap_or(1) as f64;
    let last = integer(lua, args, i + 1)?.map_or(size, |last| last as f64);
    Ok((last - first + 1.0).max(0.0))
}

/// The number of elements after the position in argument 2, which move.
fn after(lua: &Lua, args: &MultiValue) -> Result<f64> {
    let size = plain_size(args.front())?;
    Ok((size - integer(lua, args, 1)?.map_or(size, |at| at as f64)).max(0.0))
}
