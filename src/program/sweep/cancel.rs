//! `compt sweep cancel PLAN`

use super::enter;
use crate::Result;
use crate::errors;
use clap::Args;
use compt_study::slurm::{self, JobId, Queue};
use compt_study::sweep::submissions;
use std::path::PathBuf;
use std::process::ExitCode;

pub const EXAMPLES: &str = "\
Examples:
  compt sweep cancel runs/table1/plan.jsonl

What was under way goes on from its checkpoint when it is submitted again.";

#[derive(Args)]
pub struct Options {
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
}

pub fn cancel(options: &Options) -> ExitCode {
    let cancelled = || -> Result<Vec<JobId>> {
        let (plan, path) = enter(&options.plan, None)?;
        let handed_in = submissions(&plan.head.out, &path)?.into_iter();
        let jobs: Vec<JobId> = handed_in.flat_map(|submission| submission.jobs()).collect();
        let queue = Queue::of_jobs(jobs.iter().cloned())?;
        let jobs: Vec<JobId> =
            jobs.into_iter().filter(|job| queue.of(job).next().is_some()).collect();
        if !jobs.is_empty() {
            slurm::cancel(&jobs)?;
        }
        Ok(jobs)
    };
    match cancelled() {
        Ok(jobs) if jobs.is_empty() => {
            println!("no job of this plan is in the queue");
            ExitCode::SUCCESS
        }
        Ok(jobs) => {
            let jobs: Vec<String> = jobs.iter().map(JobId::to_string).collect();
            println!("cancelled: {}", jobs.join(", "));
            ExitCode::SUCCESS
        }
        Err(e) => errors::refuse(&e),
    }
}
