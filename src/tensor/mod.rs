//! What tch lacks: the live-byte ledger, names of dtypes, the choice of device.

pub mod device;
pub mod dtype;
