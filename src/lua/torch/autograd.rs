//! Gradients.

use super::handle::LuaTensor;
use super::op::{Op, Out, Outcome, ops};
use crate::call;
use crate::{Error, Result};
use compt_core::tensor::autograd;
use mlua::{Function, IntoLua, Lua, MultiValue, Value};
use tch::Tensor;

/// Only methods in PyTorch.
pub const METHODS: &[Op] = ops! {
    "requires_grad_": (input: Tensor, requires_grad: bool = true) => {
        let _ = input.f_requires_grad_(requires_grad)?;
        if requires_grad { Out::ThisLeaf } else { Out::This }
    };
    "backward": (input: Tensor, gradient: Option<Tensor>, retain_graph: bool = false) => {
        autograd::backward(&scalar(&input, gradient)?, retain_graph)?
    };
    "zero_grad": (input: Tensor) => autograd::clear_grads([&input])?;
};

pub const OPS: &[Op] = ops! {
    "detach": (input: Tensor) => input.f_detach()?;
    "clone": (input: Tensor) => input.f_to_dtype(input.f_kind()?, false, true)?;
};

pub const FUNCTIONS: &[Op] = ops! {
    "grad": (
        output: Tensor, inputs: Vec<Tensor>;
        gradient: Option<Tensor>, retain_graph: Option<bool>, create_graph: bool = false
    ) => grad(&scalar(&output, gradient)?, &inputs, retain_graph.unwrap_or(create_graph), create_graph)?;
};

/// A list of gradients, `false` where the output does not depend on an input. Does not change `grad`.
fn grad(output: &Tensor, inputs: &[Tensor], retain: bool, create: bool) -> Outcome {
    let grads = Tensor::f_run_backward(&[output], inputs, retain, create)?;
    Ok(Out::make(move |lua| {
        let list = lua.create_table_with_capacity(grads.len(), 0)?;
        for grad in grads {
            list.push(if grad.defined() {
                LuaTensor::new(grad).into_lua(lua)?
            } else {
                Value::Boolean(false)
            })?;
        }
        Ok(Value::Table(list))
    }))
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
