//! The command line and the prompt, for the two binaries: `compt` answers what needs no tensors and starts
//! `compt-runtime` for the rest.

mod ask;
mod cache;
mod cli;
mod doctor;
mod errors;
mod eval;
mod fetch;
mod init;
pub mod launch;
mod plot_control;
mod predict;
mod prompts;
mod reopen;
mod repl;
mod report;
mod run;
mod runs;
mod session_options;
mod stubs;
mod sweep;
mod usage;

use compt_error::{Error, Result};
use errors::FAILED;

pub use cli::Cli;
pub use usage::parse;
