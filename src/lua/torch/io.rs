//! Saving and loading of tensors.

use super::arg::type_of;
use super::args::Args;
use super::handle::{self, LuaTensor};
use super::op::{Op, Out, Outcome};
use crate::Error;
use compt_core::tensor::file;
use mlua::Value;
use std::path::Path;
use tch::Device;

pub const FUNCTIONS: &[Op] = &[Op::positional("save", save), Op::with_options("load", load)];

/// `save(path, { name = tensor, ... })`: a safetensors file, written atomically.
fn save(args: &Args) -> Outcome {
    let path = args.string(1)?;
    let Value::Table(table) = args.value(2) else {
        return Err(Error::new("argument 2 must be a table of name = tensor").into());
    };
    let mut named = Vec::new();
    for pair in table.pairs::<Value, Value>() {
        let (name, value) = pair?;
        let Value::String(name) = name else {
            return Err(
                Error::new(format!("a name must be a string, got a {}", type_of(&name))).into()
            );
        };
        let name = name.to_string_lossy();
        let tensor = handle::of(&value).ok_or_else(|| {
            Error::new(format!("'{name}' is a {}, not a tensor", type_of(&value)))
        })?;
        named.push((name, tensor.get()?));
    }
    named.sort_by(|a, b| a.0.cmp(&b.0));
    file::save(Path::new(&path), &named)?;
    Ok(Out::Nothing)
}

/// `load(path, { device = "cpu" })` -> table of name = tensor.
fn load(args: &Args) -> Outcome {
    let path = args.string(1)?;
    let device = args.device()?.unwrap_or(Device::Cpu);
    let table = args.lua.create_table()?;
    for (name, tensor) in file::load(Path::new(&path))? {
        table.raw_set(name, LuaTensor::new(tensor.f_to_device(device)?))?;
    }
    Ok(Out::Lua(Value::Table(table)))
}
