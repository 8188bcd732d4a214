//! The Lua side: the only user of mlua.

pub mod options;
mod runtime;
mod stdlib;
pub mod types;

pub use runtime::Runtime;
