//! Gradients.

use super::args::Args;
use super::handle::{self, LuaTensor};
use super::leaves;
use super::op::{Op, Out, Outcome};
use crate::call;
use crate::{Error, Result};
use compt_core::tensor::autograd;
use mlua::{Function, IntoLua, Lua, MultiValue, Value};
use tch::Tensor;

/// Only methods in PyTorch.
pub const METHODS: &[Op] = &[
    Op::positional("requires_grad_", requires_grad_),
    Op::with_options("backward", backward),
    Op::positional("zero_grad", |a| {
        autograd::clear_grads([&a.tensor(1)?])?;
        Ok(Out::Nothing)
    }),
];

pub const OPS: &[Op] = &[
    Op::unary("detach", Tensor::f_detach),
    Op::unary("clone", |t| t.f_to_dtype(t.f_kind()?, false, true)),
];

pub const FUNCTIONS: &[Op] = &[Op::with_options("grad", grad)];

/// `t:requires_grad_(on = true)` -> t.
fn requires_grad_(args: &Args) -> Outcome {
    let on = args.truth_or(2, true)?;
    let changed = Out::changed(args.tensor(1)?.f_requires_grad_(on)?);
    if let (true, Some(tensor)) = (on, handle::of(&args.value(1))) {
        leaves::made(args.lua, tensor.slot());
    }
    Ok(changed)
}

/// `t:backward{ gradient =, retain_graph = false }`: adds to `grad` of every leaf `t` depends on.
/// A tensor of more than one element needs `gradient`, a tensor of its shape.
fn backward(args: &Args) -> Outcome {
    let loss = scalar(&args.tensor(1)?, args.tensor_option("gradient")?)?;
    autograd::backward(&loss, args.option_or("retain_graph", false)?)?;
    Ok(Out::Nothing)
}

/// `torch.grad(output, {inputs}, { gradient =, retain_graph = false, create_graph = false })` ->
/// list of gradients, `false` where the output does not depend on an input. Does not change `grad`.
fn grad(args: &Args) -> Outcome {
    let output = scalar(&args.tensor(1)?, args.tensor_option("gradient")?)?;
    let create = args.option_or("create_graph", false)?;
    let retain = args.option_or("retain_graph", create)?;
    let grads = Tensor::f_run_backward(&[output], &args.tensors(2)?, retain, create)?;
    let list = args.lua.create_table_with_capacity(grads.len(), 0)?;
    for grad in grads {
        list.push(if grad.defined() {
            LuaTensor::new(grad).into_lua(args.lua)?
        } else {
            Value::Boolean(false)
        })?;
    }
    Ok(Out::Lua(Value::Table(list)))
}

/// One element whose gradient is that of `output` weighted by `gradient`.
fn scalar(output: &Tensor, gradient: Option<Tensor>) -> Outcome<Tensor> {
    match gradient {
        Some(weights) if weights.size() == output.size() => {
            Ok(output.f_mul(&weights)?.f_sum(None)?)
        }
        Some(_) => Err(Error::new("option 'gradient' must have the tensor's shape").into()),
        None if output.numel() == 1 => Ok(output.shallow_clone()),
        None => Err(Error::new("gradients of a tensor with more than one element")
            .hint("sum it, or set the option 'gradient' to a tensor of its shape")
            .into()),
    }
}

/// A tensor's gradient, if it has one.
pub fn grad_of(t: &Tensor) -> Result<Option<Tensor>> {
    let grad = t.f_grad()?;
    Ok(grad.defined().then_some(grad))
}

/// `t.grad = nil`; nothing else can be assigned.
pub fn set_grad(t: &Tensor, grad: Option<Tensor>) -> Result<()> {
    match grad {
        None => autograd::clear_grads([t]),
        Some(_) => Err(Error::new("a gradient can only be set to nil")
            .hint("`t.grad:copy_(other)` changes its values")),
    }
}

/// `torch.no_grad(f, ...)`: calls `f(...)` without recording gradients; returns its results.
pub fn no_grad(lua: &Lua, mut args: MultiValue) -> mlua::Result<MultiValue> {
    let body = call::one::<Function>(lua, "torch.no_grad", args.pop_front())?;
    let _guard = tch::no_grad_guard();
    body.call(args)
}
