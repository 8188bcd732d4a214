//! What tch lacks: the live-byte ledger, names of dtypes, the choice of device.

pub mod autograd;
pub mod device;
pub mod dtype;
pub mod file;
mod finite;
pub mod ledger;

pub use finite::is_finite;
