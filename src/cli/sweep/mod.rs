//! `compt sweep`: a grid of runs as a plan, parts of which any process can run.

mod cancel;
pub mod folder;
mod list;
pub mod merge;
pub mod plan;
mod release;
pub mod run;
mod status;
pub mod submit;

use crate::errors;
use clap::Subcommand;
use std::process::ExitCode;

#[derive(Subcommand)]
pub enum SweepCommand {
    /// Write the plan of a script's grid, one line per run
    #[command(after_help = plan::EXAMPLES)]
    Plan(plan::SweepPlanOptions),
    /// Print a command for each run of a plan that is not finished, for GNU parallel or a scheduler
    #[command(after_help = list::EXAMPLES)]
    List(list::SweepListOptions),
    /// Run all or some runs of a plan; skip those that are finished or running elsewhere
    #[command(after_help = run::EXAMPLES)]
    Run(run::SweepRunOptions),
    /// Submit a grid to Slurm: an array of its unfinished runs, and then a job that merges the results
    #[command(after_help = submit::EXAMPLES)]
    Submit(Box<submit::SweepSubmitOptions>),
    /// Show the states of a plan's runs and jobs
    #[command(after_help = status::EXAMPLES)]
    Status(status::SweepStatusOptions),
    /// Cancel a plan's jobs; their runs write a checkpoint
    #[command(after_help = cancel::EXAMPLES)]
    Cancel(cancel::SweepCancelOptions),
    /// Write results.jsonl and report.html of a plan's runs, and run the rest of the script
    #[command(after_help = merge::EXAMPLES)]
    Merge(merge::SweepMergeOptions),
    /// Release the claims on runs of a machine that is down
    #[command(after_help = release::EXAMPLES)]
    Release(release::SweepReleaseOptions),
}

/// Answers a command that runs no script. `None`: it needs the runtime.
pub fn answer(command: &SweepCommand) -> Option<ExitCode> {
    match command {
        SweepCommand::List(options) => Some(errors::exit(list::list(options))),
        SweepCommand::Status(options) => Some(errors::exit(status::status(options))),
        SweepCommand::Cancel(options) => Some(errors::exit(cancel::cancel(options))),
        SweepCommand::Release(options) => Some(errors::exit(release::release(options))),
        _ => None,
    }
}
