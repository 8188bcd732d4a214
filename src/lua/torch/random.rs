//! Random tensors, all from one generator seeded by `manual_seed`.

use super::arg::TensorArg;
use super::create::{finish, options};
use super::dim::one_based;
use super::op::{Op, Out, ops};
use super::read::{List, Sizes};
use tch::{Device, Kind, Tensor};

/// Functions only, as in PyTorch. All have the options `dtype`, `device` and `requires_grad`.
pub const FUNCTIONS: &[Op] = ops! {
    "rand": (size: Sizes; dtype: Option<Kind>, device: Option<Device>, requires_grad: bool = false) => {
        finish(Tensor::f_rand(size.0, options(dtype, Kind::Float, device))?, device, requires_grad)?
    };
    "randn": (size: Sizes; dtype: Option<Kind>, device: Option<Device>, requires_grad: bool = false) => {
        finish(Tensor::f_randn(size.0, options(dtype, Kind::Float, device))?, device, requires_grad)?
    };
    "randint": (
            high: i64, size: List; dtype: Option<Kind>, device: Option<Device>, requires_grad: bool = false
        ) => {
            let made = Tensor::f_randint(high, size.0, options(dtype, Kind::Int64, device))?;
            finish(made, device, requires_grad)?
        },
        (
            low: i64, high: i64, size: Sizes;
            dtype: Option<Kind>, device: Option<Device>, requires_grad: bool = false
        ) => {
            let made = Tensor::f_randint_low(low, high, size.0, options(dtype, Kind::Int64, device))?;
            finish(made, device, requires_grad)?
        };
    "randperm": (n: i64; dtype: Option<Kind>, device: Option<Device>, requires_grad: bool = false) => {
        let order = Tensor::f_randperm(n, options(dtype, Kind::Int64, device))?;
        finish(one_based(&order)?, device, requires_grad)?
    };
    "manual_seed": (seed: i64) => tch::manual_seed(seed);
};

pub const OPS: &[Op] = ops! {
    "bernoulli": (input: Tensor, p: Option<f64>) => match p {
        None => input.f_bernoulli()?,
        Some(p) => input.f_bernoulli_p(p)?,
    };
    "multinomial": (input: Tensor, num_samples: i64, replacement: bool = false) => {
        one_based(&input.f_multinomial(num_samples, replacement)?)?
    };
};

/// In-place methods.
pub const IN_PLACE: &[Op] = ops! {
    "bernoulli_": (input: Tensor, p: TensorArg = 0.5) => Out::changed(match p {
        TensorArg::Number(p) => input.f_bernoulli_float_(p.float())?,
        TensorArg::Tensor(p) => input.f_bernoulli_(&p)?,
    });
    "normal_": (input: Tensor, mean: f64 = 0, std: f64 = 1) => Out::changed(input.f_normal_(mean, std)?);
    "uniform_": (input: Tensor, from: f64 = 0, to: f64 = 1) => Out::changed(input.f_uniform_(from, to)?);
};
