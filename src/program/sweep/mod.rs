//! The commands of `compt sweep` that run scripts.

mod merge;
mod plan;
mod run;
mod submit;

use compt_cli::sweep::SweepCommand;
use std::process::ExitCode;

pub fn sweep(command: SweepCommand) -> ExitCode {
    match command {
        SweepCommand::Plan(options) => plan::plan(options),
        SweepCommand::Run(options) => run::run(options),
        SweepCommand::Submit(options) => submit::submit(*options),
        SweepCommand::Merge(options) => merge::merge(&options),
        _ => unreachable!("answered without the runtime"),
    }
}
