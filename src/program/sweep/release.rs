//! `compt sweep release PLAN --host HOST`

use super::folder::enter;
use crate::Result;
use clap::Args;
use compt_study::records::claim::{Owner, holder, release as give_back};
use std::path::PathBuf;

pub const EXAMPLES: &str = "\
Examples:
  compt sweep status runs/table1/plan.jsonl               # shows who holds what
  compt sweep release runs/table1/plan.jsonl --host ws7

Of a process on this machine, and of a Slurm job, compt sees by itself that it is gone. Of another
machine's it cannot: say so only when that machine is down, or its process has ended.";

#[derive(Args)]
pub struct SweepReleaseOptions {
    #[arg(value_name = "PLAN")]
    plan: PathBuf,

    /// The machine, as status shows it
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
    println!("given back: {count} {}", if count == 1 { "run" } else { "runs" });
    Ok(())
}
