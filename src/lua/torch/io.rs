//! Saving and loading of tensors.

use super::arg::type_of;
use super::handle::{self, LuaTensor};
use super::op::{Op, Out, Outcome, ops};
use crate::Error;
use compt_core::tensor::file;
use mlua::{Table, Value};
use std::path::Path;
use tch::Device;

pub const FUNCTIONS: &[Op] = ops! {
    "save": (path: String, tensors: Table) => save(&path, &tensors)?;
    "load": (path: String; device: Option<Device>) => load(&path, device.unwrap_or(Device::Cpu))?;
};

/// A safetensors file of name = tensor, written atomically.
fn save(path: &str, table: &Table) -> Outcome<()> {
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
    Ok(file::save(Path::new(path), &named)?)
}

/// A table of name = tensor.
fn load(path: &str, device: Device) -> Outcome {
    let mut named = Vec::new();
    for (name, tensor) in file::load(Path::new(path))? {
        named.push((name, tensor.f_to_device(device)?));
    }
    Ok(Out::make(move |lua| {
        let table = lua.create_table()?;
        for (name, tensor) in named {
            table.raw_set(name, LuaTensor::new(tensor))?;
        }
        Ok(Value::Table(table))
    }))
}
