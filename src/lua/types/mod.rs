//! The runtime's parts in Lua: one file per userdata, one line here for each.

mod answering;
mod backbone;
mod bank;
mod compose;
mod defined;
mod heat;
mod history;
mod ids;
mod learner;
pub mod library;
mod loaded_run;
mod metric;
mod optimizer;
mod plain;
mod prompts;
mod router;
mod sampler;
mod task_catalog;
mod task_definition;
mod task_metrics;
mod task_sources;
mod task_text;
mod tasks;
mod tokenizer;
mod trainer;

pub use backbone::{LuaBackbone, named as backbone_named, thawed};
pub use bank::LuaBank;
pub use learner::{LuaBatch, LuaSetup};
pub use loaded_run::LuaLoadedRun;
pub use optimizer::LuaOptimizer;
pub use prompts::{LuaPrompt, LuaPrompts};
pub use router::LuaRouter;
pub use tasks::Tasks;
pub use tokenizer::LuaTokenizer;
pub use trainer::{LuaTrainer, steps_made};

use super::object::{Members, Object};
use super::session::Session;
use super::torch::TensorHandle;
use crate::{Error, Result};
use compt_core::train::knobs::{Each, Knob};
use mlua::{Lua, Table, Value};

/// An object's name, its class in the documentation, and its members.
type About = (&'static str, &'static str, fn() -> Members);

/// All objects that scripts hold, including tensors.
pub const OBJECTS: [About; 13] = [
    object::<TensorHandle>(),
    object::<LuaBackbone>(),
    object::<LuaBank>(),
    object::<LuaBatch>(),
    object::<LuaLoadedRun>(),
    object::<LuaOptimizer>(),
    object::<LuaPrompt>(),
    object::<LuaPrompts>(),
    object::<LuaRouter>(),
    object::<LuaSetup>(),
    object::<LuaTokenizer>(),
    object::<LuaTrainer>(),
    object::<Tasks>(),
];

const fn object<T: Object>() -> About {
    (T::NAME, T::CLASS, Members::of::<T>)
}

/// Calls `work`; what it defines by name is forgotten afterwards, and earlier definitions of these names hold again.
pub fn without_definitions<R>(lua: &Lua, work: impl FnOnce() -> R) -> mlua::Result<R> {
    let operators = defined::kept::<compose::Compose>(lua)?;
    let routers = defined::kept::<router::Weights>(lua)?;
    let optimizers = defined::kept::<optimizer::Says>(lua)?;
    let samplers = defined::kept::<sampler::Rows>(lua)?;
    let done = work();
    defined::put_back::<compose::Compose>(lua, operators)?;
    defined::put_back::<router::Weights>(lua, routers)?;
    defined::put_back::<optimizer::Says>(lua, optimizers)?;
    defined::put_back::<sampler::Rows>(lua, samplers)?;
    Ok(done)
}

/// Adds every part to `compt`, the table that `require "compt"` starts from.
pub fn register_all(lua: &Lua, compt: &Table) -> mlua::Result<()> {
    backbone::register(lua, compt)?;
    bank::register(lua, compt)?;
    compose::register(lua, compt)?;
    loaded_run::register(lua, compt)?;
    metric::register(lua, compt)?;
    optimizer::register(lua, compt)?;
    prompts::register(lua, compt)?;
    router::register(lua, compt)?;
    sampler::register(lua, compt)?;
    tasks::register(lua, compt)?;
    tokenizer::register(lua, compt)?;
    trainer::register(lua, compt)
}

/// The device of `--device`.
fn default_device(lua: &Lua) -> String {
    lua.app_data_ref::<Session>().map_or_else(|| "auto".into(), |session| session.device.clone())
}

/// How to set a knob of a run.
fn set_by_trainer(knob: &str) -> String {
    let name = match Knob::named(knob).map(|knob| knob.each) {
        Ok(Each::Group) => format!("{knob}.GROUP"),
        Ok(Each::Task) => format!("{knob}.TASK"),
        _ => knob.to_string(),
    };
    format!(
        "trainer:set(\"{name}\", VALUE) sets it from the next step on, as does '{knob}' in the \
         control"
    )
}

/// An index into a list from a number from 1 or a name; returned from 0.
fn index(which: &Value, kind: &str, names: &[String]) -> Result<usize> {
    match which {
        Value::Integer(0) => {
            Err(Error::new(format!("no {kind} 0")).hint("Lua counts from 1; names work too"))
        }
        Value::Integer(i) if (1..=names.len() as i64).contains(i) => Ok((i - 1) as usize),
        Value::Integer(i) => Err(Error::new(format!("no {kind} {i}: there are {}", names.len()))),
        Value::String(name) => {
            let name = name.to_string_lossy();
            names
                .iter()
                .position(|known| *known == name)
                .ok_or_else(|| Error::unknown(kind, &name, names.iter().map(String::as_str)))
        }
        other => Err(Error::new(format!(
            "a {kind} is named by its number from 1 or its name, not by a {}",
            super::options::kind(other)
        ))),
    }
}
