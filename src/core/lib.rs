//! Tensors, T5, prompts, composition and training. No Lua, no terminal, no network.

pub mod backbone;
pub mod compose;
pub mod data;
pub mod files;
#[cfg(test)]
mod golden;
pub mod guard;
pub mod metric;
mod names;
pub mod nn;
pub mod notice;
pub mod options;
pub mod pretrained;
pub mod prompt;
pub mod router;
pub mod t5;
pub mod tensor;
pub mod text_table;
pub mod train;
mod word;

pub use compt_error::{Error, Result};
