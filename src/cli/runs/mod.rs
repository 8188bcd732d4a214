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
    /// Export runs as tables (CSV, JSON Lines, Parquet) or for TensorBoard
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
  compt runs export runs/table1 --table scores --csv > scores.csv
  compt runs export runs/table1 --parquet tables        # evaluations, scores, settings, steps
  compt runs export runs/table1 --jsonl | jq 'select(.step == 100) | .loss'
  compt runs export runs/ssum --tensorboard logs && tensorboard --logdir logs
  compt runs export runs/table1 --tensorboard logs --follow       # during the runs

Tables, each with the columns run, path, state, method, seed, shots and the settings that differ, then:
  evaluations  a row per evaluation: the result on test rows, those during training, further ones of test rows
  scores       a row per evaluation, task and metric
  settings     a row per run: how it ended, and all settings
  steps        a row per step: loss, gradient norms, learning rates, temperature, seconds
Runs without a row of a kind are named. What is missing is empty or null; a number that is not finite is NaN, in
JSON null.";

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
