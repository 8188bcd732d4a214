//! `compt`: answers what needs no tensors, and starts the runtime for the rest. It does not link libtorch.

use compt_base::{guard, output};
use compt_cli::launch;
use std::process::ExitCode;

fn main() -> ExitCode {
    guard::install();
    output::finish(match compt_cli::parse() {
        Ok(cli) => cli.answer().unwrap_or_else(|| launch::runtime(option_env!("COMPT_LIBTORCH"))),
        Err(code) => code,
    })
}
