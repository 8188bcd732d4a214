//! Indexing. Indices count from 1, negative ones from the end; ranges include both ends.

use super::arg::{Number, TensorArg, type_of};
use super::arith::{one_of, times};
use super::dim;
use super::handle;
use super::op::{Op, Out, Outcome, ops};
use super::read::{Dim, Index, Mask, Position, dim_of};
use crate::{Error, Result};
use mlua::{Table, Value};
use tch::{Kind, Tensor};

pub const OPS: &[Op] = ops! {
    "select": (input: Tensor, dim: Dim, index: Position) => {
        let dim = dim.of(&input)?;
        input.f_select(dim, index.of(size(&input, dim)?)?)?
    };
    "narrow": (input: Tensor, dim: Dim, start: TensorArg, length: i64) => {
        let dim = dim.of(&input)?;
        input.f_narrow(dim, start_of(start, size(&input, dim)?, length)?, length)?
    };
    "index_select": (input: Tensor, dim: Dim, index: Index) => {
        let (dim, index) = along(&input, dim, &index)?;
        input.f_index_select(dim, &index)?
    };
    "gather": (input: Tensor, dim: Dim, index: Index) => {
        let (dim, index) = along(&input, dim, &index)?;
        input.f_gather(dim, &index, false)?
    };
    "take_along_dim": (input: Tensor, indices: Index, dim: Option<Dim>) => {
        let dim = dim_of(dim, &input)?;
        let size = dim.map_or(Ok(input.numel() as i64), |dim| size(&input, dim))?;
        input.f_take_along_dim(&indices.of_either_end(size)?, dim)?
    };
    "masked_select": (input: Tensor, mask: Mask) => input.f_masked_select(&mask.0)?;
    "index_add": (input: Tensor, dim: Dim, index: Index, source: Tensor; alpha: Option<Number>) => {
        let (dim, index) = along(&input, dim, &index)?;
        input.f_index_add(dim, &index, &times(source, &input, alpha)?)?
    };
    "scatter": (input: Tensor, dim: Dim, index: Index, src: TensorArg; reduce: Option<String>) => {
            scatter(&input, dim, &index, src, reduce)?
        },
        (input: Tensor, dim: Dim, index: Index, value: Number; reduce: Option<String>) => {
            scatter(&input, dim, &index, TensorArg::Number(value), reduce)?
        };
    "scatter_add": (input: Tensor, dim: Dim, index: Index, src: TensorArg) => {
        let (dim, index) = along(&input, dim, &index)?;
        input.f_scatter_add(dim, &index, &source(src, &input, &index)?)?
    };
};

/// In-place methods.
pub const IN_PLACE: &[Op] = ops! {
    "index_add_": (input: Tensor, dim: Dim, index: Index, source: Tensor; alpha: Option<Number>) => {
        let (dim, index) = along(&input, dim, &index)?;
        let source = times(source, &input, alpha)?;
        Out::changed(input.f_index_add_(dim, &index, &source)?)
    };
    "scatter_": (input: Tensor, dim: Dim, index: Index, src: TensorArg; reduce: Option<String>) => {
            scatter_(input, dim, &index, src, reduce)?
        },
        (input: Tensor, dim: Dim, index: Index, value: Number; reduce: Option<String>) => {
            scatter_(input, dim, &index, TensorArg::Number(value), reduce)?
        };
    "scatter_add_": (input: Tensor, dim: Dim, index: Index, src: TensorArg) => {
        let (dim, index) = along(&input, dim, &index)?;
        let source = source(src, &input, &index)?;
        Out::changed(input.f_scatter_add_(dim, &index, &source)?)
    };
};

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

/// The first index of `narrow`, from 0: a number or a tensor of one element. After the last element
/// nothing can be taken.
fn start_of(start: TensorArg, size: i64, length: i64) -> Outcome<i64> {
    let start = start.tensor()?;
    if start.numel() != 1 || start.f_is_floating_point()? {
        return Err(Error::new("start must be one whole number").into());
    }
    let start = start.f_int64_value(&[])?;
    if length == 0 && start == size + 1 {
        return Ok(size);
    }
    Ok(dim::index(start, size)?)
}

/// The dimension and the indices from 0.
fn along(t: &Tensor, dim: Dim, index: &Index) -> Outcome<(i64, Tensor)> {
    let dim = dim.of(t)?;
    let index = index.of(size_or_one(t, dim)?)?;
    Ok((dim, index))
}

/// The size of a dimension; a 0-dimensional tensor counts as one element.
fn size_or_one(t: &Tensor, dim: i64) -> Result<i64> {
    if t.dim() == 0 { Ok(1) } else { size(t, dim) }
}

/// The source of a scatter: a tensor, or a number for every position.
fn source(src: TensorArg, t: &Tensor, index: &Tensor) -> Outcome<Tensor> {
    Ok(match src {
        TensorArg::Tensor(source) => source,
        TensorArg::Number(n) => {
            Tensor::f_full(index.size(), n.scalar(), (t.f_kind()?, t.device()))?
        }
    })
}

const REDUCTIONS: [&str; 2] = ["add", "multiply"];

/// Writes `src` (or a number) at `index`, or adds or multiplies it.
fn scatter(
    t: &Tensor,
    dim: Dim,
    index: &Index,
    src: TensorArg,
    reduce: Option<String>,
) -> Outcome<Tensor> {
    let (dim, index) = along(t, dim, index)?;
    let source = source(src, t, &index)?;
    Ok(match reduce {
        None => t.f_scatter(dim, &index, &source)?,
        Some(reduce) => {
            t.f_scatter_reduce(dim, &index, &source, one_of("reduce", &reduce, &REDUCTIONS)?)?
        }
    })
}

fn scatter_(
    mut t: Tensor,
    dim: Dim,
    index: &Index,
    src: TensorArg,
    reduce: Option<String>,
) -> Outcome {
    let (dim, index) = along(&t, dim, index)?;
    let source = source(src, &t, &index)?;
    Ok(Out::changed(match reduce {
        None => t.f_scatter_(dim, &index, &source)?,
        Some(reduce) => {
            t.f_scatter_reduce_(dim, &index, &source, one_of("reduce", &reduce, &REDUCTIONS)?)?
        }
    }))
}
