//! A two-layer bidirectional LSTM, as in P-tuning (Liu et al. 2021).

use super::{Named, init};
use crate::Result;
use tch::{Device, Kind, Tensor};

const LAYERS: i64 = 2;

pub struct Lstm {
    hidden: i64,
    /// With torch's names (`weight_ih_l0`, ..., `bias_hh_l1_reverse`), in torch's order.
    parameters: Named,
}

impl Lstm {
    /// `inputs` input features, `2 * hidden` output features. All parameters are initialised from
    /// U(-hidden^-0.5, hidden^-0.5), as in `torch.nn.LSTM`.
    pub fn new(inputs: i64, hidden: i64, device: Device) -> Result<Self> {
        let bound = (hidden as f64).powf(-0.5);
        let mut parameters = Vec::new();
        for layer in 0..LAYERS {
            let width = if layer == 0 { inputs } else { 2 * hidden };
            for direction in ["", "_reverse"] {
                for (part, shape) in [
                    ("weight_ih", &[4 * hidden, width][..]),
                    ("weight_hh", &[4 * hidden, hidden]),
                    ("bias_ih", &[4 * hidden]),
                    ("bias_hh", &[4 * hidden]),
                ] {
                    let value = init::parameter(&init::uniform(shape, bound)?, device)?;
                    parameters.push((format!("{part}_l{layer}{direction}"), value));
                }
            }
        }
        Ok(Lstm { hidden, parameters })
    }

    /// `[m, inputs]`, one sequence, to `[m, 2 * hidden]`.
    /// Errors: those of libtorch, such as for a last size other than `inputs`.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let zeros = Tensor::f_zeros([2 * LAYERS, 1, self.hidden], (Kind::Float, x.device()))?;
        let weights: Vec<&Tensor> = self.parameters.iter().map(|(_, tensor)| tensor).collect();
        // Always in training mode: without dropout the values are the same, and cuDNN computes
        // gradients in no other mode.
        let (output, _, _) = x.f_unsqueeze(0)?.f_lstm(
            &[&zeros, &zeros],
            &weights,
            true,
            LAYERS,
            0.0,
            true,
            true,
            true,
        )?;
        Ok(output.f_squeeze_dim(0)?)
    }

    /// With torch's names.
    pub fn named(&self) -> Named {
        self.parameters.iter().map(|(name, t)| (name.clone(), t.shallow_clone())).collect()
    }
}
