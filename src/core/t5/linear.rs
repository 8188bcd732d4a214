//! A matrix and a norm of the backbone, with or without changes.
//!
//! Low-rank changes follow Hu et al. 2021 (LoRA): `W x + scale B (A x)`.

use super::dropout::Dropout;
use super::pass::Pass;
use super::product::{add_linear, linear};
use crate::backbone::{Changes, recompute};
use crate::{Error, Result};
use tch::Tensor;

/// One matrix, or several stacked by rows.
pub struct Linear {
    /// `[out, in]`
    pub weight: Tensor,
    /// `[r, in]` and `[out, r]`, with the scale folded in.
    low_rank: Option<(Tensor, Tensor)>,
    /// `[out]`
    bias: Option<Tensor>,
}

impl Linear {
    pub fn new(weight: Tensor) -> Self {
        Linear { weight, low_rank: None, bias: None }
    }

    /// The matrix with changes. `places` names its stacked matrices with the rows of each; `gain`, `[in]`,
    /// is that of a norm folded into it.
    pub fn changed(
        &self,
        changes: &Changes,
        places: &[(String, i64)],
        gain: Option<&Tensor>,
    ) -> Result<Self> {
        let kind = self.weight.kind();
        let total = self.weight.size()[0];
        let (mut down, mut up) = (Vec::new(), Vec::new());
        let mut bias: Option<Tensor> = None;
        let mut start = 0;
        for (place, rows) in places {
            let pad = [start, total - start - rows];
            for (a, b, scale) in changes.low_rank(place) {
                down.push(match gain {
                    Some(gain) => a.f_mul(gain)?,
                    None => a.shallow_clone(),
                });
                up.push(b.f_mul_scalar(scale)?.f_constant_pad_nd([0, 0, pad[0], pad[1]])?);
            }
            if let Some(own) = changes.bias(place)? {
                let own = own.f_constant_pad_nd(pad)?;
                bias = Some(match bias {
                    Some(bias) => bias.f_add(&own)?,
                    None => own,
                });
            }
            start += rows;
        }
        let low_rank = match down.is_empty() {
            true => None,
            false => {
                let a = Tensor::f_cat(&down, 0)?.f_to_kind(kind)?;
                Some((a, Tensor::f_cat(&up, 1)?.f_to_kind(kind)?))
            }
        };
        let bias = bias.map(|bias| bias.f_to_kind(kind)).transpose()?;
        Ok(Linear { weight: self.weight.shallow_clone(), low_rank, bias })
    }

    /// Whether it has no changes.
    pub fn is_plain(&self) -> bool {
        self.low_rank.is_none() && self.bias.is_none()
    }

    /// `[n, in]` to `[n, out]`
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let mut out = linear(x, &self.weight)?;
        if let Some((a, b)) = &self.low_rank {
            let inner = x.f_linear(a, None::<Tensor>)?;
            out = out.f_add(&inner.f_linear(b, None::<Tensor>)?)?;
        }
        match &self.bias {
            Some(bias) => Ok(out.f_add(bias)?),
            None => Ok(out),
        }
    }

    /// `residual` `[n, out]` plus `x` `[n, in]` through the matrix, with dropout on the product.
    pub fn add(&self, residual: &Tensor, x: &Tensor, dropout: &Dropout) -> Result<Tensor> {
        if self.is_plain()
            && !self.weight.requires_grad()
            && let Some(gradient) = recompute::take_gradient()
        {
            // The product with the matrix itself is not needed.
            let back = tch::no_grad(|| -> Result<Tensor> {
                Ok(dropout.apply(gradient.shallow_clone())?.f_matmul(&self.weight)?)
            })?;
            let pairs = [(residual.shallow_clone(), gradient), (x.shallow_clone(), back)];
            return Ok(recompute::product(pairs)?.expect("two pairs"));
        }
        if self.is_plain() && dropout.probability() == 0.0 {
            return add_linear(residual, x, &self.weight);
        }
        Ok(residual.f_add(&dropout.apply(self.forward(x)?)?)?)
    }
}

/// A norm whose gain is folded into the matrix after it.
pub struct Norm {
    /// `[d]`, float32
    gain: Tensor,
    /// The gain times what the norm leaves to the matrix.
    folded: Tensor,
    /// A new gain relative to the folded one.
    ratio: Option<Tensor>,
    /// A bias relative to the folded gain.
    offset: Option<Tensor>,
}

impl Norm {
    /// `rest` is that of the norm (`norm::rest`).
    pub fn new(gain: Tensor, rest: f64) -> Result<Self> {
        let folded = if rest == 1.0 { gain.shallow_clone() } else { gain.f_mul_scalar(rest)? };
        Ok(Norm { gain, folded, ratio: None, offset: None })
    }

    /// `[d]`, float32
    pub fn gain(&self) -> &Tensor {
        &self.gain
    }

    /// The factor of the columns of the matrix after it, `[d]`, float32.
    pub fn folded(&self) -> &Tensor {
        &self.folded
    }

    /// The norm with changes of gain and bias. A gain of 0 cannot be changed and is an error.
    pub fn changed(&self, changes: &Changes, place: &str) -> Result<Self> {
        let over = |value: &Tensor, gain: &Tensor| -> Result<Tensor> {
            if self.gain.f_eq(0.0)?.f_any()?.f_int64_value(&[])? != 0 {
                return Err(Error::new("some elements of its gain are 0, which cannot be changed")
                    .at(place));
            }
            Ok(value.f_div(gain)?)
        };
        Ok(Norm {
            gain: self.gain.shallow_clone(),
            folded: self.folded.shallow_clone(),
            ratio: changes.gain(place).map(|gain| over(gain, &self.gain)).transpose()?,
            offset: changes.bias(place)?.map(|bias| over(&bias, &self.folded)).transpose()?,
        })
    }

    /// The norm of packed rows `[N, d]`, for the matrix after it.
    pub fn forward(&self, x: &Tensor, pass: &Pass) -> Result<Tensor> {
        let mut out = pass.norm.forward(x)?;
        let kind = out.kind();
        if let Some(ratio) = &self.ratio {
            out = out.f_mul(&ratio.f_to_kind(kind)?)?;
        }
        if let Some(offset) = &self.offset {
            out = out.f_add(&offset.f_to_kind(kind)?)?;
        }
        Ok(out)
    }

    /// The norm of rows `[n, d]` with its gain, if no matrix contains it.
    pub fn with_gain(&self, x: &Tensor, pass: &Pass) -> Result<Tensor> {
        let out = self.forward(x, pass)?;
        Ok(out.f_mul(&self.folded.f_to_kind(out.kind())?)?)
    }
}
