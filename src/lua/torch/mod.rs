//! `compt.torch`: tensors in Lua, with PyTorch's names.
//!
//! Dimensions and indices count from 1, negative ones from the end. This holds for every index
//! that is a position in a tensor: those that `argmax`, `max`, `min`, `topk`, `sort`,
//! `argsort`, `nonzero`, `multinomial` and `randperm` return, and those that `gather`,
//! `index_select`, `scatter`, `index_add` and `t[...]` take. Token ids and class ids are data, not
//! positions: `embedding`, `one_hot` and `cross_entropy` count them from 0, as PyTorch does.

mod activation;
mod arg;
mod args;
mod arith;
mod autograd;
mod convert;
mod create;
pub mod default_device;
mod dim;
mod handle;
mod index;
mod io;
pub mod leaves;
mod linalg;
mod loss;
mod memory;
mod op;
mod order;
mod precision;
mod print;
mod random;
mod read;
mod rearrange;
mod reduce;
mod scope;
mod shape;
#[cfg(test)]
mod tests;
pub mod trace;
mod userdata;

pub use arg::TensorArg;
pub use handle::{Handle as TensorHandle, LuaTensor};
pub use scope::in_scope;

use super::call::{self, Arguments};
use super::object::no_such;
use mlua::{Lua, MultiValue, Table, Value};
use op::Op;

/// Operations that are functions of the module and methods of tensors.
const BOTH: &[&[Op]] = &[
    activation::OPS,
    arith::OPS,
    autograd::OPS,
    create::OPS,
    index::OPS,
    linalg::OPS,
    loss::OPS,
    order::OPS,
    random::OPS,
    reduce::OPS,
    shape::OPS,
];

/// Functions of the module only.
const FUNCTIONS: &[&[Op]] = &[
    autograd::FUNCTIONS,
    create::FUNCTIONS,
    io::FUNCTIONS,
    linalg::FUNCTIONS,
    memory::FUNCTIONS,
    precision::FUNCTIONS,
    random::FUNCTIONS,
    shape::FUNCTIONS,
];

/// Methods of tensors only.
const METHODS: &[&[Op]] = &[
    activation::IN_PLACE,
    arith::IN_PLACE,
    autograd::METHODS,
    convert::METHODS,
    index::IN_PLACE,
    random::IN_PLACE,
    shape::METHODS,
];

/// The module: `local torch = require "compt.torch"`.
pub fn module(lua: &Lua) -> mlua::Result<Table> {
    let module = lua.create_table()?;
    for op in BOTH.iter().chain(FUNCTIONS).copied().flatten() {
        let call = lua.create_function(move |lua, values: MultiValue| op.run(lua, values))?;
        match op.name.split_once('.') {
            None => module.raw_set(op.name, call)?,
            Some((part, name)) => part_of(lua, &module, part)?.raw_set(name, call)?,
        }
    }
    module.raw_set("scope", call::function(lua, "torch.scope", scope::scope)?)?;
    module.raw_set("no_grad", call::function(lua, "torch.no_grad", autograd::no_grad)?)?;
    module.set_metatable(Some(strict(lua, "torch")?))?;
    Ok(module)
}

/// A table of functions within the module, such as `torch.linalg`.
fn part_of(lua: &Lua, module: &Table, part: &str) -> mlua::Result<Table> {
    if let Some(table) = module.raw_get::<Option<Table>>(part)? {
        return Ok(table);
    }
    let table = lua.create_table()?;
    table.set_metatable(Some(strict(lua, &format!("torch.{part}"))?))?;
    module.raw_set(part, &table)?;
    Ok(table)
}

/// A metatable that makes access to an unknown function an error that names the nearest one.
pub fn strict(lua: &Lua, whose: &str) -> mlua::Result<Table> {
    let meta = lua.create_table()?;
    let what = format!("{whose} has no function");
    let unknown = lua.create_function(move |_, (module, name): (Table, Value)| {
        let known: Vec<String> =
            module.pairs::<String, Value>().map(|pair| Ok(pair?.0)).collect::<mlua::Result<_>>()?;
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        Err::<(), _>(no_such(&what, &name.to_string()?, &known).into())
    })?;
    meta.raw_set("__index", unknown)?;
    Ok(meta)
}

/// The current Lua source line, as `file:line`.
fn place(lua: &Lua) -> String {
    let places = places(lua);
    places.into_iter().next().unwrap_or_else(|| "the host program".to_string())
}

/// The current line of a script, outside the library.
fn place_in_script(lua: &Lua) -> String {
    let places = places(lua);
    let of_script = places.iter().find(|place| !place.starts_with("stdlib/"));
    of_script.or(places.first()).cloned().unwrap_or_else(|| "the host program".to_string())
}

/// The current lines of the call stack, the innermost first.
fn places(lua: &Lua) -> Vec<String> {
    (0..)
        .map_while(|level| {
            lua.inspect_stack(level, |frame| {
                let source = frame.source().short_src.map(|s| s.into_owned());
                frame.current_line().map(|line| format!("{}:{line}", source.unwrap_or_default()))
            })
        })
        .flatten()
        .filter(|place| !place.starts_with("__mlua"))
        .collect()
}

impl Arguments for LuaTensor {
    const COUNT: usize = 1;
}

impl Arguments for TensorArg {
    const COUNT: usize = 1;
}
