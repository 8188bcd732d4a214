//! Small trainable layers. Their parameters are float32 leaves that require gradients. Errors are those
//! of libtorch unless a function documents others.

mod activation;
pub mod init;
mod linear;
mod lstm;
mod mlp;
pub mod named;

pub use activation::Activation;
pub use linear::Linear;
pub use lstm::Lstm;
pub use mlp::Mlp;
pub use named::Named;

use crate::Result;
use tch::Tensor;

/// Tensors of one shape as one with another first dimension; a view of a single one. There must be one.
pub fn stacked<'a>(tensors: impl Iterator<Item = &'a Tensor>) -> Result<Tensor> {
    match &tensors.collect::<Vec<_>>()[..] {
        [single] => Ok(single.f_unsqueeze(0)?),
        all => Ok(Tensor::f_stack(all, 0)?),
    }
}
