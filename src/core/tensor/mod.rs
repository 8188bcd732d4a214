//! Functions that tch lacks: the live-byte ledger, dtype names, the choice of device, tensor files. Errors
//! are those of libtorch unless a function documents others.

pub mod autograd;
pub mod device;
pub mod dtype;
pub mod file;
mod finite;
pub mod ledger;
pub mod memory;
pub mod pickle;
mod stored;
pub mod upload;

pub use finite::is_finite;
pub use stored::{Found, Others, Stored};
