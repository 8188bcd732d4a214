//! Reductions. `dim` is a dimension or, where it is `Dims`, a list; without it all elements are
//! reduced. `keepdim` keeps reduced dimensions with size 1. Indices count from 1.

use super::arg::TensorArg;
use super::dim::one_based;
use super::op::{Op, Outcome, ops};
use super::read::{Dim, Dims, Order, dim_of, dims_of};
use crate::{Error, Result};
use tch::{Kind, Tensor};

pub const OPS: &[Op] = ops! {
    "sum": (input: Tensor, dim: Option<Dims>, keepdim: bool = false; dtype: Option<Kind>) => {
        input.f_sum_dim_intlist(dims_of(&dim, &input)?, keepdim, dtype)?
    };
    "mean": (input: Tensor, dim: Option<Dims>, keepdim: bool = false; dtype: Option<Kind>) => {
        input.f_mean_dim(dims_of(&dim, &input)?, keepdim, dtype)?
    };
    "prod": (input: Tensor, dim: Option<Dim>, keepdim: bool = false; dtype: Option<Kind>) => match dim {
        None => input.f_prod(dtype)?,
        Some(dim) => input.f_prod_dim_int(dim.of(&input)?, keepdim, dtype)?,
    };
    "std": (
        input: Tensor, dim: Option<Dims>, unbiased: Option<bool>, keepdim: bool = false; correction: Option<f64>
    ) => input.f_std_correction(dims_of(&dim, &input)?, corrected(unbiased, correction)?, keepdim)?,
        (input: Tensor, unbiased: bool) => input.f_std(unbiased)?;
    "var": (
        input: Tensor, dim: Option<Dims>, unbiased: Option<bool>, keepdim: bool = false; correction: Option<f64>
    ) => input.f_var_correction(dims_of(&dim, &input)?, corrected(unbiased, correction)?, keepdim)?,
        (input: Tensor, unbiased: bool) => input.f_var(unbiased)?;
    "std_mean": (
        input: Tensor, dim: Option<Dims>, unbiased: Option<bool>, keepdim: bool = false; correction: Option<f64>
    ) => input.f_std_mean_correction(dims_of(&dim, &input)?, corrected(unbiased, correction)?, keepdim)?,
        (input: Tensor, unbiased: bool) => input.f_std_mean(unbiased)?;
    "var_mean": (
        input: Tensor, dim: Option<Dims>, unbiased: Option<bool>, keepdim: bool = false; correction: Option<f64>
    ) => input.f_var_mean_correction(dims_of(&dim, &input)?, corrected(unbiased, correction)?, keepdim)?,
        (input: Tensor, unbiased: bool) => input.f_var_mean(unbiased)?;
    "norm": (
        input: Tensor, p: Order = 2, dim: Option<Dims>, keepdim: bool = false; dtype: Option<Kind>
    ) => norm(&input, p, dims_of(&dim, &input)?, keepdim, dtype)?;
    "logsumexp": (input: Tensor, dim: Option<Dims>, keepdim: bool = false) => {
        input.f_logsumexp(dims_or_all(&dim, &input)?, keepdim)?
    };
    "amax": (input: Tensor, dim: Option<Dims>, keepdim: bool = false) => {
        input.f_amax(dims_or_all(&dim, &input)?, keepdim)?
    };
    "amin": (input: Tensor, dim: Option<Dims>, keepdim: bool = false) => {
        input.f_amin(dims_or_all(&dim, &input)?, keepdim)?
    };
    "max": (input: Tensor) => input.f_max()?,
        (input: Tensor, dim: Dim, keepdim: bool = false) => from_one(input.f_max_dim(dim.of(&input)?, keepdim)?)?,
        (input: Tensor, other: Tensor) => input.f_maximum(&other)?;
    "min": (input: Tensor) => input.f_min()?,
        (input: Tensor, dim: Dim, keepdim: bool = false) => from_one(input.f_min_dim(dim.of(&input)?, keepdim)?)?,
        (input: Tensor, other: Tensor) => input.f_minimum(&other)?;
    "argmax": (input: Tensor, dim: Option<Dim>, keepdim: bool = false) => {
        one_based(&input.f_argmax(dim_of(dim, &input)?, keepdim)?)?
    };
    "argmin": (input: Tensor, dim: Option<Dim>, keepdim: bool = false) => {
        one_based(&input.f_argmin(dim_of(dim, &input)?, keepdim)?)?
    };
    "any": (input: Tensor, dim: Option<Dims>, keepdim: bool = false) => {
        input.f_any_dims(dims_of(&dim, &input)?, keepdim)?
    };
    "all": (input: Tensor, dim: Option<Dims>, keepdim: bool = false) => {
        input.f_all_dims(dims_of(&dim, &input)?, keepdim)?
    };
    "cumsum": (input: Tensor, dim: Dim; dtype: Option<Kind>) => input.f_cumsum(dim.of(&input)?, dtype)?;
    "median": (input: Tensor) => input.f_median()?,
        (input: Tensor, dim: Dim, keepdim: bool = false) => from_one(input.f_median_dim(dim.of(&input)?, keepdim)?)?;
    "kthvalue": (input: Tensor, k: i64, dim: Dim = -1, keepdim: bool = false) => {
        from_one(input.f_kthvalue(k, dim.of(&input)?, keepdim)?)?
    };
    "quantile": (
        input: Tensor, q: TensorArg, dim: Option<Dim>, keepdim: bool = false; interpolation: String = "linear"
    ) => {
        let dim = dim_of(dim, &input)?;
        match q {
            TensorArg::Number(q) => input.f_quantile_scalar(q.float(), dim, keepdim, &interpolation)?,
            TensorArg::Tensor(q) => {
                input.f_quantile(&q.f_to_kind(input.f_kind()?)?, dim, keepdim, &interpolation)?
            }
        }
    };
    "histc": (input: Tensor, bins: i64 = 100, min: f64 = 0, max: f64 = 0) => histc(&input, bins, min, max)?;
    "bincount": (input: TensorArg, weights: Option<Tensor>, minlength: i64 = 0) => {
        input.tensor()?.f_bincount(weights, minlength)?
    };
    "cov": (input: Tensor; correction: i64 = 1, fweights: Option<Tensor>, aweights: Option<Tensor>) => {
        input.f_cov(correction, fweights, aweights)?
    };
    "corrcoef": (input: Tensor) => input.f_corrcoef()?;
    "allclose": (input: Tensor, other: TensorArg, rtol: f64 = 1e-5, atol: f64 = 1e-8, equal_nan: bool = false) => {
        let other = other.tensor()?.f_to_kind(input.f_kind()?)?;
        input.f_allclose(&other, rtol, atol, equal_nan)?
    };
    "equal": (input: Tensor, other: TensorArg) => input.f_equal(&other.tensor()?)?;
};

/// The requested dimensions, or all of them.
fn dims_or_all(dims: &Option<Dims>, t: &Tensor) -> Result<Vec<i64>> {
    Ok(dims_of(dims, t)?.unwrap_or_else(|| (0..t.dim() as i64).collect()))
}

/// Values, and indices that count from 1.
pub(super) fn from_one((values, indices): (Tensor, Tensor)) -> Outcome<(Tensor, Tensor)> {
    Ok((values, one_based(&indices)?))
}

/// What is subtracted from the number of elements: `unbiased` is the older name.
fn corrected(unbiased: Option<bool>, correction: Option<f64>) -> Result<f64> {
    match (unbiased, correction) {
        (None, correction) => Ok(correction.unwrap_or(1.0)),
        (Some(unbiased), None) => Ok(f64::from(u8::from(unbiased))),
        _ => Err(Error::new("both 'unbiased' and 'correction'")
            .hint("unbiased = false is correction = 0")),
    }
}

/// The p-norm of all elements or along dimensions; "fro" is 2, "nuc" the sum of singular values.
pub(super) fn norm(
    t: &Tensor,
    p: Order,
    dims: Option<Vec<i64>>,
    keepdim: bool,
    dtype: Option<Kind>,
) -> Outcome<Tensor> {
    let p = match p {
        Order::Number(p) => p,
        Order::Name(name) if name == "fro" => 2.0,
        Order::Name(name) if name == "nuc" => {
            let dims = dims.unwrap_or_else(|| (0..t.dim() as i64).collect());
            return Ok(t.f_linalg_norm_ord_str("nuc", dims, keepdim, dtype)?);
        }
        Order::Name(name) => return Err(Error::unknown("norm", &name, ["fro", "nuc"]).into()),
    };
    let dims = dims.unwrap_or_else(|| (0..t.dim() as i64).collect());
    Ok(match dtype {
        None => t.f_norm_scalaropt_dim(p, dims, keepdim)?,
        Some(dtype) => t.f_norm_scalaropt_dim_dtype(p, dims, keepdim, dtype)?,
    })
}

/// The number of elements in each of `bins` equal parts of [min, max]; of the whole range of the
/// elements if min = max. libtorch's `histc` is bound without min and max: elements outside are left
/// out, both ends are added and subtracted again.
fn histc(t: &Tensor, bins: i64, min: f64, max: f64) -> Outcome<Tensor> {
    if min == max {
        return Ok(t.f_histc(bins)?);
    }
    if min > max || bins < 1 {
        return Err(Error::new("needs min < max and at least 1 bin").into());
    }
    let inside = t.f_ge(min)?.f_logical_and(&t.f_le(max)?)?;
    let ends =
        Tensor::f_from_slice(&[min, max])?.f_to_device(t.device())?.f_to_kind(t.f_kind()?)?;
    let counts = Tensor::f_cat(&[t.f_masked_select(&inside)?, ends], 0)?.f_histc(bins)?;
    let one = |place: i64| counts.f_narrow(0, place, 1)?.f_sub_scalar_(1).map(drop);
    one(0)?;
    one(bins - 1)?;
    Ok(counts)
}
