//! `compt sweep`: a grid of runs as a plan that any process anywhere can run parts of.

mod cancel;
mod list;
mod merge;
mod plan;
mod release;
mod run;
mod status;
mod submit;

use crate::{Error, Result};
use clap::Subcommand;
use compt_study::sweep::{Head, Indices, Plan};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Subcommand)]
pub enum Command {
    /// Write the plan of a script's grid: a line a run
    #[command(after_help = plan::EXAMPLES)]
    Plan(plan::Options),
    /// Print a command for each run of a plan that is not finished, for GNU parallel or a scheduler
    #[command(after_help = list::EXAMPLES)]
    List(list::Options),
    /// Run some runs of a plan; what is finished, or at work elsewhere, is left
    #[command(after_help = run::EXAMPLES)]
    Run(run::Options),
    /// Hand a grid to Slurm: an array of its unfinished runs, and a job that merges when it is over
    #[command(after_help = submit::EXAMPLES)]
    Submit(Box<submit::Options>),
    /// Show how far a plan's runs and jobs are
    #[command(after_help = status::EXAMPLES)]
    Status(status::Options),
    /// Cancel a plan's jobs; runs under way write a checkpoint
    #[command(after_help = cancel::EXAMPLES)]
    Cancel(cancel::Options),
    /// Write results.jsonl and report.html of a plan's runs, and run the script on with what there is
    #[command(after_help = merge::EXAMPLES)]
    Merge(merge::Options),
    /// Give back the runs that a machine held when it went down, outside any job
    #[command(after_help = release::EXAMPLES)]
    Release(release::Options),
}

pub fn sweep(command: Command) -> ExitCode {
    match command {
        Command::Plan(options) => plan::plan(options),
        Command::List(options) => list::list(&options),
        Command::Run(options) => run::run(options),
        Command::Submit(options) => submit::submit(*options),
        Command::Status(options) => status::status(&options),
        Command::Cancel(options) => cancel::cancel(&options),
        Command::Merge(options) => merge::merge(&options),
        Command::Release(options) => release::release(&options),
    }
}

/// Reads a plan and goes to the folder it was made in, where its paths lead from. Gives the plan's
/// own path, absolute.
fn enter(path: &Path, which: Option<&Indices>) -> Result<(Plan, PathBuf)> {
    // One name for one file, however it was spelt.
    let path = std::fs::canonicalize(path).map_err(|e| {
        Error::from(e).at(path.display()).hint("compt sweep plan FILE.lua makes a plan")
    })?;
    if path.extension().is_some_and(|e| e == "lua") {
        return Err(Error::new("this is a script, not a plan")
            .at(path.display())
            .hint("compt sweep plan FILE.lua makes its plan and says where"));
    }
    let mut plan = Plan::read(&path, which)?;
    let folder = plan.head.launch.folder.clone();
    // What is shown leads from where the user is.
    if std::env::current_dir().is_ok_and(|here| here != folder) {
        plan.cells.iter_mut().for_each(|cell| cell.folder = folder.join(&cell.folder));
    }
    go_to(&plan.head, &path)?;
    Ok((plan, path))
}

fn go_to(head: &Head, path: &Path) -> Result<()> {
    let folder = &head.launch.folder;
    std::env::set_current_dir(folder).map_err(|e| {
        Error::from(e)
            .at(format!("{}: the folder it was made in, {}", path.display(), folder.display()))
            .hint("make the plan on the machine, or in the shared folder, where it is run")
    })
}
