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
