//! `compt`: answers what needs no tensors, and starts the runtime for the rest. It does not link libtorch.

use compt_cli::launch;
use std::process::ExitCode;

fn main() -> ExitCode {
    compt_cli::parse().answer().unwrap_or_else(|| launch::runtime(option_env!("COMPT_LIBTORCH")))
}
