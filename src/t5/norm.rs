//! Root-mean-square norm without bias (Zhang & Sennrich 2019), as T5 uses it.

use crate::Result;
use tch::{Kind, Tensor};

/// `x / sqrt(mean(x^2) + epsilon)` over the last dimension, computed in float32.
///
/// T5's gain is not applied here: it is folded into the matrix that follows.
pub fn rms_norm(x: &Tensor, epsilon: f64) -> Result<Tensor> {
    let width = *x.size().last().expect("vectors have a width") as f64;
    let length = x.f_norm_scalaropt_dim_dtype(2.0, [-1], true, Kind::Float)?;
    let scale = length.f_square()?.f_div_scalar(width)?.f_add_scalar(epsilon)?.f_rsqrt()?;
    Ok(x.f_mul(&scale)?.f_to_kind(x.kind())?)
}
