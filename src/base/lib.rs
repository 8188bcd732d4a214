//! Rows, metrics, files, output and the driver of GPUs: what training and studies need that has no tensors.

pub mod data;
pub mod driver;
pub mod files;
pub mod frame;
pub mod guard;
pub mod memory;
pub mod metric;
mod names;
pub mod notice;
pub mod options;
pub mod output;
pub mod shown;
pub mod stop;
pub mod text_table;
pub mod word;

pub use compt_error::{Error, Result};
