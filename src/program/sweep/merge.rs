//! `compt sweep merge PLAN`

use crate::Result;
use crate::errors::{self, FAILED};
use crate::{report, run as script};
use compt_base::files::atomic::write_atomic;
use compt_base::notice;
use compt_base::output;
use compt_cli::sweep::folder::enter;
use compt_cli::sweep::merge::SweepMergeOptions;
use compt_lua::session::{Session, Way};
use compt_study::records::catalog::{Entry, State, read_all};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::rc::Rc;

/// A page with more runs takes minutes to write and opens slowly.
const REPORTED: usize = 1000;

pub fn merge(options: &SweepMergeOptions) -> ExitCode {
    merged(options).unwrap_or_else(|e| errors::refuse(&e))
}

/// `results.jsonl` beside `plan.jsonl`, `results-2.jsonl` beside `plan-2.jsonl`.
fn beside(plan: &Path, what: &str, ending: &str) -> PathBuf {
    let stem = plan.file_stem().unwrap_or_default().to_string_lossy();
    let rest = stem.strip_prefix("plan").map_or_else(|| format!("-{stem}"), String::from);
    plan.with_file_name(format!("{what}{rest}.{ending}"))
}

fn merged(options: &SweepMergeOptions) -> Result<ExitCode> {
    let (plan, path) = enter(&options.plan, None)?;
    let folders: Vec<PathBuf> = plan.cells.iter().map(|cell| cell.folder.clone()).collect();
    let entries: Vec<Entry> = read_all(&folders).into_iter().flatten().collect();
    if entries.is_empty() {
        let plan_path = path.display();
        output::error(format!(
            "{}: none of its {} runs has begun: compt sweep run {plan_path} runs them",
            plan.head.name,
            folders.len()
        ));
        return Ok(ExitCode::from(FAILED));
    }
    let mut text = String::new();
    entries.iter().for_each(|entry| {
        let _ = writeln!(text, "{}", entry.summary());
    });
    for (entry, why) in entries.iter().filter_map(|entry| Some((entry, entry.damage()?))) {
        notice::say_once(&format!("note: {} is skipped: damaged: {why}", entry.path.display()));
    }
    let results = beside(&path, "results", "jsonl");
    write_atomic(&results, text.as_bytes())?;
    let is_finished = |entry: &&Entry| entry.state == State::Finished;
    let finished: Vec<PathBuf> =
        entries.iter().filter(is_finished).map(|entry| entry.path.clone()).collect();
    output::error(format!(
        "{}: {} of {} runs are finished",
        plan.head.name,
        finished.len(),
        folders.len()
    ));
    output::path(&results);
    let mut reported = ExitCode::SUCCESS;
    if finished.len() > REPORTED {
        output::error(format!(
            "no report for more than {REPORTED} runs; use compt report RUN... for some of them"
        ));
    } else if !finished.is_empty() {
        reported =
            report::write(&finished, &beside(&path, "report", "html"), Some(&plan.head.name));
    }
    let all = finished.len() == folders.len() && reported == ExitCode::SUCCESS;
    let launch = plan.head.launch.clone();
    let session = Session::of_plan(&launch, Way::Merge(Rc::new(plan)))?;
    let code = script::script(session);
    Ok(if all { code } else { ExitCode::from(FAILED) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_plan_has_results_of_its_own() {
        let of = |plan: &str| beside(Path::new(plan), "results", "jsonl").display().to_string();
        assert_eq!(of("a/plan.jsonl"), "a/results.jsonl");
        assert_eq!(of("a/plan-2.jsonl"), "a/results-2.jsonl");
        assert_eq!(of("mine.jsonl"), "results-mine.jsonl");
    }
}
