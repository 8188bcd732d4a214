//! What a method gives a batch, as Lua values.

use super::LuaBatch;
use crate::lua::options::Options;
use crate::lua::torch::{LuaTensor, TensorArg};
use crate::nn::Activation;
use crate::t5::change::{Bottleneck, Change, Changes};
use crate::train::gather::Prompts;
use crate::train::learner::Given;
use crate::{Error, Result};
use mlua::{FromLua, Lua, Table, Value};
use std::collections::BTreeMap;
use tch::Tensor;

/// A prompt `[B, m, d]`, or a table { prompt, shift, changes }; nil gives nothing.
pub fn read(lua: &Lua, value: Value, batch: &LuaBatch, width: i64) -> mlua::Result<Given> {
    let (prompt, shift, changes) = match value {
        Value::Nil => (None, None, None),
        Value::Table(_) => {
            let o = Options::new("what 'give' returned", value)?;
            let tensor = |value: Option<TensorArg>| value.map(|t| t.tensor()).transpose();
            let prompt = tensor(o.get(lua, "prompt")?)?;
            let shift = tensor(o.get(lua, "shift")?)?;
            let changes: Option<Table> = o.get(lua, "changes")?;
            o.finish()?;
            (prompt, shift, changes)
        }
        prompt => (Some(LuaTensor::from_lua(prompt, lua)?.get()?), None, None),
    };
    if let Some(prompt) = &prompt {
        check(prompt, batch.size() as i64, width)?;
    }
    Ok(Given {
        prompts: prompt.map(|vectors| Prompts {
            of_row: (0..batch.size()).collect(),
            hidden: vec![Vec::new(); batch.size()],
            vectors,
        }),
        shift,
        changes: changes.map(|table| read_changes(lua, table)).transpose()?.unwrap_or_default(),
    })
}

fn check(prompt: &Tensor, rows: i64, width: i64) -> Result<()> {
    match prompt.size()[..] {
        [b, m, d] if b == rows && d == width && m > 0 => Ok(()),
        _ => Err(Error::new(format!(
            "the prompt is {:?} where [{rows}, m, {width}] is expected",
            prompt.size()
        ))),
    }
}

/// place -> { low_rank = { a, b }, scale, bias, gain, bottleneck = { down, down_bias, up, up_bias },
/// activation, prefix = { keys, values } }
fn read_changes(lua: &Lua, table: Table) -> mlua::Result<Changes> {
    let mut all = BTreeMap::new();
    for pair in table.pairs::<String, Value>() {
        let (place, value) = pair?;
        let o = Options::new(&place, value)?;
        let mut changes = Vec::new();
        let scale: f64 = o.get_or(lua, "scale", 1.0)?;
        let activation: String = o.get_or(lua, "activation", "gelu".into())?;
        if let Some([a, b]) = tensors(lua, &o, "low_rank")? {
            changes.push(Change::LowRank { a, b, scale });
        }
        if let Some([down, down_bias, up, up_bias]) = tensors(lua, &o, "bottleneck")? {
            let activation = Activation::parse(&activation)?;
            let (down, up) = ((down, down_bias), (up, up_bias));
            changes.push(Change::Bottleneck(Bottleneck { down, up, activation }));
        }
        if let Some([keys, values]) = tensors(lua, &o, "prefix")? {
            changes.push(Change::Prefix { keys, values });
        }
        if let Some(bias) = o.get::<TensorArg>(lua, "bias")? {
            changes.push(Change::Bias(bias.tensor()?));
        }
        if let Some(gain) = o.get::<TensorArg>(lua, "gain")? {
            changes.push(Change::Gain(gain.tensor()?));
        }
        o.finish()?;
        all.insert(place, changes);
    }
    Ok(Changes(all))
}

/// A list of `N` tensors, if it is there.
fn tensors<const N: usize>(
    lua: &Lua,
    o: &Options,
    key: &'static str,
) -> mlua::Result<Option<[Tensor; N]>> {
    let Some(list) = o.get::<Vec<TensorArg>>(lua, key)? else { return Ok(None) };
    let count = list.len();
    let list = list.into_iter().map(TensorArg::tensor).collect::<Result<Vec<_>>>()?;
    match list.try_into() {
        Ok(list) => Ok(Some(list)),
        Err(_) => Err(o.error(format!("'{key}' needs {N} tensors, not {count}"))),
    }
}
