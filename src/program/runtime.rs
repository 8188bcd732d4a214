//! The runtime: every command, with libtorch.

use std::process::ExitCode;

fn main() -> ExitCode {
    compt_program::parse().run()
}
