//! A run's folder and records.

pub mod hash;
