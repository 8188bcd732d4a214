//! Root-mean-square norm without bias (Zhang & Sennrich 2019), as in T5.

use crate::Result;
use tch::{Kind, Tensor};

/// `x / sqrt(mean(x^2) + epsilon)` over the last dimension of `[.., d]`, the mean in float32.
///
/// T5's gain is not applied here: it is folded into the following matrix.
pub fn rms_norm(x: &Tensor, epsilon: f64) -> Result<Tensor> {
    let width = *x.size().last().expect("vectors have a width") as f64;
    let sum = x.f_mul(x)?.f_sum_dim_intlist([-1i64].as_slice(), true, Kind::Float)?;
    let scale = sum.f_div_scalar(width)?.f_add_scalar(epsilon)?.f_rsqrt()?;
    // In x's own dtype: a float32 factor would make every pass over x float32, also backward.
    Ok(x.f_mul(&scale.f_to_kind(x.kind())?)?)
}
