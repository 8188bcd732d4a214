//! `compt sweep cancel PLAN`

use super::folder::enter;
use crate::Result;
use clap::Args;
use compt_base::output;
use compt_study::slurm::{self, JobId, Queue};
use compt_study::sweep::submissions;
use std::path::PathBuf;

pub const EXAMPLES: &str = "\
Examples:
  compt sweep cancel runs/table1/plan.jsonl

If the plan is submitted again, stopped runs continue from their checkpoints.";

#[derive(Args)]
pub struct SweepCancelOptions {
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
}

pub fn cancel(options: &SweepCancelOptions) -> Result<()> {
    let (plan, path) = enter(&options.plan, None)?;
    let submitted = submissions(&plan.head.out, &path)?.into_iter();
    let jobs: Vec<JobId> = submitted.flat_map(|submission| submission.jobs()).collect();
    let queue = Queue::of_jobs(jobs.iter().cloned())?;
    let jobs: Vec<JobId> = jobs.into_iter().filter(|job| queue.of(job).next().is_some()).collect();
    if jobs.is_empty() {
        output::line("no job of this plan is in the queue");
        return Ok(());
    }
    slurm::cancel(&jobs)?;
    let jobs: Vec<String> = jobs.iter().map(JobId::to_string).collect();
    output::line(format!("cancelled: {}", jobs.join(", ")));
    Ok(())
}
