//! `compt runs delete RUN...`

use crate::{Error, Result};
use crate::{ask, errors};
use clap::Args;
use compt_base::output;
use compt_study::records::delete::{Deletion, finish};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Args)]
pub struct RunsDeleteOptions {
    /// Folders of runs
    #[arg(value_name = "RUN", required = true)]
    runs: Vec<PathBuf>,

    /// Do not ask for confirmation
    #[arg(long)]
    yes: bool,
}

pub fn delete(options: &RunsDeleteOptions) -> ExitCode {
    match deleted(options) {
        Ok(code) => code,
        Err(e) => errors::refuse(&e),
    }
}

fn deleted(options: &RunsDeleteOptions) -> Result<ExitCode> {
    // What an interrupted deletion left is no run any more.
    let is_left = |run: &&PathBuf| run.symlink_metadata().is_ok();
    for run in options.runs.iter().filter(|run| !is_left(run)) {
        if !finish(run)? {
            return Err(Error::new("no such folder")
                .at(run.display())
                .hint("`compt runs` lists runs"));
        }
        output::row(format!("{}  the rest of an interrupted deletion was removed", run.display()));
    }
    let runs = outermost(options.runs.iter().filter(is_left));
    // They are held until they are deleted, so that no process opens them in the meantime.
    let runs = runs.into_iter().map(|run| Deletion::of(run)).collect::<Result<Vec<_>>>()?;
    if runs.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    for Deletion { entry, below, .. } in &runs {
        let average = entry.average.map_or(String::new(), |x| format!(", average {x:.1}"));
        output::row(format!("{}  {}{average}", entry.path.display(), entry.state.name()));
        below.iter().for_each(|path| output::row(path.display()));
    }
    if let Err(code) = ask::confirmed(options.yes, &format!("remove {} runs?", runs.len())) {
        return Ok(code);
    }
    Ok(match runs.into_iter().try_for_each(Deletion::carry_out) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => errors::stopped(&e),
    })
}

/// The folders, each once, without those that lie in another one.
fn outermost<'a>(runs: impl Iterator<Item = &'a PathBuf>) -> Vec<&'a PathBuf> {
    let named = |run: &'a PathBuf| (std::fs::canonicalize(run).unwrap_or(run.clone()), run);
    let mut all: Vec<_> = runs.map(named).collect();
    all.sort();
    all.dedup_by(|later, first| later.0.starts_with(&first.0));
    all.into_iter().map(|(_, run)| run).collect()
}
