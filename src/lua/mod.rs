//! The Lua side: the only user of mlua.

pub mod control;
pub mod failure;
mod hook;
pub mod options;
mod random;
mod runtime;
mod stdlib;
pub mod torch;

pub use runtime::Runtime;
