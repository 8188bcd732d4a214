//! Activations, softmax and layers without state.

use super::arg::TensorArg;
use super::arith::one_of;
use super::op::{Op, Out, Outcome, ops};
use super::read::{Dim, Order, Shape};
use crate::Error;
use tch::{Kind, Tensor};

pub const OPS: &[Op] = ops! {
    "tanh": (input: Tensor) => input.f_tanh()?;
    "sigmoid": (input: Tensor) => input.f_sigmoid()?;
    "relu": (input: Tensor) => input.f_relu()?;
    "silu": (input: Tensor) => input.f_silu()?;
    "softplus": (input: Tensor, beta: f64 = 1, threshold: f64 = 20) => softplus(&input, beta, threshold)?;
    "gelu": (input: Tensor; approximate: String = "none") => {
        input.f_gelu(one_of("approximation", &approximate, &["none", "tanh"])?)?
    };
    "softmax": (input: Tensor, dim: Dim = -1; dtype: Option<Kind>) => input.f_softmax(dim.of(&input)?, dtype)?;
    "log_softmax": (input: Tensor, dim: Dim = -1; dtype: Option<Kind>) => {
        input.f_log_softmax(dim.of(&input)?, dtype)?
    };
    "layer_norm": (
        input: Tensor, normalized_shape: Shape, weight: Option<Tensor>, bias: Option<Tensor>, eps: f64 = 1e-5
    ) => input.f_layer_norm(normalized_shape.0, weight, bias, eps, false)?;
    "rms_norm": (input: Tensor, normalized_shape: Shape, weight: Option<Tensor>, eps: Option<f64>) => {
        input.f_rms_norm(normalized_shape.0, weight, eps)?
    };
    "normalize": (input: Tensor, p: f64 = 2, dim: Dim = 2, eps: f64 = 1e-12) => {
        let dim = dim.of(&input)?;
        let norm = super::reduce::norm(&input, Order::Number(p), Some(vec![dim]), true, None)?;
        input.f_div(&norm.f_clamp_min(eps)?.f_expand_as(&input)?)?
    };
    "dropout": (input: Tensor, p: f64 = 0.5, training: bool = true) => input.f_dropout(p, training)?;
    "embedding": (
        weight: Tensor, indices: TensorArg, padding_idx: Option<i64>, scale_grad_by_freq: bool = false;
        max_norm: Option<f64>, norm_type: f64 = 2
    ) => {
        let indices = indices.tensor()?;
        let rows = weight.size().first().copied().unwrap_or(0);
        check_ids(&indices, rows)?;
        let padding = match padding_idx {
            None => -1,
            Some(id) if id < -rows || id >= rows => {
                return Err(Error::new(format!("padding_idx {id} is not in 0 .. {}", rows - 1)).into());
            }
            Some(id) => id.rem_euclid(rows),
        };
        if let Some(max_norm) = max_norm {
            let _ = tch::no_grad(|| weight.f_embedding_renorm_(&indices, max_norm, norm_type))?;
        }
        Tensor::f_embedding(&weight, &indices, padding, scale_grad_by_freq, false)?
    };
    "one_hot": (tensor: TensorArg, num_classes: i64 = -1) => {
        let ids = tensor.tensor()?;
        if num_classes != -1 {
            check_ids(&ids, num_classes)?;
        }
        ids.f_one_hot(num_classes)?
    };
    "scaled_dot_product_attention": (
        query: Tensor, key: Tensor, value: Tensor, attn_mask: Option<Tensor>, dropout_p: f64 = 0,
        is_causal: bool = false; scale: Option<f64>, enable_gqa: bool = false
    ) => Tensor::f_scaled_dot_product_attention(
        &query, &key, &value, attn_mask, dropout_p, is_causal, scale, enable_gqa,
    )?;
};

/// In-place methods.
pub const IN_PLACE: &[Op] = ops! {
    "tanh_": (input: Tensor) => Out::changed(input.f_tanh_()?);
    "sigmoid_": (input: Tensor) => Out::changed(input.f_sigmoid_()?);
    "relu_": (input: Tensor) => Out::changed(input.f_relu_()?);
};

/// log(1 + exp(beta x)) / beta, and x where beta x is above the threshold. libtorch's own softplus,
/// which is bound without `beta` and `threshold`, is linear above 20.
fn softplus(input: &Tensor, beta: f64, threshold: f64) -> Outcome<Tensor> {
    if beta == 1.0 && threshold == 20.0 {
        return Ok(input.f_softplus()?);
    }
    let scaled = input.f_mul_scalar(beta)?;
    let soft = scaled.f_softplus()?.f_div_scalar(beta)?;
    Ok(input.f_where_self(&scaled.f_gt(threshold)?, &soft)?)
}

fn check_ids(ids: &Tensor, count: i64) -> Outcome<()> {
    if ids.numel() == 0 || !matches!(ids.f_kind()?, Kind::Int64 | Kind::Int) {
        return Ok(());
    }
    for id in [ids.f_min()?.f_int64_value(&[])?, ids.f_max()?.f_int64_value(&[])?] {
        if id < 0 || id >= count {
            return Err(Error::new(format!("id {id} is not in 0 .. {}", count - 1)).into());
        }
    }
    Ok(())
}
