//! `compt runs delete RUN...`

use super::choose::one;
use crate::{Error, Result};
use crate::{ask, errors};
use clap::Args;
use compt_base::output;
use compt_study::records::catalog::{Entry, State};
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
    let runs = match going(options) {
        Ok(runs) => runs,
        Err(e) => return errors::refuse(&e),
    };
    for entry in &runs {
        let average = entry.average.map_or(String::new(), |x| format!(", average {x:.1}"));
        output::row(format!("{}  {}{average}", entry.path.display(), entry.state.name()));
    }
    if let Err(code) = ask::confirmed(options.yes, &format!("remove {} runs?", runs.len())) {
        return code;
    }
    match runs.iter().try_for_each(Entry::delete) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => errors::stopped(&e),
    }
}

/// The runs to delete; a run in progress is refused.
fn going(options: &RunsDeleteOptions) -> Result<Vec<Entry>> {
    let runs = options.runs.iter().map(|run| one(run)).collect::<Result<Vec<_>>>()?;
    match runs.iter().find(|entry| entry.state == State::Running) {
        Some(entry) => {
            Err(Error::new("it is running").at(entry.path.display()).hint("stop it first"))
        }
        None => Ok(runs),
    }
}
