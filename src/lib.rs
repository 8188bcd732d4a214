//! compt: a Lua-scriptable research runtime for modular multi-task prompt tuning of T5.
//!
//! Dependencies point one way, from the top of this list to the bottom:
//! `cli` > `lua` > `train` > (`compose` > `prompt`, `router`) and `t5` > `tensor` > `error`;
//! `data`, `metric`, `hub`, `exchange` and `run` stand beside the models, `plot` by itself. Only `lua` knows mlua,
//! only `hub` the network.

pub mod atomic;
pub mod backbone;
pub mod cli;
pub mod compose;
pub mod data;
pub mod error;
pub mod exchange;
#[cfg(test)]
mod golden;
pub mod guard;
pub mod hub;
pub mod intact;
pub mod interrupt;
pub mod lua;
pub mod metric;
pub mod nn;
pub mod notice;
pub mod plot;
pub mod prompt;
pub mod report;
pub mod router;
pub mod run;
pub mod slurm;
pub mod sweep;
pub mod t5;
pub mod tensor;
pub mod train;
pub mod watch;

pub use error::{Error, Result};
