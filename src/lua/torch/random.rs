//! Random tensors, all from one generator seeded by `manual_seed`.

use super::args::Args;
use super::create::{finish, options};
use super::dim::one_based;
use super::op::{Op, Out, Outcome};
use tch::{Kind, Tensor};

/// Functions only, as in PyTorch. All have the options `dtype`, `device` and `requires_grad`.
pub const FUNCTIONS: &[Op] = &[
    Op::with_options("rand", |a| finish(a, Tensor::f_rand(a.sizes(1)?, options(a, Kind::Float)?)?)),
    Op::with_options("randn", |a| {
        finish(a, Tensor::f_randn(a.sizes(1)?, options(a, Kind::Float)?)?)
    }),
    Op::with_options("randint", randint),
    Op::with_options("randperm", randperm),
    Op::positional("manual_seed", manual_seed),
];

pub const OPS: &[Op] =
    &[Op::unary("bernoulli", Tensor::f_bernoulli), Op::with_options("multinomial", multinomial)];

/// In-place methods.
pub const IN_PLACE: &[Op] = &[
    Op::positional("bernoulli_", |a| {
        Ok(Out::changed(a.tensor(1)?.f_bernoulli_float_(number_or(a, 2, 0.5)?)?))
    }),
    Op::positional("normal_", |a| {
        let (mean, std) = (number_or(a, 2, 0.0)?, number_or(a, 3, 1.0)?);
        Ok(Out::changed(a.tensor(1)?.f_normal_(mean, std)?))
    }),
    Op::positional("uniform_", |a| {
        let (from, to) = (number_or(a, 2, 0.0)?, number_or(a, 3, 1.0)?);
        Ok(Out::changed(a.tensor(1)?.f_uniform_(from, to)?))
    }),
];

fn number_or(args: &Args, i: usize, default: f64) -> Outcome<f64> {
    Ok(if args.value(i).is_nil() { default } else { args.number(i)?.float() })
}

/// `randint(low, high, sizes)`: integers from low to high - 1, as in PyTorch.
fn randint(args: &Args) -> Outcome {
    let (low, high) = (args.int(1)?, args.int(2)?);
    finish(args, Tensor::f_randint_low(low, high, args.sizes(3)?, options(args, Kind::Int64)?)?)
}

/// `randperm(n)`: a random permutation of 1 .. n, usable as an index.
fn randperm(args: &Args) -> Outcome {
    let order = Tensor::f_randperm(args.int(1)?, options(args, Kind::Int64)?)?;
    finish(args, one_based(&order)?)
}

/// `multinomial(weights, k, { replacement = false })`: indices of the last dimension, from 1.
fn multinomial(args: &Args) -> Outcome {
    let drawn =
        args.tensor(1)?.f_multinomial(args.int(2)?, args.option_or("replacement", false)?)?;
    Ok(one_based(&drawn)?.into())
}

/// `manual_seed(n)`: seeds the generators of the CPU and of every CUDA device.
fn manual_seed(args: &Args) -> Outcome {
    tch::manual_seed(args.int(1)?);
    Ok(Out::Nothing)
}
