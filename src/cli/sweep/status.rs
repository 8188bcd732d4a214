//! `compt sweep status PLAN`

use super::enter;
use crate::Result;
use crate::cli::errors;
use crate::run::claim::holder;
use crate::run::folder::LOG;
use crate::slurm::Queue;
use crate::sweep::{Indices, Listing, State, submissions};
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;

pub const EXAMPLES: &str = "\
Examples:
  compt sweep status runs/table1/plan.jsonl
  watch -n 30 compt sweep status runs/table1/plan.jsonl";

#[derive(Args)]
pub struct Options {
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
}

pub fn status(options: &Options) -> ExitCode {
    match shown(options) {
        Ok(lines) => {
            lines.iter().for_each(|line| println!("{line}"));
            ExitCode::SUCCESS
        }
        Err(e) => errors::refuse(&e),
    }
}

fn shown(options: &Options) -> Result<Vec<String>> {
    let (plan, path) = enter(&options.plan, None)?;
    let listing = Listing::of(&plan);
    let mut lines =
        vec![format!("{}: {} runs: {}", plan.head.name, plan.cells.len(), listing.counts())];
    let handed_in: Vec<_> =
        submissions(&plan.head.out).into_iter().filter(|s| s.plan == path).collect();
    let mut queued = Indices::default();
    if !handed_in.is_empty() {
        let queue = Queue::ask().unwrap_or_else(|e| {
            lines.push(format!("the queue is unknown: {e}"));
            Queue::default()
        });
        for submission in &handed_in {
            let runs = submission.queued(&queue);
            queued = Indices::of(queued.iter().chain(runs.iter()));
            for job in submission.jobs() {
                let what = if job == submission.merge { "merging" } else { "array" };
                let mut states: Vec<&str> = queue.of(job).map(|q| q.state.as_str()).collect();
                states.sort();
                let mut parts = Vec::new();
                for part in states.chunk_by(|a, b| a == b) {
                    parts.push(format!("{} {}", part.len(), part[0].to_lowercase()));
                }
                if !parts.is_empty() {
                    let folder = submission.folder.display();
                    lines.push(format!("job {job} ({what}): {}  {folder}", parts.join(", ")));
                }
            }
        }
    }
    let mut left = Vec::new();
    for (number, cell, state) in listing.open() {
        let folder = cell.folder.display();
        match state {
            State::Running => {
                if let Some(owner) = holder(&cell.folder) {
                    lines.push(format!("run {number}: {folder}: {owner}"));
                }
            }
            State::Failed(error, _) => {
                let error = error.lines().next().unwrap_or_default();
                lines.push(format!("run {number}: {folder}: failed: {error}"));
                lines.push(format!("  {}", cell.folder.join(LOG).display()));
            }
            _ => {}
        }
        if *state != State::Running && !queued.contains(number) {
            left.push(number);
        }
    }
    if !left.is_empty() {
        lines.push(format!("neither finished nor in the queue: {}", Indices::of(left)));
    }
    Ok(lines)
}
