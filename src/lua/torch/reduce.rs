//! Reductions. `dim` is a dimension or, where noted, a list; without it all elements are
//! reduced. `{ keepdim = true }` keeps reduced dimensions with size 1. Indices count from 1.

use super::args::Args;
use super::dim::one_based;
use super::op::{Op, Out, Outcome};
use mlua::Value;
use tch::{TchError, Tensor};

pub const OPS: &[Op] = &[
    Op::with_options("sum", sum),
    Op::with_options("mean", mean),
    Op::with_options("prod", prod),
    Op::with_options("std", |a| moment(a, Tensor::f_std_correction)),
    Op::with_options("var", |a| moment(a, Tensor::f_var_correction)),
    Op::with_options("norm", norm),
    Op::with_options("logsumexp", logsumexp),
    Op::with_options("amax", |a| extreme(a, Tensor::f_amax)),
    Op::with_options("amin", |a| extreme(a, Tensor::f_amin)),
    Op::with_options("max", |a| {
        extreme_with_index(a, Tensor::f_maximum, Tensor::f_max, Tensor::f_max_dim)
    }),
    Op::with_options("min", |a| {
        extreme_with_index(a, Tensor::f_minimum, Tensor::f_min, Tensor::f_min_dim)
    }),
    Op::with_options("argmax", |a| arg_extreme(a, |t, dim, keep| t.f_argmax(dim, keep))),
    Op::with_options("argmin", |a| arg_extreme(a, |t, dim, keep| t.f_argmin(dim, keep))),
    Op::with_options("any", |a| truth(a, |t, dims, keep| t.f_any_dims(dims, keep))),
    Op::with_options("all", |a| truth(a, |t, dims, keep| t.f_all_dims(dims, keep))),
    Op::positional("cumsum", cumsum),
    Op::with_options("allclose", allclose),
    Op::positional("equal", equal),
];

type Torch<T = Tensor> = Result<T, TchError>;

fn keepdim(args: &Args) -> Outcome<bool> {
    Ok(args.option_or("keepdim", false)?)
}

/// The requested dimensions, or all of them.
fn dims_or_all(args: &Args, i: usize, t: &Tensor) -> Outcome<Vec<i64>> {
    Ok(args.dims(i, t)?.unwrap_or_else(|| (0..t.dim() as i64).collect()))
}

/// `sum(t, dim or list, { keepdim })`.
fn sum(args: &Args) -> Outcome {
    let t = args.tensor(1)?;
    Ok(t.f_sum_dim_intlist(dims_or_all(args, 2, &t)?, keepdim(args)?, None)?.into())
}

/// `mean(t, dim or list, { keepdim })`.
fn mean(args: &Args) -> Outcome {
    let t = args.tensor(1)?;
    Ok(t.f_mean_dim(dims_or_all(args, 2, &t)?, keepdim(args)?, None)?.into())
}

/// `prod(t, dim, { keepdim })`.
fn prod(args: &Args) -> Outcome {
    let t = args.tensor(1)?;
    if args.value(2).is_nil() {
        return Ok(t.f_prod(None)?.into());
    }
    Ok(t.f_prod_dim_int(args.dim(2, &t, None)?, keepdim(args)?, None)?.into())
}

/// `std`/`var(t, dim or list, { keepdim, correction = 1 })`.
fn moment(args: &Args, f: fn(&Tensor, Vec<i64>, f64, bool) -> Torch) -> Outcome {
    let t = args.tensor(1)?;
    let correction = args.option_or("correction", 1.0)?;
    Ok(f(&t, dims_or_all(args, 2, &t)?, correction, keepdim(args)?)?.into())
}

/// `norm(t, p = 2, dim or list, { keepdim })`.
fn norm(args: &Args) -> Outcome {
    let t = args.tensor(1)?;
    let p = if args.value(2).is_nil() { 2.0 } else { args.number(2)?.float() };
    Ok(t.f_norm_scalaropt_dim(p, dims_or_all(args, 3, &t)?, keepdim(args)?)?.into())
}

/// `logsumexp(t, dim or list, { keepdim })`.
fn logsumexp(args: &Args) -> Outcome {
    let t = args.tensor(1)?;
    Ok(t.f_logsumexp(dims_or_all(args, 2, &t)?, keepdim(args)?)?.into())
}

/// `amax`/`amin(t, dim or list, { keepdim })`: values only; ties share the gradient.
fn extreme(args: &Args, f: fn(&Tensor, Vec<i64>, bool) -> Torch) -> Outcome {
    let t = args.tensor(1)?;
    Ok(f(&t, dims_or_all(args, 2, &t)?, keepdim(args)?)?.into())
}

/// `max(t)`, `max(t, dim, { keepdim })` -> values, indices; `max(t, other)` element-wise.
fn extreme_with_index(
    args: &Args,
    pairwise: fn(&Tensor, &Tensor) -> Torch,
    all: fn(&Tensor) -> Torch,
    along: fn(&Tensor, i64, bool) -> Torch<(Tensor, Tensor)>,
) -> Outcome {
    let t = args.tensor(1)?;
    match args.value(2) {
        Value::Nil => Ok(all(&t)?.into()),
        Value::UserData(_) => Ok(pairwise(&t, &args.tensor(2)?)?.into()),
        _ => {
            let (values, indices) = along(&t, args.dim(2, &t, None)?, keepdim(args)?)?;
            Ok(Out::Pair(values, one_based(&indices)?))
        }
    }
}

/// `argmax`/`argmin(t, dim, { keepdim })`; without `dim` the position in the flattened tensor.
fn arg_extreme(args: &Args, f: fn(&Tensor, Option<i64>, bool) -> Torch) -> Outcome {
    let t = args.tensor(1)?;
    let dim = if args.value(2).is_nil() { None } else { Some(args.dim(2, &t, None)?) };
    Ok(one_based(&f(&t, dim, keepdim(args)?)?)?.into())
}

/// `any`/`all(t, dim or list, { keepdim })`.
fn truth(args: &Args, f: fn(&Tensor, Vec<i64>, bool) -> Torch) -> Outcome {
    let t = args.tensor(1)?;
    Ok(f(&t, dims_or_all(args, 2, &t)?, keepdim(args)?)?.into())
}

/// `cumsum(t, dim)`.
fn cumsum(args: &Args) -> Outcome {
    let t = args.tensor(1)?;
    Ok(t.f_cumsum(args.dim(2, &t, None)?, None)?.into())
}

/// `allclose(a, b, { rtol = 1e-5, atol = 1e-8, equal_nan = false })` -> boolean.
fn allclose(args: &Args) -> Outcome {
    let (rtol, atol) = (args.option_or("rtol", 1e-5)?, args.option_or("atol", 1e-8)?);
    let equal_nan = args.option_or("equal_nan", false)?;
    let a = args.tensor(1)?;
    let b = args.tensor_arg(2)?.tensor()?.f_to_kind(a.f_kind()?)?;
    Ok(Out::Lua(Value::Boolean(a.f_allclose(&b, rtol, atol, equal_nan)?)))
}

/// `equal(a, b)` -> boolean: same shape and same elements.
fn equal(args: &Args) -> Outcome {
    let a = args.tensor(1)?;
    Ok(Out::Lua(Value::Boolean(a.f_equal(&args.tensor_arg(2)?.tensor()?)?)))
}
