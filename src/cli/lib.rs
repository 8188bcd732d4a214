//! The command line: the options of all commands, the commands that need no tensors, and the launcher of the
//! runtime for the others. It depends neither on libtorch nor on Lua.

mod ask;
mod cache;
pub mod check_device;
mod cli;
pub mod doctor;
pub mod errors;
pub mod eval;
mod fetch;
pub mod kernel;
pub mod launch;
pub mod plot_control;
pub mod predict;
pub mod prompts;
pub mod reopen;
pub mod report;
mod runs;
pub mod session_options;
pub mod setting;
pub mod sweep;
mod usage;

pub use cli::{Cli, Command, GridOptions};
pub use usage::parse;

use compt_error::{Error, Result};
