//! Activation functions with PyTorch's names.

use crate::Result;
use crate::names;
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

names!(
    Activation,
    "activation",
    Gelu = "gelu",
    GeluTanh = "gelu_tanh",
    Relu = "relu",
    Silu = "silu"
);

impl Activation {
    pub fn apply(self, x: &Tensor) -> Result<Tensor> {
        Ok(match self {
            Activation::Gelu => x.f_gelu("none"),
            Activation::GeluTanh => x.f_gelu("tanh"),
            Activation::Relu => x.f_relu(),
            Activation::Silu => x.f_silu(),
        }?)
    }
}
