//! `compt sweep release PLAN --host HOST`

use super::folder::enter;
use crate::Result;
use clap::Args;
use compt_base::output;
use compt_study::records::claim::{Owner, holder, release as give_back};
use std::path::PathBuf;

pub const EXAMPLES: &str = "\
Examples:
  compt sweep status runs/table1/plan.jsonl               # shows the process of each run
  compt sweep release runs/table1/plan.jsonl --host ws7

compt detects the end of a process on the same machine and of a Slurm job. It cannot detect the end of
other processes on other machines: use this only if that machine is down or its process has ended.";

#[derive(Args)]
pub struct SweepReleaseOptions {
    #[arg(value_name = "PLAN")]
    plan: PathBuf,

    /// Name of the machine, as in the output of status
    #[arg(long, value_name = "HOST")]
    host: String,
}

pub fn release(options: &SweepReleaseOptions) -> Result<()> {
    let (plan, _) = enter(&options.plan, None)?;
    let mut count = 0;
    for cell in &plan.cells {
        let unknown = |owner: &Owner| owner.host == options.host && !owner.can_be_asked();
        if holder(&cell.folder).is_some_and(|owner| unknown(&owner)) {
            count += usize::from(give_back(&cell.folder)?);
        }
    }
    output::line(format!("released: {count} {}", if count == 1 { "run" } else { "runs" }));
    Ok(())
}
