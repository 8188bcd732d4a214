//! Shapes: views, joins, splits and repetitions. Sizes are `2, 3` or `{2, 3}`; -1 is inferred.

use super::arg::TensorArg;
use super::dim;
use super::op::{Op, Out, Outcome, ops};
use super::read::{Dim, Dims, Position, RestDims, Shape, Sizes, Tensors, dim_of, dims_of};
use super::rearrange::rearrange;
use crate::Error;
use mlua::{Table, Value};
use tch::{Kind, Tensor};

pub const OPS: &[Op] = ops! {
    "reshape": (input: Tensor, shape: Sizes) => input.f_reshape(shape.0)?;
    "transpose": (input: Tensor, dim0: Dim, dim1: Dim) => input.f_transpose(dim0.of(&input)?, dim1.of(&input)?)?;
    "t": (input: Tensor) => input.f_tr()?;
    "permute": (input: Tensor, dims: RestDims) => input.f_permute(dims.of(&input)?)?;
    "squeeze": (input: Tensor, dim: Option<Dims>) => match dims_of(&dim, &input)? {
        None => input.f_squeeze()?,
        Some(dims) => input.f_squeeze_dims(dims)?,
    };
    "unsqueeze": (input: Tensor, dim: Dim) => input.f_unsqueeze(dim.new_of(&input)?)?;
    "tile": (input: Tensor, dims: Sizes) => input.f_tile(dims.0)?;
    "repeat_interleave": (input: Tensor, repeats: TensorArg, dim: Option<Dim>; output_size: Option<i64>) => {
            repeat_interleave(&input, repeats, dim_of(dim, &input)?, output_size)?
        },
        (repeats: Tensor; output_size: Option<i64>) => {
            dim::one_based(&Tensor::f_repeat_interleave(&repeats, output_size)?)?
        };
    "roll": (input: Tensor, shifts: Shape, dims: Option<Dims>) => {
        input.f_roll(shifts.0, dims_of(&dims, &input)?.unwrap_or_default())?
    };
    "flatten": (input: Tensor, start_dim: Dim = 1, end_dim: Dim = -1) => {
        input.f_flatten(start_dim.of(&input)?, end_dim.of(&input)?)?
    };
    "flip": (input: Tensor, dims: RestDims) => input.f_flip(dims.of(&input)?)?;
    "split": (input: Tensor, split_size: i64, dim: Dim = 1) => input.f_split(split_size, dim.of(&input)?)?,
        (input: Tensor, split_size: Shape, dim: Dim = 1) => {
            input.f_split_with_sizes(split_size.0, dim.of(&input)?)?
        };
    "chunk": (input: Tensor, chunks: i64, dim: Dim = 1) => input.f_chunk(chunks, dim.of(&input)?)?;
    "unbind": (input: Tensor, dim: Dim = 1) => input.f_unbind(dim.of(&input)?)?;
    "tril": (input: Tensor, diagonal: i64 = 0) => input.f_tril(diagonal)?;
    "triu": (input: Tensor, diagonal: i64 = 0) => input.f_triu(diagonal)?;
    "diag": (input: Tensor, diagonal: i64 = 0) => input.f_diag(diagonal)?;
    "diagonal": (input: Tensor, offset: i64 = 0, dim1: Dim = 1, dim2: Dim = 2) => {
        input.f_diagonal(offset, dim1.of(&input)?, dim2.of(&input)?)?
    };
    "trace": (input: Tensor) => input.f_trace()?;
    "rearrange": (input: Tensor, pattern: String, sizes: Option<Table>) => {
        rearrange(&input, &pattern, sizes)?
    };
};

/// Only methods in PyTorch.
pub const METHODS: &[Op] = ops! {
    "view": (input: Tensor, shape: Sizes) => input.f_view(&shape.0[..])?,
        (input: Tensor, dtype: Kind) => input.f_view_dtype(dtype)?;
    "expand": (input: Tensor, size: Sizes) => input.f_expand(size.0, false)?;
    "contiguous": (input: Tensor) => input.f_contiguous()?;
    "size": (input: Tensor, dim: Option<Position>) => {
        let shape = input.size();
        match dim {
            Some(dim) => Out::from(shape[dim.of(shape.len() as i64)? as usize]),
            None => Out::make(|lua| lua.create_sequence_from(shape).map(Value::Table)),
        }
    };
    "numel": (input: Tensor) => input.numel() as i64;
    "dim": (input: Tensor) => input.dim() as i64;
};

/// Only functions in PyTorch.
pub const FUNCTIONS: &[Op] = ops! {
    "cat": (tensors: Vec<Tensor>, dim: Dim = 1) => {
        // An empty vector is joined with anything, so that it does not say which dimensions there are.
        let shaped = tensors.iter().find(|t| t.size() != [0]);
        let first = shaped.or(tensors.first()).ok_or_else(empty)?;
        Tensor::f_cat(&tensors, dim.of(first)?)?
    };
    "stack": (tensors: Vec<Tensor>, dim: Dim = 1) => {
        Tensor::f_stack(&tensors, dim.new_of(tensors.first().ok_or_else(empty)?)?)?
    };
    "meshgrid": (tensors: Tensors; indexing: String = "ij") => {
        if tensors.0.is_empty() {
            return Err(empty().into());
        }
        let indexing = super::arith::one_of("indexing", &indexing, &["ij", "xy"])?;
        Tensor::f_meshgrid_indexing(&tensors.0, indexing)?
    };
};

fn empty() -> Error {
    Error::new("an empty list of tensors")
}

/// Each element `repeats` times, in the flattened tensor or along a dimension.
fn repeat_interleave(
    t: &Tensor,
    repeats: TensorArg,
    dim: Option<i64>,
    output_size: Option<i64>,
) -> Outcome<Tensor> {
    Ok(match repeats {
        TensorArg::Number(n) => t.f_repeat_interleave_self_int(n.int(), dim, output_size)?,
        TensorArg::Tensor(n) => t.f_repeat_interleave_self_tensor(&n, dim, output_size)?,
    })
}
