//! The inputs that a method returns for a batch, converted from Lua values.

use crate::options::Options;
use crate::torch::{LuaTensor, TensorArg};
use crate::{Error, Result};
use compt_core::backbone::{Bottleneck, Change, Changes};
use compt_core::nn::Activation;
use compt_core::tensor::{device, dtype};
use compt_core::train::batch::{Inputs, Prompts};
use mlua::{FromLua, Lua, Table, Value};
use std::collections::BTreeMap;
use tch::{Device, Kind, Tensor};

/// Reads the result of `give` for a batch of `rows` rows over a backbone of d_model `width` on a device: a
/// prompt `[B, m, d]`, a table `{ prompt, shift, changes }`, or nil.
///
/// # Errors
/// A value of another type, an unknown key, or a tensor of another shape, dtype or device.
pub fn read(
    lua: &Lua,
    value: Value,
    (rows, width): (usize, i64),
    device: Device,
) -> mlua::Result<Inputs> {
    let (prompt, shift, changes) = match value {
        Value::Nil => (None, None, None),
        Value::Table(_) => {
            let o = Options::new("the result of 'give'", value)?;
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
        check(prompt, rows as i64, width)?;
        check_kind(prompt, device)?;
    }
    Ok(Inputs {
        prompts: prompt.map(|vectors| Prompts {
            of_row: (0..rows).collect(),
            hidden: vec![Vec::new(); rows],
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

/// Prompts must be float32, like parameters, and on the device of the backbone.
fn check_kind(prompt: &Tensor, on: Device) -> Result<()> {
    let kind = prompt.f_kind()?;
    if kind == Kind::Float && prompt.device() == on {
        return Ok(());
    }
    Err(Error::new(format!(
        "the prompt is {} on {} where float32 on {} is expected",
        dtype::name(kind),
        device::name(prompt.device()),
        device::name(on)
    ))
    .hint("`:float()` and `:to(DEVICE)` convert one"))
}

/// place -> { low_rank = { a, b }, scale, bias, gain, bottleneck = { down, down_bias, up, up_bias },
/// activation, prefix = { keys, values } }
fn read_changes(lua: &Lua, table: Table) -> mlua::Result<Changes> {
    let mut all = BTreeMap::new();
    for pair in table.pairs::<String, Value>() {
        let (place, value) = pair?;
        let o = Options::new(&place, value)?;
        let mut changes = Vec::new();
        let scale: Option<f64> = o.get(lua, "scale")?;
        let activation: Option<String> = o.get(lua, "activation")?;
        let without =
            |key: &str, other: &str| o.error(format!("'{key}' needs '{other}', which is missing"));
        match (tensors(lua, &o, "low_rank")?, scale) {
            (Some([a, b]), scale) => {
                changes.push(Change::LowRank { a, b, scale: scale.unwrap_or(1.0) });
            }
            (None, Some(_)) => return Err(without("scale", "low_rank")),
            (None, None) => {}
        }
        let bottleneck = tensors(lua, &o, "bottleneck")?;
        if bottleneck.is_none() && activation.is_some() {
            return Err(without("activation", "bottleneck"));
        }
        if let Some([down, down_bias, up, up_bias]) = bottleneck {
            let activation = Activation::parse(activation.as_deref().unwrap_or("gelu"))?;
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

/// A list of `N` tensors, if present.
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
