//! Multi-head attention of T5 (Raffel et al. 2020): no scaling by 1/sqrt(d), a position bias added to the
//! scores of self-attention.

use super::dropout::Dropout;
use super::operators::Operators;
use crate::Result;
use tch::{Device, Kind, Tensor};

/// `softmax(q k^T + bias) v`, all `[rows, heads, positions, d_kv]`; the bias, broadcast over rows
/// and heads, float32, contains positions and masks.
pub fn attend(
    query: &Tensor,
    key: &Tensor,
    value: &Tensor,
    bias: Option<&Tensor>,
    dropout: &Dropout,
) -> Result<Tensor> {
    let learns_bias = bias.is_some_and(Tensor::requires_grad);
    if dropout.is_fused() || dropout.probability() == 0.0 && !learns_bias {
        let kind = query.kind();
        // libtorch's fused attention computes a matrix product per head and row; on a CPU
        // these are so slow in bfloat16 that float32, including conversions, takes half the time.
        let computed = match (query.device(), kind) {
            (Device::Cpu, Kind::BFloat16) => Kind::Float,
            _ => kind,
        };
        let bias = bias.map(|b| b.f_to_kind(computed)).transpose()?;
        let out = Tensor::f_scaled_dot_product_attention(
            &query.f_to_kind(computed)?,
            &key.f_to_kind(computed)?,
            &value.f_to_kind(computed)?,
            bias,
            dropout.probability(),
            false,
            1.0,
            false,
        )?;
        return Ok(out.f_to_kind(kind)?);
    }
    let scores = query.f_matmul(&key.f_transpose(-2, -1)?)?;
    let weights = softmax(&scores, bias, dropout)?;
    Ok(weights.f_matmul(value)?)
}

/// Attention weights from scores: softmax in float32 over the keys, returned in the scores' dtype.
pub fn softmax(scores: &Tensor, bias: Option<&Tensor>, dropout: &Dropout) -> Result<Tensor> {
    let kind = scores.kind();
    let weights = match bias {
        Some(bias) => scores.f_add(bias)?.f_softmax(-1, Kind::Float)?,
        None => scores.f_softmax(-1, Kind::Float)?,
    };
    dropout.apply(weights.f_to_kind(kind)?)
}

/// A bias `[.., queries, keys]` for all layers of a stack: for CUDA's fused attention in the dtype `kind`
/// with rows that begin at multiples of 16 elements, because it would copy another one in every layer.
pub fn prepared(bias: Tensor, kind: Kind, operators: Operators) -> Result<Tensor> {
    if operators == Operators::Separate {
        return Ok(bias);
    }
    let keys = *bias.size().last().expect("a bias has keys");
    let padded = bias.f_to_kind(kind)?.f_constant_pad_nd([0, (16 - keys % 16) % 16])?;
    Ok(padded.f_narrow(-1, 0, keys)?)
}

/// Additive mask `[1, 1, n, n]` that hides the positions after each query.
pub fn causal_mask(n: i64, device: Device) -> Result<Tensor> {
    let hidden = Tensor::f_full([n, n], f64::NEG_INFINITY, (Kind::Float, device))?;
    Ok(hidden.f_triu(1)?.f_view([1, 1, n, n])?)
}
