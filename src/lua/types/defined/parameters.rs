//! The parameters of a user-defined part: declared by name, created for the sizes of a run.

use crate::object::no_such;
use crate::options::{Options, kind};
use crate::torch::{LuaTensor, TensorArg};
use crate::{Error, Result};
use compt_core::nn::{Named, init};
use mlua::{FromLua, Function, Lua, LuaSerdeExt, Table, Value};
use tch::{Device, Kind, Tensor};

/// The sizes of the run: `compt.OperatorContext` in `stdlib/doc`.
#[derive(Clone)]
pub struct Context {
    pub tasks: Vec<String>,
    pub sources: usize,
    /// `None` without prompts.
    pub lengths: Option<Lengths>,
    pub device: Device,
    /// The options of the part.
    pub options: serde_json::Map<String, serde_json::Value>,
}

/// The sizes of the prompts.
#[derive(Clone, Copy)]
pub struct Lengths {
    pub source: i64,
    pub private: i64,
    pub d_model: i64,
}

impl Context {
    /// The sizes as a table, not sealed yet.
    pub fn fields(&self, lua: &Lua) -> mlua::Result<Table> {
        let fields = lua.create_table()?;
        fields.set("tasks", self.tasks.clone())?;
        fields.set("sources", self.sources)?;
        if let Some(lengths) = self.lengths {
            fields.set("length", lengths.source)?;
            fields.set("private_length", lengths.private)?;
            fields.set("d_model", lengths.d_model)?;
        }
        if !self.options.is_empty() {
            fields.set("options", options_table(lua, &self.options)?)?;
        }
        Ok(fields)
    }

    fn to_lua(&self, lua: &Lua) -> mlua::Result<Table> {
        let has_prompts = self.lengths.is_some();
        seal(lua, self.fields(lua)?, NO_FIELD, move |name| {
            needs_prompts(name, has_prompts).map(|()| false)
        })
    }
}

/// The options of a part as a read-only table.
pub fn options_table(
    lua: &Lua,
    options: &serde_json::Map<String, serde_json::Value>,
) -> mlua::Result<Table> {
    let options: Table = lua.unpack(lua.to_value(options)?)?;
    seal(lua, options, "there is no option", |_| Ok(false))
}

/// The fields of contexts that are known if there are prompts.
const OF_PROMPTS: [&str; 5] =
    ["length", "private_length", "d_model", "private_prompts", "source_prompts"];

/// An error for a field that is not known without prompts.
pub fn needs_prompts(name: &str, has_prompts: bool) -> Result<()> {
    match has_prompts || !OF_PROMPTS.contains(&name) {
        true => Ok(()),
        false => Err(Error::new(format!("'{name}' is known in a trainer only"))
            .hint("this router was made without prompts")),
    }
}

/// How the error for an unknown field of a context begins.
pub const NO_FIELD: &str = "the context has no field";

/// A read-only table: access to an unknown name is an error that begins with `what`. `absent` is asked about every name
/// that is read: whether it may be nil, or why it cannot be read.
pub fn seal(
    lua: &Lua,
    fields: Table,
    what: &'static str,
    absent: impl Fn(&str) -> Result<bool> + 'static,
) -> mlua::Result<Table> {
    let (meta, all) = (lua.create_table()?, fields.clone());
    let index = move |_: &Lua, (_, key): (Table, Value)| -> mlua::Result<Value> {
        let value: Value = all.raw_get(key.clone())?;
        let name = key.to_string()?;
        let may_be_nil = absent(&name)?;
        if !value.is_nil() || may_be_nil {
            return Ok(value);
        }
        let mut known = Vec::new();
        for pair in all.pairs::<String, Value>() {
            known.push(pair?.0);
        }
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        Err(no_such(what, &name, &known).into())
    };
    let assign = |_: &Lua, (_, key, _): (Table, Value, Value)| -> mlua::Result<()> {
        let key = key.to_string()?;
        Err(Error::new(format!("'{key}' cannot be set here"))
            .hint("a parameter is changed in place: `parameters.NAME:copy_(tensor)`")
            .into())
    };
    let next: Function = lua.globals().get("next")?;
    meta.set("__index", lua.create_function(index)?)?;
    meta.set("__newindex", lua.create_function(assign)?)?;
    let pairs = move |_: &Lua, _: Table| Ok((next.clone(), fields.clone(), Value::Nil));
    meta.set("__pairs", lua.create_function(pairs)?)?;
    let empty = lua.create_table()?;
    empty.set_metatable(Some(meta))?;
    Ok(empty)
}

/// The parameters as a Lua table.
pub fn tensors(lua: &Lua, parameters: &[(String, Tensor)]) -> mlua::Result<Table> {
    let fields = lua.create_table()?;
    for (name, tensor) in parameters {
        fields.set(name.as_str(), LuaTensor::new(tensor.shallow_clone()))?;
    }
    seal(lua, fields, "there is no parameter", |_| Ok(false))
}

/// A table of name -> tensor, number, list of numbers or { shape, init }, or a function of the
/// context that returns one; each becomes a float32 leaf, in the order of their names.
pub fn make(lua: &Lua, declared: &Value, context: &Context) -> mlua::Result<Named> {
    let table = match declared {
        Value::Nil => return Ok(Named::new()),
        Value::Table(table) => table.clone(),
        Value::Function(function) => match function.call::<Value>(context.to_lua(lua)?)? {
            Value::Table(table) => table,
            other => {
                return Err(Error::new(format!(
                    "the function returned a {} where a table of name -> tensor or {{ shape, init \
                     }} is expected",
                    kind(&other)
                ))
                .into());
            }
        },
        other => {
            return Err(Error::new(format!(
                "expected a table of name -> tensor or {{ shape, init }}, or a function that \
                 returns one, got a {}",
                kind(other)
            ))
            .into());
        }
    };
    let mut entries = Vec::new();
    for pair in table.pairs::<Value, Value>() {
        let (key, value) = pair?;
        let Some(name) = key.as_string().map(|name| name.to_string_lossy()) else {
            return Err(Error::new(format!(
                "the key of a parameter must be a name, not a {}",
                kind(&key)
            ))
            .into());
        };
        entries.push((name, value));
    }
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    let made = entries.into_iter().map(|(name, value)| {
        let place = |e: mlua::Error| crate::failure::error_of(&e).at(&name);
        let value = value_of(lua, value).map_err(place)?;
        if value.numel() == 0 {
            return Err(Error::new(format!("it is {:?}: nothing to train", value.size())).at(name));
        }
        Ok((name, init::parameter_of(&value, context.device)?))
    });
    Ok(made.collect::<Result<Named>>()?)
}

fn value_of(lua: &Lua, value: Value) -> mlua::Result<Tensor> {
    let options = match value {
        Value::Table(table) if table.raw_len() == 0 => {
            Options::new("a parameter", Value::Table(table))?
        }
        other => return Ok(TensorArg::from_lua(other, lua)?.tensor()?),
    };
    let shape: Vec<i64> = options.need(lua, "shape")?;
    let how: Value = options.get_or(lua, "init", Value::Nil)?;
    options.finish()?;
    if let Some(size) = shape.iter().find(|size| **size < 1) {
        return Err(Error::new(format!("a size of 'shape' must be at least 1, not {size}")).into());
    }
    initial(lua, how, shape)
}

const NAMES: [&str; 4] = ["zeros", "ones", "uniform", "normal"];

/// "zeros" | "ones" | "uniform" | "normal", { kind, bound | std }, a number, a tensor, or a function
/// of the shape that returns a tensor.
fn initial(lua: &Lua, how: Value, shape: Vec<i64>) -> mlua::Result<Tensor> {
    let cpu = (Kind::Float, Device::Cpu);
    let options = match how {
        Value::Nil => return Ok(Tensor::f_zeros(&shape, cpu).map_err(Error::from)?),
        Value::String(name) => {
            let table = lua.create_table()?;
            table.set("kind", name)?;
            Options::new("init", Value::Table(table))?
        }
        Value::Table(table) if table.raw_len() == 0 => Options::new("init", Value::Table(table))?,
        Value::Function(function) => {
            let value = function.call::<Value>(shape.clone())?;
            return of_shape(TensorArg::from_lua(value, lua)?.tensor()?, &shape);
        }
        value @ (Value::Integer(_) | Value::Number(_)) => {
            let value = TensorArg::from_lua(value, lua)?.tensor()?;
            return Ok(value.f_expand(&shape, false).map_err(Error::from)?);
        }
        value => return of_shape(TensorArg::from_lua(value, lua)?.tensor()?, &shape),
    };
    let name: String = options.need(lua, "kind")?;
    let made = match name.as_str() {
        "zeros" => Tensor::f_zeros(&shape, cpu),
        "ones" => Tensor::f_ones(&shape, cpu),
        "uniform" => {
            let bound: f64 = options.get_or(lua, "bound", 0.5)?;
            Ok(init::uniform(&shape, bound)?)
        }
        "normal" => {
            let std: f64 = options.get_or(lua, "std", 0.02)?;
            Tensor::f_randn(&shape, cpu).and_then(|t| t.f_mul_scalar(std))
        }
        _ => return Err(Error::unknown("init", &name, NAMES).into()),
    };
    options.finish()?;
    Ok(made.map_err(Error::from)?)
}

fn of_shape(value: Tensor, shape: &[i64]) -> mlua::Result<Tensor> {
    match value.size() == shape {
        true => Ok(value),
        false => {
            let found = value.size();
            Err(Error::new(format!("'init' is {found:?} where 'shape' is {shape:?}")).into())
        }
    }
}

/// The differences between two sets of parameters, by name and shape; `None` if they are equal.
pub fn differences(old: &[(String, Tensor)], new: &[(String, Tensor)]) -> Option<String> {
    let of = |all: &[(String, Tensor)], name: &str| -> Option<Vec<i64>> {
        all.iter().find(|(known, _)| known == name).map(|(_, tensor)| tensor.size())
    };
    let mut names: Vec<&String> = old.iter().chain(new).map(|(name, _)| name).collect();
    names.sort();
    names.dedup();
    let told = |name: &String| match (of(old, name), of(new, name)) {
        (Some(a), Some(b)) if a == b => None,
        (Some(a), Some(b)) => Some(format!("'{name}' is {b:?} where it was {a:?}")),
        (Some(_), None) => Some(format!("'{name}' was removed")),
        _ => Some(format!("'{name}' is new")),
    };
    let told: Vec<String> = names.into_iter().filter_map(told).collect();
    (!told.is_empty()).then(|| told.join(", "))
}
