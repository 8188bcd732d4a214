//! `compt sweep status PLAN`

use super::folder::enter;
use crate::Result;
use clap::Args;
use compt_base::output;
use compt_study::records::catalog::Entry;
use compt_study::records::claim::holder;
use compt_study::records::folder::LOG;
use compt_study::slurm::{JobId, Queue};
use compt_study::sweep::{
    Cell, CellState, Indices, Listing, Submission, queued, readable_submissions,
};
use std::fs;
use std::path::{Path, PathBuf};

pub const EXAMPLES: &str = "\
Examples:
  compt sweep status runs/table1/plan.jsonl
  watch -n 30 compt sweep status runs/table1/plan.jsonl";

/// The maximum number of shown elements that ended before their runs began.
const SHOWN: usize = 3;

#[derive(Args)]
pub struct SweepStatusOptions {
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
}

pub fn status(options: &SweepStatusOptions) -> Result<()> {
    shown(options)?.iter().for_each(output::row);
    Ok(())
}

fn shown(options: &SweepStatusOptions) -> Result<Vec<String>> {
    let (plan, path) = enter(&options.plan, None)?;
    let listing = Listing::of(&plan);
    let mut lines =
        vec![format!("{}: {} runs: {}", plan.head.name, plan.cells.len(), listing.counts())];
    let handed_in = readable_submissions(&plan.head.out, &path);
    let asked = Queue::of_jobs(handed_in.iter().flat_map(|submission| submission.jobs()));
    let queue = asked.unwrap_or_else(|e| {
        lines.push(format!("the queue is unknown: {e}"));
        Queue::default()
    });
    lines.extend(handed_in.iter().flat_map(|submission| jobs(submission, &queue)));
    lines.extend(listing.open().flat_map(|(cell, state)| at_work_or_failed(cell, state)));
    let queued = queued(&handed_in, &queue);
    let left: Vec<(usize, &CellState)> = listing
        .open()
        .map(|(cell, state)| (cell.number, state))
        .filter(|(number, state)| **state != CellState::Running && !queued.contains(*number))
        .collect();
    let new = left.iter().filter(|(_, state)| **state == CellState::New);
    lines
        .extend(new.filter_map(|(number, _)| not_begun(*number, &handed_in)).take(SHOWN).flatten());
    if !left.is_empty() {
        let numbers = Indices::of(left.into_iter().map(|(number, _)| number));
        lines.push(format!("neither finished nor in the queue: {numbers}"));
    }
    Ok(lines)
}

/// The jobs of a submission that are in the queue, one line each.
fn jobs(submission: &Submission, queue: &Queue) -> Vec<String> {
    let line = |job: JobId| {
        let what = if job.number == submission.merge { "merging" } else { "array" };
        let mut states: Vec<&str> = queue.of(&job).map(|queued| queued.state.as_str()).collect();
        states.sort();
        let parts = states.chunk_by(|a, b| a == b);
        let parts: Vec<String> =
            parts.map(|part| format!("{} {}", part.len(), part[0].to_lowercase())).collect();
        let (parts, folder) = (parts.join(", "), submission.folder.display());
        (!parts.is_empty()).then(|| format!("job {job} ({what}): {parts}  {folder}"))
    };
    submission.jobs().into_iter().filter_map(line).collect()
}

/// The process of a run, or why the run failed and where its log is.
fn at_work_or_failed(cell: &Cell, state: &CellState) -> Vec<String> {
    let (number, folder) = (cell.number, cell.folder.display());
    match state {
        CellState::Running => {
            let owner = holder(&cell.folder);
            owner.map(|owner| format!("run {number}: {folder}: {owner}")).into_iter().collect()
        }
        CellState::Failed(error, _) => {
            let error = error.lines().next().unwrap_or_default();
            let log = cell.folder.join(LOG);
            vec![format!("run {number}: {folder}: failed: {error}"), format!("  {}", log.display())]
        }
        CellState::Unfinished => {
            let entry = Entry::read(&cell.folder);
            let why = entry.as_ref().and_then(|entry| entry.damage());
            why.map(|why| format!("run {number}: {folder}: damaged: {why}")).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// The last output of a run's element that ended before the run began.
fn not_begun(number: usize, handed_in: &[Submission]) -> Option<[String; 2]> {
    let output = handed_in.iter().rev().find_map(|submission| submission.output_of(number))?;
    let line = last_line(&output)?;
    let said = format!("run {number} was not started; output of its element: {line}");
    Some([said, format!("  {}", output.display())])
}

fn last_line(path: &Path) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    text.lines().rev().find(|line| !line.trim().is_empty()).map(String::from)
}
