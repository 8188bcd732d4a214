//! Options of `compt sweep merge`.

use clap::Args;
use std::path::PathBuf;

pub const EXAMPLES: &str = "\
Examples:
  compt sweep merge runs/table1/plan.jsonl
  compt sweep merge runs/table1/plan.jsonl > tables.txt
  jq -r 'select(.state == \"failed\") | .log' runs/table1/results.jsonl

Nothing is trained. The command writes results.jsonl (one line per run, as compt runs --json prints it) and
report.html (for at most 1,000 runs) to the folder of the plan, and runs the rest of the script after its
grid. Tables and figures list missing runs. Exit code 1: not all runs are finished.";

#[derive(Args)]
pub struct SweepMergeOptions {
    #[arg(value_name = "PLAN")]
    pub plan: PathBuf,
}
