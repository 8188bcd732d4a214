//! `compt sweep run PLAN`

use super::folder::enter;
use crate::Result;
use crate::errors::{self, FAILED};
use crate::run as script;
use clap::Args;
use compt_error::Context;
use compt_lua::session::{Session, Task, Way};
use compt_study::interrupt;
use compt_study::slurm::Job;
use compt_study::sweep::{CellState, Indices, Listing, now, side_by_side};
use std::path::PathBuf;
use std::process::ExitCode;
use std::rc::Rc;

pub const EXAMPLES: &str = "\
Examples:
  compt sweep run runs/table1/plan.jsonl --index 3
  compt sweep run runs/table1/plan.jsonl --index 1-8 --jobs 2
  compt sweep run runs/table1/plan.jsonl                     # all unfinished runs

The output of a run is in log.txt in its folder (compt runs log RUN). Stopped runs continue from their
checkpoint. A plan is refused if its script, data or program has changed.

Exit codes: 0 no run failed, 1 a run failed, 2 wrong usage; after a checkpoint 130 for Ctrl-C, 143 for
SIGTERM, 85 for SIGUSR1";

#[derive(Args)]
pub struct SweepRunOptions {
    #[arg(value_name = "PLAN")]
    plan: PathBuf,

    /// Numbers of the runs, from 1: 3, 1-8, 2,5-7; by default all
    #[arg(long, value_name = "I")]
    index: Option<Indices>,

    /// Number of runs at a time, each in a process with its share of the cores; with 1 they run in this
    /// process, which loads shared backbones and data once
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: u16,

    /// After SIGUSR1 and a checkpoint, requeue this Slurm job
    #[arg(long)]
    requeue: bool,

    /// File that the output of this process is redirected to; recorded with the runs
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// One of several parallel processes; the time of their start
    #[arg(long, hide = true)]
    worker: Option<f64>,
}

pub fn run(options: SweepRunOptions) -> ExitCode {
    if let Some(job) = Job::this().filter(|job| job.restart > 0) {
        eprintln!("job {job} was started again (restart {})", job.restart);
    }
    let code = work(&options).unwrap_or_else(|e| errors::refuse(&e));
    if options.requeue
        && interrupt::is_requested_by(libc::SIGUSR1)
        && let Some(job) = Job::this()
    {
        match job.requeue() {
            Ok(()) => eprintln!("job {job} was requeued"),
            // A site may also requeue by this process's exit code.
            Err(e) => eprintln!("job {job} was not requeued: {e}"),
        }
    }
    code
}

fn work(options: &SweepRunOptions) -> Result<ExitCode> {
    interrupt::install().at("cannot listen for signals")?;
    let (plan, path) = enter(&options.plan, options.index.as_ref())?;
    if options.jobs > 1 {
        let mut arguments = Vec::new();
        if let Some(index) = &options.index {
            arguments.extend(["--index".to_string(), index.to_string()]);
        }
        if let Some(output) = &options.output {
            arguments.extend(["--output".to_string(), output.display().to_string()]);
        }
        side_by_side(&plan, &path, arguments, options.jobs.into(), false)?;
        if interrupt::requested() {
            return Ok(ExitCode::from(interrupt::exit_code()));
        }
        let failed = Listing::of(&plan).states.iter().any(|s| matches!(s, CellState::Failed(..)));
        return Ok(ExitCode::from(if failed { FAILED } else { 0 }));
    }
    let launch = plan.head.launch.clone();
    let task = Task {
        plan,
        began: options.worker.unwrap_or_else(now),
        output: options.output.clone(),
        is_watched: options.worker.is_some(),
    };
    let session = Session::of_plan(&launch, Way::Task(Rc::new(task)))?;
    Ok(script::script(session))
}
