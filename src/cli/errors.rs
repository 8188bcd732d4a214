//! Errors of commands on standard error, and exit codes.

use compt_base::output;
use compt_study::interrupt;
use std::process::ExitCode;

/// The exit code if a study or a command fails.
pub const FAILED: u8 = 1;
/// The exit code if a command cannot be carried out as specified.
const USAGE: u8 = 2;

/// Prints why the command is refused.
pub fn refuse(error: &crate::Error) -> ExitCode {
    output::error(format!("compt: {error}"));
    ExitCode::from(USAGE)
}

/// The exit code of a command; its error is printed.
pub fn exit(done: crate::Result<()>) -> ExitCode {
    done.map_or_else(|e| refuse(&e), |()| ExitCode::SUCCESS)
}

/// Prints why a command failed, or that it was interrupted.
pub fn stopped(error: &crate::Error) -> ExitCode {
    output::error(format!("compt: {error}"));
    let code = if interrupt::requested() { interrupt::exit_code() } else { FAILED };
    ExitCode::from(code)
}
