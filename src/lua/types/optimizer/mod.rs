//! `compt.optimizer`: optimizers that are defined in Lua, and all of them by hand.

mod by_hand;
mod define;
mod in_lua;
mod trial;

pub use by_hand::LuaOptimizer;
pub use define::{Says, make};

use super::defined::{self, Own};
use crate::Error;
use crate::call;
use crate::options::Options;
use crate::torch::strict;
use by_hand::{at_least_zero, parameters};
use compt_base::options::{Registered, Variant};
use compt_core::train::optimizer::{self, KINDS};
use define::DEFAULT_RATE;
use mlua::{Function, Lua, Table, Value};

const DEFINE: &str = "compt.optimizer.define";

/// The weight decay by hand of `torch.optim.AdamW`; that of the others is 0.
const ADAMW_DECAY: f64 = 0.01;

pub fn register(lua: &Lua, compt: &Table) -> mlua::Result<()> {
    let table = lua.create_table()?;
    for kind in KINDS {
        table.set(kind.name, built_in(lua, kind)?)?;
    }
    for name in crate::stdlib::modules_in("optimizers") {
        table.set(name.as_str(), constructor(lua, name.clone())?)?;
    }
    let define = |lua: &Lua, (name, given): (String, Value)| -> mlua::Result<()> {
        defined::define::<Says>(lua, &name, given)?;
        let require: Function = lua.globals().get("require")?;
        let native: Table = require.call("compt.native")?;
        native.get::<Table>("optimizer")?.raw_set(name.as_str(), constructor(lua, name.clone())?)
    };
    table.set("define", call::function(lua, DEFINE, define)?)?;
    table.set_metatable(Some(strict(lua, "compt.optimizer")?))?;
    compt.set("optimizer", table)
}

/// `compt.optimizer.NAME(parameters, { lr, weight_decay, options })` of an optimizer in Rust.
fn built_in<Make>(lua: &Lua, kind: &'static Registered<Make>) -> mlua::Result<Function> {
    let call = format!("compt.optimizer.{}", kind.name);
    call::function(lua, call.clone(), move |lua, (given, options): (Value, Value)| {
        let parameters = parameters(lua, given).map_err(|e| at(e, &call))?;
        let o = Options::new(&call, options)?;
        let decay = if kind.name == "adamw" { ADAMW_DECAY } else { 0.0 };
        let rates = rates(lua, &o, (DEFAULT_RATE, decay))?;
        let variant = Variant { kind: kind.name.into(), options: o.data(kind.options)? };
        let optimizer = optimizer::make(&variant).map_err(|e| e.at(&call))?;
        o.finish()?;
        Ok(LuaOptimizer::new(kind.name, parameters, optimizer, rates))
    })
}

/// `compt.optimizer.NAME(parameters, { lr, weight_decay, options })` of an optimizer that is defined in Lua.
fn constructor(lua: &Lua, name: String) -> mlua::Result<Function> {
    let call = format!("compt.optimizer.{name}");
    call::function(lua, call.clone(), move |lua, (given, options): (Value, Value)| {
        let parameters = parameters(lua, given).map_err(|e| at(e, &call))?;
        let mut own = Own::<Says>::named(lua, &name)?.expect("it is not a built-in kind");
        let o = Options::new(&call, options)?;
        let rates = rates(lua, &o, (own.definition.says.lr, 0.0))?;
        own.take(lua, &o)?;
        o.finish()?;
        let made = make(&own, lua, None).map_err(|e| e.at(&call))?;
        Ok(LuaOptimizer::new(&name, parameters, made.optimizer(), rates))
    })
}

fn at(error: mlua::Error, call: &str) -> mlua::Error {
    crate::failure::error_of(&error).at(call).into()
}

/// The learning rate and the weight decay.
fn rates(lua: &Lua, o: &Options, defaults: (f64, f64)) -> mlua::Result<(f64, f64)> {
    let read = |key, default| -> mlua::Result<f64> {
        let value = o.get_or(lua, key, default)?;
        at_least_zero(key, value).map_err(|e: Error| o.error_of(e))
    };
    Ok((read("lr", defaults.0)?, read("weight_decay", defaults.1)?))
}
