//! Options of `compt sweep submit`.

use super::plan::Making;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

pub const EXAMPLES: &str = "\
Examples:
  compt sweep submit scripts/table1.lua --dry-run
  compt sweep submit scripts/table1.lua --profile slurm.lua --device cuda
  compt sweep submit study.lua --pack 8             # 8 runs in each element, with one loaded backbone
  compt sweep submit study.lua --pack 8 --jobs 4    # 4 of them at a time

The profile is a Lua file; every line is optional:

  return {
    partition = 'gpu', account = 'nlp', qos = 'normal',
    time = '4:00:00', memory = '16G', cpus = 4, gpus = 1,      -- of each element
    throttle = 50,                                             -- elements at a time
    warning = 120,            -- seconds before the limit: write a checkpoint and requeue
    setup = { 'module load cuda' },                            -- lines of shell before compt
    sbatch = { '--constraint=a100' },                          -- more options of sbatch
    merge = { partition = 'cpu', time = '0:30:00' },           -- the merge job
  }

Finished and queued runs are not submitted again: repeat the command to submit failed runs.";

#[derive(Args)]
pub struct SweepSubmitOptions {
    #[command(flatten)]
    pub making: Making,

    /// Scheduler of the cluster
    #[arg(long, value_enum, default_value_t = Launcher::Slurm)]
    pub launcher: Launcher,

    /// Resources of the jobs; by default slurm.lua in the current folder, or compt/slurm.lua in
    /// ~/.config
    #[arg(long, value_name = "FILE")]
    pub profile: Option<PathBuf>,

    /// Number of runs in one element of the array; at least --jobs
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    pub pack: u16,

    /// Number of runs of an element at a time
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub jobs: u16,

    /// Write the plan and print the batch scripts, without submitting them
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Launcher {
    Slurm,
}
