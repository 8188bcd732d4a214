//! Shapes: views, joins and splits. Sizes are `2, 3` or `{2, 3}`; -1 is inferred.

use super::args::Args;
use super::dim;
use super::op::{Op, Out, Outcome};
use crate::Error;
use mlua::Value;
use tch::Tensor;

pub const OPS: &[Op] = &[
    Op::positional("reshape", |a| Ok(a.tensor(1)?.f_reshape(a.sizes(2)?)?.into())),
    Op::positional("transpose", transpose),
    Op::unary("t", Tensor::f_tr),
    Op::positional("permute", permute),
    Op::positional("squeeze", squeeze),
    Op::positional("unsqueeze", unsqueeze),
    Op::positional("tile", |a| Ok(a.tensor(1)?.f_tile(a.sizes(2)?)?.into())),
    Op::positional("flatten", flatten),
    Op::positional("flip", flip),
    Op::positional("split", split),
    Op::positional("chunk", chunk),
    Op::positional("unbind", unbind),
    Op::positional("tril", |a| Ok(a.tensor(1)?.f_tril(a.int_or(2, 0)?)?.into())),
    Op::positional("triu", |a| Ok(a.tensor(1)?.f_triu(a.int_or(2, 0)?)?.into())),
];

/// Only methods in PyTorch.
pub const METHODS: &[Op] = &[
    Op::positional("view", |a| Ok(a.tensor(1)?.f_view(&a.sizes(2)?[..])?.into())),
    Op::positional("expand", |a| Ok(a.tensor(1)?.f_expand(a.sizes(2)?, false)?.into())),
    Op::unary("contiguous", Tensor::f_contiguous),
    Op::positional("size", size),
    Op::positional("numel", |a| Ok(Out::Lua(Value::Integer(a.tensor(1)?.numel() as i64)))),
    Op::positional("dim", |a| Ok(Out::Lua(Value::Integer(a.tensor(1)?.dim() as i64)))),
];

/// Only functions in PyTorch.
pub const FUNCTIONS: &[Op] = &[Op::positional("cat", cat), Op::positional("stack", stack)];

/// `size()` -> table, `size(dim)` -> number.
fn size(args: &Args) -> Outcome {
    let t = args.tensor(1)?;
    let shape = t.size();
    if args.value(2).is_nil() {
        return Ok(Out::Lua(Value::Table(args.lua.create_sequence_from(shape)?)));
    }
    let i = dim::index(args.int(2)?, shape.len() as i64)?;
    Ok(Out::Lua(Value::Integer(shape[i as usize])))
}

/// `transpose(t, dim1, dim2)`.
fn transpose(args: &Args) -> Outcome {
    let t = args.tensor(1)?;
    Ok(t.f_transpose(args.dim(2, &t, None)?, args.dim(3, &t, None)?)?.into())
}

/// Dimensions from the second argument on, from 0.
fn rest_of_dims(args: &Args, t: &Tensor) -> Outcome<Vec<i64>> {
    Ok(args.sizes(2)?.into_iter().map(|d| dim::resolve(d, t.dim())).collect::<Result<_, _>>()?)
}

/// `permute(t, dims...)`.
fn permute(args: &Args) -> Outcome {
    let t = args.tensor(1)?;
    Ok(t.f_permute(rest_of_dims(args, &t)?)?.into())
}

/// `flip(t, dims...)`.
fn flip(args: &Args) -> Outcome {
    let t = args.tensor(1)?;
    Ok(t.f_flip(rest_of_dims(args, &t)?)?.into())
}

/// `squeeze(t)` removes all dimensions of size 1, `squeeze(t, dim)` only `dim` if its size is 1.
fn squeeze(args: &Args) -> Outcome {
    let t = args.tensor(1)?;
    if args.value(2).is_nil() {
        return Ok(t.f_squeeze()?.into());
    }
    Ok(t.f_squeeze_dim(args.dim(2, &t, None)?)?.into())
}

/// `unsqueeze(t, dim)`: inserts a dimension of size 1 at position `dim`.
fn unsqueeze(args: &Args) -> Outcome {
    let t = args.tensor(1)?;
    Ok(t.f_unsqueeze(dim::resolve_new(args.int(2)?, t.dim())?)?.into())
}

/// `flatten(t, first = 1, last = -1)`.
fn flatten(args: &Args) -> Outcome {
    let t = args.tensor(1)?;
    Ok(t.f_flatten(args.dim(2, &t, Some(1))?, args.dim(3, &t, Some(-1))?)?.into())
}

/// `split(t, size or list of sizes, dim = 1)` -> list.
fn split(args: &Args) -> Outcome {
    let t = args.tensor(1)?;
    let dim = args.dim(3, &t, Some(1))?;
    Ok(Out::List(match args.value(2) {
        Value::Table(sizes) => {
            let sizes = sizes.sequence_values().collect::<mlua::Result<Vec<i64>>>()?;
            t.f_split_with_sizes(sizes, dim)?
        }
        _ => t.f_split(args.int(2)?, dim)?,
    }))
}

/// `chunk(t, n, dim = 1)` -> list of at most n.
fn chunk(args: &Args) -> Outcome {
    let t = args.tensor(1)?;
    Ok(Out::List(t.f_chunk(args.int(2)?, args.dim(3, &t, Some(1))?)?))
}

/// `unbind(t, dim = 1)` -> list.
fn unbind(args: &Args) -> Outcome {
    let t = args.tensor(1)?;
    Ok(Out::List(t.f_unbind(args.dim(2, &t, Some(1))?)?))
}

/// `cat({a, b, ...}, dim = 1)`.
fn cat(args: &Args) -> Outcome {
    let tensors = some(args)?;
    let dim = args.dim(2, &tensors[0], Some(1))?;
    Ok(Tensor::f_cat(&tensors, dim)?.into())
}

/// `stack({a, b, ...}, dim = 1)`: along a new dimension.
fn stack(args: &Args) -> Outcome {
    let tensors = some(args)?;
    let dim = dim::resolve_new(args.int_or(2, 1)?, tensors[0].dim())?;
    Ok(Tensor::f_stack(&tensors, dim)?.into())
}

/// The tensors of a list that must not be empty.
fn some(args: &Args) -> Outcome<Vec<Tensor>> {
    let tensors = args.tensors(1)?;
    if tensors.is_empty() {
        return Err(Error::new("an empty list of tensors").into());
    }
    Ok(tensors)
}
