//! Training.

pub mod gather;
pub mod sampler;
