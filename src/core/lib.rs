//! Tensors, T5, prompts, composition and training. No Lua, no terminal, no network.

pub mod backbone;
pub mod compose;
#[cfg(test)]
mod golden;
pub mod nn;
pub mod pretrained;
pub mod prompt;
pub mod router;
pub mod t5;
pub mod tensor;
pub mod train;

pub(crate) use compt_base::{data, files, metric, names, notice, options};
pub use compt_error::{Error, Result};
