//! `compt`: answers what needs no tensors, and starts the runtime for the rest. It does not link libtorch.

use compt_program::launch;
use std::process::ExitCode;

fn main() -> ExitCode {
    compt_program::parse().answer().unwrap_or_else(launch::runtime)
}
