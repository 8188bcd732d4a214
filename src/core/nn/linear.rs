//! y = x W^T + b.

use super::{Named, init, stacked};
use crate::Result;
use tch::{Device, Tensor};

pub struct Linear {
    /// `[out, in]`
    pub weight: Tensor,
    /// `[out]`
    pub bias: Tensor,
}

impl Linear {
    /// Weight and bias from U(-in^-0.5, in^-0.5), the default of `torch.nn.Linear`.
    pub fn new(inputs: i64, outputs: i64, device: Device) -> Result<Self> {
        let bound = (inputs as f64).powf(-0.5);
        Ok(Linear {
            weight: init::parameter(&init::uniform(&[outputs, inputs], bound)?, device)?,
            bias: init::parameter(&init::uniform(&[outputs], bound)?, device)?,
        })
    }

    /// P layers of one shape, each with its part of `x`: `[P, m, in]` to `[P, m, out]`.
    /// Errors: those of libtorch, such as for a last size other than `in`.
    pub fn forward(layers: &[&Linear], x: &Tensor) -> Result<Tensor> {
        let weights = stacked(layers.iter().map(|layer| &layer.weight))?.f_transpose(1, 2)?;
        let biases = stacked(layers.iter().map(|layer| &layer.bias))?.f_unsqueeze(1)?;
        Ok(biases.f_baddbmm(x, &weights, 1.0, 1.0)?)
    }

    /// The parameters under the given names.
    pub fn named(&self, weight: &str, bias: &str) -> Named {
        vec![
            (weight.to_string(), self.weight.shallow_clone()),
            (bias.to_string(), self.bias.shallow_clone()),
        ]
    }
}
