//! The Lua side: the only user of mlua.

pub mod options;
mod runtime;
mod stdlib;

pub use runtime::Runtime;
