//! Conversion from tensors to Lua values, and between dtypes and devices.

use super::args::Args;
use super::op::{Op, Out, Outcome};
use crate::{Error, Result};
use compt_core::tensor::{device, dtype};
use mlua::{IntoLua, Lua, Value};
use tch::{Device, Kind, Tensor};

/// Only methods in PyTorch.
pub const METHODS: &[Op] = &[
    Op::with_options("to", to),
    Op::unary("float", |t| t.f_to_kind(Kind::Float)),
    Op::unary("double", |t| t.f_to_kind(Kind::Double)),
    Op::unary("bfloat16", |t| t.f_to_kind(Kind::BFloat16)),
    Op::unary("half", |t| t.f_to_kind(Kind::Half)),
    Op::unary("long", |t| t.f_to_kind(Kind::Int64)),
    Op::unary("bool", |t| t.f_to_kind(Kind::Bool)),
    Op::unary("cpu", |t| t.f_to_device(Device::Cpu)),
    Op::positional("cuda", |a| Ok(a.tensor(1)?.f_to_device(device::parse("cuda")?)?.into())),
    Op::positional("item", item),
    Op::positional("tolist", tolist),
];

/// `t:to("bf16")`, `t:to("cuda")`, `t:to{ dtype =, device = }`.
fn to(args: &Args) -> Outcome {
    let t = args.tensor(1)?;
    let (mut kind, mut place) = (args.dtype()?, args.device()?);
    if !args.value(2).is_nil() {
        let name = args.string(2)?;
        if let Ok(parsed) = dtype::parse(&name) {
            kind = Some(parsed);
        } else if name.starts_with("cuda") || ["cpu", "auto"].contains(&name.as_str()) {
            place = Some(device::parse(&name)?);
        } else {
            let hint = "a dtype such as \"bf16\", or a device such as \"cuda\"";
            return Err(Error::new(format!("'{name}' is neither a dtype nor a device"))
                .hint(hint)
                .into());
        }
    }
    let options = (kind.map_or_else(|| t.f_kind(), Ok)?, place.unwrap_or(t.device()));
    Ok(t.f_to_device(options.1)?.f_to_kind(options.0)?.into())
}

/// The one element as a number or boolean.
fn item(args: &Args) -> Outcome {
    let t = args.tensor(1)?;
    if t.numel() != 1 {
        return Err(Error::new(format!(
            "needs a tensor with one element, this one has {}",
            t.numel()
        ))
        .into());
    }
    Ok(Out::Lua(elements(&t)?.value(0)))
}

/// Nested tables of numbers or booleans; the element of a 0-dimensional tensor.
fn tolist(args: &Args) -> Outcome {
    let t = args.tensor(1)?;
    let mut next = 0;
    Ok(Out::Lua(nest(args.lua, &t.size(), &elements(&t)?, &mut next)?))
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
