//! `compt sweep status PLAN`

use super::enter;
use crate::Result;
use crate::cli::errors;
use crate::run::claim::holder;
use crate::run::folder::LOG;
use crate::slurm::Queue;
use crate::sweep::{Indices, Listing, State, submissions};
use clap::Args;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

pub const EXAMPLES: &str = "\
Examples:
  compt sweep status runs/table1/plan.jsonl
  watch -n 30 compt sweep status runs/table1/plan.jsonl";

/// Elements that did not come to their runs are shown up to so many.
const SHOWN: usize = 3;

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
    let (mut left, mut silent) = (Vec::new(), Vec::new());
    for (cell, state) in listing.open() {
        let number = cell.number;
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
            // Its element came to an end before the run began.
            State::New if !queued.contains(number) && silent.len() < SHOWN => {
                let outputs = handed_in.iter().rev().filter_map(|s| s.output_of(number));
                silent.extend(
                    outputs.filter_map(|path| Some((number, last_line(&path)?, path))).next(),
                );
            }
            _ => {}
        }
        if *state != State::Running && !queued.contains(number) {
            left.push(number);
        }
    }
    for (number, line, path) in silent {
        lines.push(format!("run {number} was not begun: its element said: {line}"));
        lines.push(format!("  {}", path.display()));
    }
    if !left.is_empty() {
        lines.push(format!("neither finished nor in the queue: {}", Indices::of(left)));
    }
    Ok(lines)
}

fn last_line(path: &Path) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    text.lines().rev().find(|line| !line.trim().is_empty()).map(String::from)
}
