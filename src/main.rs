use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    compt::cli::Cli::parse().run()
}
