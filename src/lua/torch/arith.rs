//! Element-wise operations of one or two tensors, with broadcasting.

use super::arg::TensorArg;
use super::args::Args;
use super::op::{Op, Out, Outcome};
use tch::Tensor;

pub const OPS: &[Op] = &[
    Op::binary("add", Tensor::f_add),
    Op::binary("sub", Tensor::f_sub),
    Op::binary("mul", Tensor::f_mul),
    Op::binary("div", Tensor::f_div),
    Op::binary("floor_divide", Tensor::f_floor_divide),
    Op::binary("remainder", Tensor::f_remainder_tensor),
    Op::positional("pow", pow),
    Op::binary("minimum", Tensor::f_minimum),
    Op::binary("maximum", Tensor::f_maximum),
    Op::binary("eq", Tensor::f_eq_tensor),
    Op::binary("ne", Tensor::f_ne_tensor),
    Op::binary("lt", Tensor::f_lt_tensor),
    Op::binary("le", Tensor::f_le_tensor),
    Op::binary("gt", Tensor::f_gt_tensor),
    Op::binary("ge", Tensor::f_ge_tensor),
    Op::binary("logical_and", Tensor::f_logical_and),
    Op::binary("logical_or", Tensor::f_logical_or),
    Op::unary("logical_not", Tensor::f_logical_not),
    Op::unary("neg", Tensor::f_neg),
    Op::unary("abs", Tensor::f_abs),
    Op::unary("exp", Tensor::f_exp),
    Op::unary("log", Tensor::f_log),
    Op::unary("sqrt", Tensor::f_sqrt),
    Op::unary("rsqrt", Tensor::f_rsqrt),
    Op::unary("sin", Tensor::f_sin),
    Op::unary("cos", Tensor::f_cos),
    Op::unary("floor", Tensor::f_floor),
    Op::unary("ceil", Tensor::f_ceil),
    Op::unary("round", Tensor::f_round),
    Op::unary("sign", Tensor::f_sign),
    Op::unary("isnan", Tensor::f_isnan),
    Op::unary("isfinite", Tensor::f_isfinite),
    Op::with_options("clamp", clamp),
    Op::positional("where", where_),
    Op::positional("masked_fill", masked_fill),
];

/// In-place methods.
pub const IN_PLACE: &[Op] = &[
    Op::binary_in_place("add_", Tensor::f_add_),
    Op::binary_in_place("sub_", Tensor::f_sub_),
    Op::binary_in_place("mul_", Tensor::f_mul_),
    Op::binary_in_place("div_", Tensor::f_div_),
    Op::binary_in_place("pow_", Tensor::f_pow_tensor_),
    Op::unary_in_place("neg_", Tensor::f_neg_),
    Op::unary_in_place("abs_", Tensor::f_abs_),
    Op::unary_in_place("exp_", Tensor::f_exp_),
    Op::unary_in_place("log_", Tensor::f_log_),
    Op::unary_in_place("sqrt_", Tensor::f_sqrt_),
    Op::unary_in_place("zero_", Tensor::f_zero_),
    Op::binary_in_place("fill_", Tensor::f_fill_tensor_),
    Op::binary_in_place("copy_", copy_),
    Op::with_options("clamp_", clamp_),
    Op::positional("masked_fill_", masked_fill_),
];

/// `pow(base, exponent)`; a number on either side keeps libtorch's fast forms (`t ^ 2`).
fn pow(args: &Args) -> Outcome {
    Ok(Out::Tensor(match (args.tensor_arg(1)?, args.tensor_arg(2)?) {
        (TensorArg::Tensor(base), TensorArg::Number(n)) => base.f_pow_tensor_scalar(n.scalar())?,
        (TensorArg::Number(n), TensorArg::Tensor(exponent)) => {
            Tensor::f_pow_scalar(n.scalar(), &exponent)?
        }
        (base, exponent) => base.tensor()?.f_pow(&exponent.tensor()?)?,
    }))
}

fn copy_(this: &mut Tensor, source: &Tensor) -> Result<Tensor, tch::TchError> {
    this.f_copy_(source)?;
    Ok(this.shallow_clone())
}

/// The bounds of `clamp(t, min, max)` or `clamp(t, { min =, max = })`: numbers, tensors, or nil.
fn bounds(args: &Args, this: &Tensor) -> Outcome<(Option<Tensor>, Option<Tensor>)> {
    let bound = |i: usize, name: &'static str| -> Outcome<Option<Tensor>> {
        let arg = match args.option::<TensorArg>(name)? {
            Some(arg) => arg,
            None if args.value(i).is_nil() => return Ok(None),
            None => args.tensor_arg(i)?,
        };
        Ok(Some(on_device(arg.beside(this)?, this)?))
    };
    let bounds = (bound(2, "min")?, bound(3, "max")?);
    if let (None, None) = bounds {
        return Err(crate::Error::new("needs min, max or both").into());
    }
    Ok(bounds)
}

/// A tensor on the device of `this`: some operations refuse a CPU scalar with a CUDA tensor.
fn on_device(tensor: Tensor, this: &Tensor) -> Outcome<Tensor> {
    Ok(if tensor.dim() == 0 { tensor.f_to_device(this.device())? } else { tensor })
}

fn clamp(args: &Args) -> Outcome {
    let this = args.tensor(1)?;
    let (min, max) = bounds(args, &this)?;
    Ok(this.f_clamp_tensor(min, max)?.into())
}

fn clamp_(args: &Args) -> Outcome {
    let mut this = args.tensor(1)?;
    let (min, max) = bounds(args, &this)?;
    Ok(Out::changed(this.f_clamp_tensor_(min, max)?))
}

/// `where(condition, a, b)`: `a` where the condition holds, `b` elsewhere; either may be a number.
fn where_(args: &Args) -> Outcome {
    let condition = args.mask(1)?;
    let (a, b) = args.operands(2, 3)?;
    let (a, b) = (on_device(a, &condition)?, on_device(b, &condition)?);
    Ok(a.f_where_self(&condition, &b)?.into())
}

/// The mask and the value of `masked_fill(t, mask, value)`.
fn mask_and_value(args: &Args, this: &Tensor) -> Outcome<(Tensor, Tensor)> {
    let mask = args.mask(2)?;
    let value = args.beside(3, this)?.f_to_kind(this.f_kind()?)?;
    Ok((mask, value))
}

fn masked_fill(args: &Args) -> Outcome {
    let this = args.tensor(1)?;
    let (mask, value) = mask_and_value(args, &this)?;
    Ok(this.f_masked_fill_tensor(&mask, &value)?.into())
}

fn masked_fill_(args: &Args) -> Outcome {
    let mut this = args.tensor(1)?;
    let (mask, value) = mask_and_value(args, &this)?;
    Ok(Out::changed(this.f_masked_fill_tensor_(&mask, &value)?))
}
