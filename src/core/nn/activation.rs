//! Activation functions with PyTorch's names.

use crate::{Error, Result};
use tch::Tensor;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// x Phi(x), exact (Hendrycks & Gimpel 2016).
    Gelu,
    /// The tanh approximation of GELU.
    GeluTanh,
    Relu,
    Silu,
}

impl Activation {
    pub const NAMES: [&str; 4] = ["gelu", "gelu_tanh", "relu", "silu"];

    /// Errors: an unknown name.
    pub fn parse(name: &str) -> Result<Self> {
        Ok(match name {
            "gelu" => Activation::Gelu,
            "gelu_tanh" => Activation::GeluTanh,
            "relu" => Activation::Relu,
            "silu" => Activation::Silu,
            _ => return Err(Error::unknown("activation", name, Self::NAMES)),
        })
    }

    pub fn apply(self, x: &Tensor) -> Result<Tensor> {
        Ok(match self {
            Activation::Gelu => x.f_gelu("none"),
            Activation::GeluTanh => x.f_gelu("tanh"),
            Activation::Relu => x.f_relu(),
            Activation::Silu => x.f_silu(),
        }?)
    }
}
