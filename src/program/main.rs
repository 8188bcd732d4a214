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
mod stubs;
mod sweep;
mod usage;

use compt_error::{Error, Result};
use std::process::ExitCode;

/// The study failed.
const FAILED: u8 = 1;
/// The command cannot be carried out as it was given.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    usage::parse().run()
}
