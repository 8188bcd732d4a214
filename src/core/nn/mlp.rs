//! Two linear layers with an activation between them.

use super::{Activation, Linear, Named};
use crate::Result;
use tch::{Device, Tensor};

/// W2 act(W1 x + b1) + b2
pub struct Mlp {
    pub first: Linear,
    pub second: Linear,
    pub activation: Activation,
}

impl Mlp {
    /// d -> d -> d.
    pub fn square(dim: i64, activation: Activation, device: Device) -> Result<Self> {
        let first = Linear::new(dim, dim, device)?;
        let second = Linear::new(dim, dim, device)?;
        Ok(Mlp { first, second, activation })
    }

    /// P MLPs of one kind, each with its part of `x`: `[P, m, d]` to `[P, m, d]`.
    /// Errors: those of libtorch, such as for a last size other than d.
    pub fn forward(mlps: &[&Mlp], x: &Tensor) -> Result<Tensor> {
        let first: Vec<&Linear> = mlps.iter().map(|mlp| &mlp.first).collect();
        let second: Vec<&Linear> = mlps.iter().map(|mlp| &mlp.second).collect();
        let inner = mlps[0].activation.apply(&Linear::forward(&first, x)?)?;
        Linear::forward(&second, &inner)
    }

    /// `w1`, `b1`, `w2`, `b2`
    pub fn named(&self) -> Named {
        [self.first.named("w1", "b1"), self.second.named("w2", "b2")]
            .into_iter()
            .flatten()
            .collect()
    }
}
