//! `compt runs log RUN`

use crate::{Error, Result};
use clap::Args;
use compt_base::files::json::read_json;
use compt_base::output;
use compt_error::Context;
use compt_study::records::catalog::Entry;
use compt_study::records::folder::{CELL, LOG};
use std::fs;
use std::path::PathBuf;

#[derive(Args)]
pub struct RunsLogOptions {
    /// Folder of the run
    #[arg(value_name = "RUN")]
    folder: PathBuf,

    /// Print the paths of the logs instead, one per line
    #[arg(long)]
    path: bool,
}

pub fn log(options: &RunsLogOptions) -> Result<()> {
    let own = options.folder.join(LOG);
    let cell = read_json(&options.folder.join(CELL)).unwrap_or_default();
    // The output of the process: before and after the run, and if it died.
    let output = cell["output"].as_str().map(PathBuf::from).filter(|path| path.is_file());
    let logs: Vec<PathBuf> =
        [own].into_iter().filter(|path| path.is_file()).chain(output).collect();
    if Entry::read(&options.folder).is_none() {
        let none = Error::new("there is no run in this folder").at(options.folder.display());
        return Err(none.hint("compt runs lists them"));
    }
    if logs.is_empty() {
        return Err(Error::new("this run has no log")
            .at(options.folder.display())
            .hint("only runs of `compt sweep` and `compt run --jobs` have a log"));
    }
    if options.path {
        logs.iter().for_each(|log| output::path(log));
        return Ok(());
    }
    for log in &logs {
        if logs.len() > 1 {
            output::line(format!("{}:", log.display()));
        }
        output::exact(fs::read(log).at(log.display())?);
    }
    Ok(())
}
