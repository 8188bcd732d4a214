//! Options of `compt sweep plan`.

use crate::session_options::SessionOptions;
use clap::Args;
use std::path::PathBuf;

pub const EXAMPLES: &str = "\
Examples:
  compt sweep plan scripts/table1.lua
  compt sweep plan study.lua --set shots=16 --device cuda --out runs/sixteen
  compt sweep plan study.lua --replan           # after a change of the script or its data

The script is run up to its first compt.ablate, or rung of compt.search, with an unfinished run; nothing is
trained, and tensors created before it are on the CPU. The plan has the hashes of everything each run depends on: settings,
script, data, compt itself.";

#[derive(Args)]
pub struct SweepPlanOptions {
    #[command(flatten)]
    pub making: Making,
}

/// From a script to a plan.
#[derive(Args)]
pub struct Making {
    /// The script
    #[arg(value_name = "FILE.lua")]
    pub file: PathBuf,

    /// File of the plan; by default plan.jsonl in the folder of the runs
    #[arg(long, value_name = "PLAN")]
    pub plan: Option<PathBuf>,

    /// Write a new plan if the script, the data or compt has changed
    #[arg(long)]
    pub replan: bool,

    #[command(flatten)]
    pub session: SessionOptions,
}
