//! Element-wise operations of one or two tensors, with broadcasting.

use super::arg::{Number, TensorArg, operands};
use super::op::{Op, Out, Outcome, ops};
use super::read::Mask;
use crate::Error;
use tch::{Kind, TchError, Tensor};

pub const OPS: &[Op] = ops! {
    "add": (input: TensorArg, other: TensorArg; alpha: Option<Number>) => {
        scaled(input, other, alpha, Tensor::f_add)?
    };
    "sub": (input: TensorArg, other: TensorArg; alpha: Option<Number>) => {
        scaled(input, other, alpha, Tensor::f_sub)?
    };
    "mul": (input: TensorArg, other: TensorArg) => binary(input, other, Tensor::f_mul)?;
    "div": (input: TensorArg, other: TensorArg; rounding_mode: Option<String>) => {
        let (input, other) = operands(input, other)?;
        match rounding_mode {
            None => input.f_div(&other)?,
            Some(mode) => input.f_div_tensor_mode(&other, one_of("rounding_mode", &mode, &["trunc", "floor"])?)?,
        }
    };
    "floor_divide": (input: TensorArg, other: TensorArg) => binary(input, other, Tensor::f_floor_divide)?;
    "remainder": (input: TensorArg, other: TensorArg) => binary(input, other, Tensor::f_remainder_tensor)?;
    "pow": (input: TensorArg, exponent: TensorArg) => pow(input, exponent)?;
    "minimum": (input: TensorArg, other: TensorArg) => binary(input, other, Tensor::f_minimum)?;
    "maximum": (input: TensorArg, other: TensorArg) => binary(input, other, Tensor::f_maximum)?;
    "eq": (input: TensorArg, other: TensorArg) => binary(input, other, Tensor::f_eq_tensor)?;
    "ne": (input: TensorArg, other: TensorArg) => binary(input, other, Tensor::f_ne_tensor)?;
    "lt": (input: TensorArg, other: TensorArg) => binary(input, other, Tensor::f_lt_tensor)?;
    "le": (input: TensorArg, other: TensorArg) => binary(input, other, Tensor::f_le_tensor)?;
    "gt": (input: TensorArg, other: TensorArg) => binary(input, other, Tensor::f_gt_tensor)?;
    "ge": (input: TensorArg, other: TensorArg) => binary(input, other, Tensor::f_ge_tensor)?;
    "logical_and": (input: TensorArg, other: TensorArg) => binary(input, other, Tensor::f_logical_and)?;
    "logical_or": (input: TensorArg, other: TensorArg) => binary(input, other, Tensor::f_logical_or)?;
    "logical_xor": (input: TensorArg, other: TensorArg) => binary(input, other, Tensor::f_logical_xor)?;
    "logical_not": (input: Tensor) => input.f_logical_not()?;
    "neg": (input: Tensor) => input.f_neg()?;
    "abs": (input: Tensor) => input.f_abs()?;
    "exp": (input: Tensor) => input.f_exp()?;
    "expm1": (input: Tensor) => input.f_expm1()?;
    "log": (input: Tensor) => input.f_log()?;
    "log1p": (input: Tensor) => input.f_log1p()?;
    "logit": (input: Tensor, eps: Option<f64>) => input.f_logit(eps)?;
    "sqrt": (input: Tensor) => input.f_sqrt()?;
    "rsqrt": (input: Tensor) => input.f_rsqrt()?;
    "erf": (input: Tensor) => input.f_erf()?;
    "sin": (input: Tensor) => input.f_sin()?;
    "cos": (input: Tensor) => input.f_cos()?;
    "floor": (input: Tensor) => input.f_floor()?;
    "ceil": (input: Tensor) => input.f_ceil()?;
    "round": (input: Tensor; decimals: Option<i64>) => match decimals {
        None => input.f_round()?,
        Some(decimals) => input.f_round_decimals(decimals)?,
    };
    "sign": (input: Tensor) => input.f_sign()?;
    "isnan": (input: Tensor) => input.f_isnan()?;
    "isinf": (input: Tensor) => input.f_isinf()?;
    "isfinite": (input: Tensor) => input.f_isfinite()?;
    "nan_to_num": (input: Tensor, nan: Option<f64>, posinf: Option<f64>, neginf: Option<f64>) => {
        input.f_nan_to_num(nan, posinf, neginf)?
    };
    "lerp": (input: Tensor, end: TensorArg, weight: TensorArg) => {
        let end = end.beside(&input)?;
        match weight {
            TensorArg::Number(weight) => input.f_lerp(&end, weight.scalar())?,
            TensorArg::Tensor(weight) => input.f_lerp_tensor(&end, &weight)?,
        }
    };
    "clamp": (input: Tensor, min: Option<TensorArg>, max: Option<TensorArg>) => {
        let (min, max) = bounds(min, max, &input)?;
        input.f_clamp_tensor(min, max)?
    };
    "where": (condition: Mask) => Tensor::f_where_(&condition.0)?
            .iter().map(super::dim::one_based).collect::<Result<Vec<_>, _>>()?,
        (condition: Mask, input: TensorArg, other: TensorArg) => {
            let (input, other) = operands(input, other)?;
            let on = |t| on_device(t, &condition.0);
            on(input)?.f_where_self(&condition.0, &on(other)?)?
        };
    "masked_fill": (input: Tensor, mask: Mask, value: TensorArg) => {
        input.f_masked_fill_tensor(&mask.0, &like(value, &input)?)?
    };
};

/// In-place methods.
pub const IN_PLACE: &[Op] = ops! {
    "add_": (input: Tensor, other: TensorArg; alpha: Option<Number>) => {
        let other = times(other.beside(&input)?, &input, alpha)?;
        Out::changed(input.f_add_(&other)?)
    };
    "sub_": (input: Tensor, other: TensorArg; alpha: Option<Number>) => {
        let other = times(other.beside(&input)?, &input, alpha)?;
        Out::changed(input.f_sub_(&other)?)
    };
    "mul_": (input: Tensor, other: TensorArg) => Out::changed(input.f_mul_(&other.beside(&input)?)?);
    "div_": (input: Tensor, other: TensorArg; rounding_mode: Option<String>) => {
        let other = other.beside(&input)?;
        Out::changed(match rounding_mode {
            None => input.f_div_(&other)?,
            Some(mode) => input.f_div_tensor_mode_(&other, one_of("rounding_mode", &mode, &["trunc", "floor"])?)?,
        })
    };
    "pow_": (input: Tensor, exponent: TensorArg) => {
        Out::changed(input.f_pow_tensor_(&exponent.beside(&input)?)?)
    };
    "neg_": (input: Tensor) => Out::changed(input.f_neg_()?);
    "abs_": (input: Tensor) => Out::changed(input.f_abs_()?);
    "exp_": (input: Tensor) => Out::changed(input.f_exp_()?);
    "log_": (input: Tensor) => Out::changed(input.f_log_()?);
    "sqrt_": (input: Tensor) => Out::changed(input.f_sqrt_()?);
    "zero_": (input: Tensor) => Out::changed(input.f_zero_()?);
    "fill_": (input: Tensor, value: TensorArg) => Out::changed(input.f_fill_tensor_(&value.beside(&input)?)?);
    "copy_": (input: Tensor, src: TensorArg) => {
        input.f_copy_(&src.beside(&input)?)?;
        Out::This
    };
    "clamp_": (input: Tensor, min: Option<TensorArg>, max: Option<TensorArg>) => {
        let (min, max) = bounds(min, max, &input)?;
        Out::changed(input.f_clamp_tensor_(min, max)?)
    };
    "masked_fill_": (input: Tensor, mask: Mask, value: TensorArg) => {
        let value = like(value, &input)?;
        Out::changed(input.f_masked_fill_tensor_(&mask.0, &value)?)
    };
};

type Binary = fn(&Tensor, &Tensor) -> Result<Tensor, TchError>;

fn binary(input: TensorArg, other: TensorArg, f: Binary) -> Outcome<Tensor> {
    let (input, other) = operands(input, other)?;
    Ok(f(&input, &other)?)
}

/// `f(input, alpha * other)`.
fn scaled(input: TensorArg, other: TensorArg, alpha: Option<Number>, f: Binary) -> Outcome<Tensor> {
    let (input, other) = operands(input, other)?;
    Ok(f(&input, &times(other, &input, alpha)?)?)
}

/// `alpha * other`, where the factor must not change the dtype, as in PyTorch.
pub(super) fn times(other: Tensor, input: &Tensor, alpha: Option<Number>) -> Outcome<Tensor> {
    let Some(alpha) = alpha else { return Ok(other) };
    let whole = !input.f_is_floating_point()? && !other.f_is_floating_point()?;
    match alpha {
        Number::Bool(_) if input.f_kind()? != Kind::Bool => {
            Err(Error::new("alpha must be a number for tensors of numbers").into())
        }
        Number::Float(_) if whole => {
            Err(Error::new("alpha must be a whole number for tensors of whole numbers").into())
        }
        _ => Ok(other.f_mul(&alpha.beside(&other)?)?),
    }
}

/// `pow(input, exponent)`; a number on either side keeps libtorch's fast forms (`t ^ 2`).
fn pow(input: TensorArg, exponent: TensorArg) -> Outcome<Tensor> {
    Ok(match (input, exponent) {
        (TensorArg::Tensor(base), TensorArg::Number(n)) => base.f_pow_tensor_scalar(n.scalar())?,
        (TensorArg::Number(n), TensorArg::Tensor(exponent)) => {
            Tensor::f_pow_scalar(n.scalar(), &exponent)?
        }
        (base, exponent) => base.tensor()?.f_pow(&exponent.tensor()?)?,
    })
}

/// The value of an option that is one of some words.
pub(super) fn one_of<'v>(name: &str, value: &'v str, words: &[&str]) -> Outcome<&'v str> {
    if words.contains(&value) {
        return Ok(value);
    }
    Err(Error::unknown(name, value, words.iter().copied()).into())
}

/// The bounds of a clamp: numbers, tensors, or nil.
fn bounds(
    min: Option<TensorArg>,
    max: Option<TensorArg>,
    this: &Tensor,
) -> Outcome<(Option<Tensor>, Option<Tensor>)> {
    if let (None, None) = (&min, &max) {
        return Err(Error::new("needs min, max or both").into());
    }
    let bound =
        |arg: Option<TensorArg>| arg.map(|arg| on_device(arg.beside(this)?, this)).transpose();
    Ok((bound(min)?, bound(max)?))
}

/// A tensor on the device of `this`: some operations refuse a CPU scalar with a CUDA tensor.
fn on_device(tensor: Tensor, this: &Tensor) -> Outcome<Tensor> {
    Ok(if tensor.dim() == 0 { tensor.f_to_device(this.device())? } else { tensor })
}

/// A value with the dtype of `this`.
fn like(value: TensorArg, this: &Tensor) -> Outcome<Tensor> {
    Ok(value.beside(this)?.f_to_kind(this.f_kind()?)?)
}
