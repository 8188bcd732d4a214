//! What tch lacks: the live-byte ledger, names of dtypes, the choice of device, tensors in files.

pub mod autograd;
pub mod device;
pub mod dtype;
pub mod file;
mod finite;
pub mod ledger;
pub mod pickle;
mod stored;

pub use finite::is_finite;
pub use stored::{Found, Others, Stored};
