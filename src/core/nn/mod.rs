//! Small trainable layers. Their parameters are float32 leaves that gather gradients.

pub mod activation;
pub mod init;
pub mod linear;
pub mod lstm;
pub mod mlp;
pub mod named;

pub use activation::Activation;
pub use linear::Linear;
pub use lstm::Lstm;
pub use mlp::Mlp;
pub use named::Named;
