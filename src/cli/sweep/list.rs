//! `compt sweep list PLAN`

use super::folder::enter;
use crate::Result;
use crate::launch;
use clap::Args;
use compt_base::output;
use compt_study::slurm::quoted;
use compt_study::sweep::{Indices, Listing};
use std::fmt::Write;
use std::path::PathBuf;

pub const EXAMPLES: &str = "\
Examples:
  compt sweep list runs/table1/plan.jsonl | parallel -j 4
  compt sweep list runs/table1/plan.jsonl --pack 8 | xargs -P 2 -n 1 -d '\\n' sh -c
  compt sweep list runs/table1/plan.jsonl --all | wc -l

Each line is a complete command with absolute paths: it can be run from any folder, in any order, more
than once, and on any machine that shares the folder.";

#[derive(Args)]
pub struct SweepListOptions {
    #[arg(value_name = "PLAN")]
    plan: PathBuf,

    /// Number of runs in one command
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    pack: u16,

    /// Also list finished runs
    #[arg(long)]
    all: bool,
}

pub fn list(options: &SweepListOptions) -> Result<()> {
    let (plan, path) = enter(&options.plan, None)?;
    let runs: Vec<usize> = match options.all {
        true => (1..=plan.cells.len()).collect(),
        false => Listing::of(&plan).open().map(|(cell, _)| cell.number).collect(),
    };
    let program = launch::program().unwrap_or_else(|_| "compt".into());
    let command = format!("{} sweep run {} --index", quoted(&program), quoted(&path));
    let mut text = String::new();
    for pack in runs.chunks(options.pack.into()) {
        let _ = writeln!(text, "{command} {}", Indices::of(pack.iter().copied()));
    }
    output::exact(text);
    Ok(())
}
