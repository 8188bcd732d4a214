//! The Lua side: the only user of mlua.

pub mod args;
mod call;
pub mod control;
mod data;
pub mod doc;
pub mod failure;
mod figure;
mod grid;
mod habits;
mod hook;
pub mod lexer;
pub mod object;
pub mod options;
mod paths;
mod printed;
pub mod profile;
mod raise;
mod random;
mod rebuilding;
mod recorded;
pub mod reopen;
pub mod repl;
pub mod report;
pub mod rich;
mod runtime;
mod sandbox;
pub mod session;
mod sources;
mod stdlib;
pub mod text;
pub mod torch;
pub mod trained;
pub mod types;
mod words;

pub use runtime::{CheckedDevice, Runtime};
pub use types::backbone_named;

pub(crate) use compt_error::{Error, Result};
