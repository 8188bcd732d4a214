//! `compt`: answers what needs no tensors, and starts the runtime for the rest. It does not link libtorch.

use compt_base::{guard, output};
use compt_cli::{Command, doctor, errors, launch};
use std::process::ExitCode;

fn main() -> ExitCode {
    guard::install();
    output::finish(match compt_cli::parse() {
        Ok(cli) => {
            let otherwise = match cli.command {
                Some(Command::Doctor) => doctor::without_libtorch,
                _ => errors::refuse,
            };
            cli.answer()
                .unwrap_or_else(|| launch::runtime(option_env!("COMPT_LIBTORCH"), otherwise))
        }
        Err(code) => code,
    })
}
