//! `compt runs`: lists, compares, tags, deletes and exports recorded runs.

mod choose;
mod compare;
mod delete;
mod export;
mod knobs;
mod list;
mod log;
mod tag;

use crate::errors;
use clap::{Args, Subcommand};
use std::process::ExitCode;

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct RunsOptions {
    #[command(subcommand)]
    command: Option<Command>,

    #[command(flatten)]
    list: list::RunsListOptions,
}

#[derive(Subcommand)]
enum Command {
    /// Show the differences between two runs: settings, schedules, scores
    #[command(after_help = COMPARE_EXAMPLES)]
    Compare(compare::RunsCompareOptions),
    /// Add a tag to runs, or remove it
    #[command(after_help = TAG_EXAMPLES)]
    Tag(tag::RunsTagOptions),
    /// Print the log of a run of a sweep or of `compt run --jobs`
    #[command(after_help = LOG_EXAMPLES)]
    Log(log::RunsLogOptions),
    /// Delete runs, after confirmation
    #[command(after_help = DELETE_EXAMPLES)]
    Delete(delete::RunsDeleteOptions),
    /// Export the metrics of runs: TensorBoard, CSV, JSON Lines
    #[command(after_help = EXPORT_EXAMPLES)]
    Export(export::RunsExportOptions),
}

const COMPARE_EXAMPLES: &str = "\
Examples:
  compt runs compare runs/ssum runs/pt
  compt runs compare runs/ssum runs/pt --json | jq .scores";

const TAG_EXAMPLES: &str = "\
Examples:
  compt runs tag good runs/ssum runs/msum
  compt runs --tag good
  compt runs tag good runs/msum --remove";

const LOG_EXAMPLES: &str = "\
Examples:
  compt runs log runs/table1/ssum-0123456789ab
  less $(compt runs log runs/table1/ssum-0123456789ab --path)";

const DELETE_EXAMPLES: &str = "\
Examples:
  compt runs delete runs/trial
  compt runs delete runs/trial runs/trial-2 --yes";

const EXPORT_EXAMPLES: &str = "\
Examples:
  compt runs export runs/ssum --tensorboard logs && tensorboard --logdir logs
  compt runs export runs/table1 --tensorboard logs --follow       # during the runs
  compt runs export runs/ssum --csv > metrics.csv
  compt runs export runs/table1 --jsonl | jq 'select(.step == 100) | .loss'

All steps are exported: loss, gradient norm, learning rates, temperature, seconds, evaluations during
training, and the test scores of each run at its last step.";

pub fn runs(options: &RunsOptions) -> ExitCode {
    errors::exit(match &options.command {
        Some(Command::Compare(options)) => compare::compare(options),
        Some(Command::Tag(options)) => tag::tag(options),
        Some(Command::Log(options)) => log::log(options),
        Some(Command::Delete(options)) => return delete::delete(options),
        Some(Command::Export(options)) => return export::export(options),
        None => list::list(&options.list),
    })
}
