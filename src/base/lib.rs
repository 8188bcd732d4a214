//! Rows, metrics and files: what training and studies need that has no tensors.

pub mod data;
pub mod files;
pub mod guard;
pub mod metric;
pub mod notice;
pub mod options;
pub mod word;

pub use compt_error::{Error, Result};
