//! Conversion from tensors to Lua values, and between dtypes and devices.

use super::op::{Op, Out, Outcome, ops};
use super::read::Arg;
use crate::{Error, Result};
use compt_core::tensor::{device, dtype};
use mlua::{IntoLua, Lua, Value};
use tch::{Device, Kind, Tensor};

/// Only methods in PyTorch.
pub const METHODS: &[Op] = ops! {
    "to": (input: Tensor, other: Option<Target>; dtype: Option<Kind>, device: Option<Device>, copy: bool = false) => {
        to(&input, other, dtype, device, copy)?
    };
    "float": (input: Tensor) => input.f_to_kind(Kind::Float)?;
    "double": (input: Tensor) => input.f_to_kind(Kind::Double)?;
    "bfloat16": (input: Tensor) => input.f_to_kind(Kind::BFloat16)?;
    "half": (input: Tensor) => input.f_to_kind(Kind::Half)?;
    "long": (input: Tensor) => input.f_to_kind(Kind::Int64)?;
    "bool": (input: Tensor) => input.f_to_kind(Kind::Bool)?;
    "cpu": (input: Tensor) => input.f_to_device(Device::Cpu)?;
    "cuda": (input: Tensor) => input.f_to_device(device::parse("cuda")?)?;
    "item": (input: Tensor) => item(&input)?;
    "tolist": (input: Tensor) => {
        let (shape, elements) = (input.size(), elements(&input)?);
        Out::make(move |lua| nest(lua, &shape, &elements, &mut 0))
    };
};

/// The target of `to`: a dtype, a device, or the dtype and device of another tensor.
pub enum Target {
    Dtype(Kind),
    Device(Device),
    Tensor(Tensor),
}

impl Arg for Target {
    const WANTED: &'static str = "a dtype such as \"bf16\", a device such as \"cuda\", or a tensor";

    fn takes(value: &Value) -> bool {
        value.is_string() || Tensor::takes(value)
    }

    fn read(value: &Value, name: &'static str) -> Result<Self> {
        if Tensor::takes(value) {
            return Tensor::read(value, name).map(Target::Tensor);
        }
        let text = String::read(value, name)?;
        if let Ok(dtype) = dtype::parse(&text) {
            return Ok(Target::Dtype(dtype));
        }
        if text.starts_with("cuda") || ["cpu", "auto"].contains(&text.as_str()) {
            return device::parse(&text).map(Target::Device);
        }
        Err(Error::new(format!("'{text}' is neither a dtype nor a device"))
            .hint("a dtype such as \"bf16\", or a device such as \"cuda\""))
    }
}

/// `t:to("bf16")`, `t:to("cuda")`, `t:to(other)`, `t:to { dtype =, device = }`.
fn to(
    t: &Tensor,
    target: Option<Target>,
    mut dtype: Option<Kind>,
    mut device: Option<Device>,
    copy: bool,
) -> Outcome<Tensor> {
    match target {
        None => {}
        Some(Target::Dtype(kind)) => dtype = Some(kind),
        Some(Target::Device(place)) => device = Some(place),
        Some(Target::Tensor(other)) => {
            (dtype, device) = (Some(other.f_kind()?), Some(other.device()));
        }
    }
    let dtype = dtype.map_or_else(|| t.f_kind(), Ok)?;
    let moved = t.f_to_device(device.unwrap_or(t.device()))?;
    Ok(moved.f_to_dtype(dtype, false, copy)?)
}

/// The one element as a number or boolean.
fn item(t: &Tensor) -> Outcome {
    if t.numel() != 1 {
        return Err(Error::new(format!(
            "needs a tensor with one element, this one has {}",
            t.numel()
        ))
        .into());
    }
    Ok(Out::Lua(elements(t)?.value(0)))
}

fn nest(lua: &Lua, shape: &[i64], elements: &Elements, next: &mut usize) -> mlua::Result<Value> {
    let Some((&length, inner)) = shape.split_first() else {
        *next += 1;
        return Ok(elements.value(*next - 1));
    };
    let table = lua.create_table_with_capacity(length as usize, 0)?;
    for i in 1..=length {
        table.raw_set(i, nest(lua, inner, elements, next)?)?;
    }
    table.into_lua(lua)
}

/// Elements in row-major order.
enum Elements {
    Bool(Vec<i64>),
    Int(Vec<i64>),
    Float(Vec<f64>),
}

fn elements(t: &Tensor) -> Result<Elements> {
    let flat = t.f_detach()?.f_to_device(Device::Cpu)?.f_reshape([-1])?;
    Ok(match flat.f_kind()? {
        Kind::Bool => Elements::Bool(Vec::try_from(flat.f_to_kind(Kind::Int64)?)?),
        _ if flat.f_is_floating_point()? => {
            Elements::Float(Vec::try_from(flat.f_to_kind(Kind::Double)?)?)
        }
        _ => Elements::Int(Vec::try_from(flat.f_to_kind(Kind::Int64)?)?),
    })
}

impl Elements {
    fn value(&self, i: usize) -> Value {
        match self {
            Elements::Bool(v) => Value::Boolean(v[i] != 0),
            Elements::Int(v) => Value::Integer(v[i]),
            Elements::Float(v) => Value::Number(v[i]),
        }
    }
}
