//! Indexing. Indices count from 1, negative ones from the end; ranges include both ends.

use super::arg::{Number, TensorArg, type_of};
use super::args::Args;
use super::dim;
use super::handle;
use super::op::{Op, Out, Outcome};
use crate::{Error, Result};
use mlua::{Table, Value};
use tch::{Kind, Tensor};

pub const OPS: &[Op] = &[
    Op::positional("select", select),
    Op::positional("narrow", narrow),
    Op::positional("index_select", index_select),
    Op::positional("gather", gather),
    Op::positional("masked_select", masked_select),
    Op::positional("index_add", index_add),
    Op::positional("scatter", scatter),
    Op::positional("scatter_add", scatter_add),
    Op::unary("nonzero", |t| dim::one_based(&t.f_nonzero()?)),
    Op::with_options("topk", topk),
    Op::with_options("sort", sort),
    Op::with_options("argsort", argsort),
];

/// In-place methods.
pub const IN_PLACE: &[Op] = &[
    Op::positional("index_add_", index_add_),
    Op::positional("scatter_", scatter_),
    Op::positional("scatter_add_", scatter_add_),
];

/// `t[key]`: see [`part`]; a bool tensor selects elements, an integer tensor or a list of
/// indices selects rows.
pub fn get(t: &Tensor, key: &Value) -> Result<Tensor> {
    let Some(index) = handle::of(key) else { return part(t, key) };
    let index = index.get()?;
    if index.f_kind()? == Kind::Bool {
        return Ok(t.f_index(&[Some(&index)])?);
    }
    Ok(t.f_index(&[Some(rows(t, &index)?)])?)
}

/// `t[key] = value`: a tensor of that part's shape (or one that broadcasts to it), a table or a
/// number.
pub fn set(t: &Tensor, key: &Value, value: &Value) -> Result<()> {
    let value = TensorArg::of(value)?
        .ok_or_else(|| Error::new(format!("cannot assign a {} to elements", type_of(value))))?
        .beside(t)?
        .f_to_kind(t.f_kind()?)?
        .f_to_device(t.device())?;
    let mut t = t.shallow_clone();
    match handle::of(key) {
        None => part(&t, key)?.f_copy_(&value)?,
        Some(index) => {
            let index = index.get()?;
            let index = if index.f_kind()? == Kind::Bool { index } else { rows(&t, &index)? };
            let _ = t.f_index_put_(&[Some(index)], &value, false)?;
        }
    }
    Ok(())
}

fn rows(t: &Tensor, index: &Tensor) -> Result<Tensor> {
    dim::zero_based(index, t.size().first().copied().unwrap_or(0))
}

/// The part that a key selects: `t[2]` a row; `t[{ {1, 3}, 2, {} }]` per dimension a range, an
/// index (which drops the dimension) or everything. A range may have a step: `{1, -1, 2}`.
fn part(t: &Tensor, key: &Value) -> Result<Tensor> {
    match key {
        Value::Table(keys) => {
            let mut part = t.shallow_clone();
            let mut d = 0;
            for i in 1..=keys.raw_len() {
                match value_at(keys, i)? {
                    Value::Table(range) => {
                        part = slice(&part, d, &range)?;
                        d += 1;
                    }
                    other => {
                        let index = Number::whole(&other).ok_or_else(|| bad_key(&other))?;
                        part = pick(&part, d, index)?;
                    }
                }
            }
            Ok(part)
        }
        other => pick(t, 0, Number::whole(other).ok_or_else(|| bad_key(other))?),
    }
}

fn bad_key(key: &Value) -> Error {
    Error::new(format!("a tensor cannot be indexed with a {}", type_of(key)))
        .hint("t[2], t[{ {1, 3}, 2, {} }], or t[a tensor of indices or booleans]")
}

fn value_at(table: &Table, i: usize) -> Result<Value> {
    table.raw_get(i).map_err(|e| Error::new(e.to_string()))
}

/// The size of dimension `d` (from 0).
fn size(t: &Tensor, d: i64) -> Result<i64> {
    t.size().get(d as usize).copied().ok_or_else(|| {
        Error::new(format!("too many indices for a tensor with {} dimension(s)", t.dim()))
    })
}

fn pick(t: &Tensor, d: i64, i: i64) -> Result<Tensor> {
    Ok(t.f_select(d, dim::index(i, size(t, d)?)?)?)
}

/// `{}`, `{from, to}` or `{from, to, step}`.
fn slice(t: &Tensor, d: i64, range: &Table) -> Result<Tensor> {
    let size = size(t, d)?;
    let bounds = (1..=range.raw_len())
        .map(|i| {
            let value = value_at(range, i)?;
            Number::whole(&value)
                .ok_or_else(|| Error::new("a range is {from, to} or {from, to, step}"))
        })
        .collect::<Result<Vec<i64>>>()?;
    let (from, to, step) = match bounds[..] {
        [] => return Ok(t.shallow_clone()),
        [from, to] => (from, to, 1),
        [from, to, step] if step >= 1 => (from, to, step),
        _ => return Err(Error::new("a range is {from, to} or {from, to, step}, step at least 1")),
    };
    let (from, to) = (dim::index(from, size)?, dim::index(to, size)?);
    Ok(t.f_slice(d, from, (to + 1).max(from), step)?)
}

/// `select(t, dim, i)`.
fn select(args: &Args) -> Outcome {
    let t = args.tensor(1)?;
    let d = args.dim(2, &t, None)?;
    Ok(pick(&t, d, args.int(3)?)?.into())
}

/// `narrow(t, dim, start, length)`.
fn narrow(args: &Args) -> Outcome {
    let t = args.tensor(1)?;
    let d = args.dim(2, &t, None)?;
    let start = dim::index(args.int(3)?, size(&t, d)?)?;
    Ok(t.f_narrow(d, start, args.int(4)?)?.into())
}

/// The tensor, the dimension and the indices of `f(t, dim, index, ...)`.
fn along(args: &Args) -> Outcome<(Tensor, i64, Tensor)> {
    let t = args.tensor(1)?;
    let d = args.dim(2, &t, None)?;
    let index = args.indices(3, size(&t, d)?)?;
    Ok((t, d, index))
}

/// `index_select(t, dim, index)`: slices of `t` along `dim`, index [k].
fn index_select(args: &Args) -> Outcome {
    let (t, d, index) = along(args)?;
    Ok(t.f_index_select(d, &index)?.into())
}

/// `gather(t, dim, index)`: the index has as many dimensions as `t`.
fn gather(args: &Args) -> Outcome {
    let (t, d, index) = along(args)?;
    Ok(t.f_gather(d, &index, false)?.into())
}

/// `masked_select(t, mask)`: the elements where the mask holds, in one dimension.
fn masked_select(args: &Args) -> Outcome {
    Ok(args.tensor(1)?.f_masked_select(&args.mask(2)?)?.into())
}

/// `index_add(t, dim, index, source)`: adds slices of `source` to those of `t` at `index`.
fn index_add(args: &Args) -> Outcome {
    let (t, d, index) = along(args)?;
    Ok(t.f_index_add(d, &index, &args.tensor(4)?)?.into())
}

fn index_add_(args: &Args) -> Outcome {
    let (mut t, d, index) = along(args)?;
    Ok(Out::changed(t.f_index_add_(d, &index, &args.tensor(4)?)?))
}

/// The source of a scatter: a tensor, or a number for every position.
fn source(args: &Args, t: &Tensor, index: &Tensor) -> Outcome<Tensor> {
    Ok(match args.tensor_arg(4)? {
        TensorArg::Tensor(source) => source,
        TensorArg::Number(n) => {
            Tensor::f_full(index.size(), n.scalar(), (t.f_kind()?, t.device()))?
        }
    })
}

/// `scatter(t, dim, index, source)`: writes `source` (or a number) at `index`.
fn scatter(args: &Args) -> Outcome {
    let (t, d, index) = along(args)?;
    Ok(t.f_scatter(d, &index, &source(args, &t, &index)?)?.into())
}

fn scatter_(args: &Args) -> Outcome {
    let (mut t, d, index) = along(args)?;
    let source = source(args, &t, &index)?;
    Ok(Out::changed(t.f_scatter_(d, &index, &source)?))
}

/// `scatter_add(t, dim, index, source)`: adds `source` (or a number) at `index`.
fn scatter_add(args: &Args) -> Outcome {
    let (t, d, index) = along(args)?;
    Ok(t.f_scatter_add(d, &index, &source(args, &t, &index)?)?.into())
}

fn scatter_add_(args: &Args) -> Outcome {
    let (mut t, d, index) = along(args)?;
    let source = source(args, &t, &index)?;
    Ok(Out::changed(t.f_scatter_add_(d, &index, &source)?))
}

/// `topk(t, k, dim = -1, { largest = true, sorted = true })` -> values, indices.
fn topk(args: &Args) -> Outcome {
    let t = args.tensor(1)?;
    let (largest, sorted) = (args.option_or("largest", true)?, args.option_or("sorted", true)?);
    let (values, indices) = t.f_topk(args.int(2)?, args.dim(3, &t, Some(-1))?, largest, sorted)?;
    Ok(Out::Pair(values, dim::one_based(&indices)?))
}

/// `sort(t, dim = -1, { descending = false })` -> values, indices; equal elements keep their order.
fn sort(args: &Args) -> Outcome {
    let t = args.tensor(1)?;
    let descending = args.option_or("descending", false)?;
    let (values, indices) = t.f_sort_stable(true, args.dim(2, &t, Some(-1))?, descending)?;
    Ok(Out::Pair(values, dim::one_based(&indices)?))
}

/// `argsort(t, dim = -1, { descending = false })`.
fn argsort(args: &Args) -> Outcome {
    match sort(args)? {
        Out::Pair(_, indices) => Ok(indices.into()),
        other => Ok(other),
    }
}
