//! Rows, metrics and files: the driver of GPUs: what training and studies need that has no tensors.

pub mod data;
pub mod driver;
pub mod files;
pub mod guard;
pub mod metric;
pub mod notice;
pub mod options;
pub mod word;

pub use compt_error::{Error, Result};
