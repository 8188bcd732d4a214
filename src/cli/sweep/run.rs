//! Options of `compt sweep run`.

use clap::Args;
use compt_study::sweep::Indices;
use std::path::PathBuf;

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
    pub plan: PathBuf,

    /// Numbers of the runs, from 1: 3, 1-8, 2,5-7; by default all
    #[arg(long, value_name = "I")]
    pub index: Option<Indices>,

    /// Number of runs at a time, each in a process with its share of the cores; with 1 they run in this
    /// process, which loads shared backbones and data once
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub jobs: u16,

    /// Maximum number of runs on one GPU with --jobs; by default they are spread evenly
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs_per_gpu: Option<u16>,

    /// After SIGUSR1 and a checkpoint, requeue this Slurm job
    #[arg(long)]
    pub requeue: bool,

    /// File that the output of this process is redirected to; recorded with the runs
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// One of several parallel processes; the time of their start
    #[arg(long, hide = true)]
    pub worker: Option<f64>,
}
