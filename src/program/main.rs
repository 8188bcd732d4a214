//! The program: the command line and the prompt.

mod ask;
mod cache;
mod cli;
mod doctor;
mod errors;
mod eval;
mod fetch;
mod init;
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
use std::process::ExitCode;

fn main() -> ExitCode {
    usage::parse().run()
}
