//! What tch lacks: the live-byte ledger, names of dtypes, the choice of device, tensors in files. Errors
//! are those of libtorch where a function names no others.

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
