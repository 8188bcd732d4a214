//! Sandboxes: Lua states for code that a run calls at every step, the control file and the operator file. A sandbox
//! has an allow-list of functions, a memory limit, and a limit for each call that no code can exceed by much.

#[cfg(test)]
pub mod endless;
mod globals;
mod library;
mod meter;
mod patterns;
mod printed;
mod replayable;
mod source;

pub use globals::restrict;
pub use meter::{Limits, Meter, cpu_seconds};
pub use printed::printed;
pub use source::check_length;
