//! `compt report RUN...`: one HTML page of tables, figures, curves and predictions.

mod follow;

use super::{FAILED, errors};
use compt_base::output;
use compt_cli::report::Options;
use compt_lua::Runtime;
use compt_lua::session::Session;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

pub fn report(options: &Options) -> ExitCode {
    match options.follow {
        true => follow::follow(&options.folders, options.title.as_deref(), options.port),
        false => write(&options.folders, &options.out, options.title.as_deref()),
    }
}

/// Writes the page and prints its path.
pub fn write(folders: &[PathBuf], out: &Path, title: Option<&str>) -> ExitCode {
    let is_page = |e: &std::ffi::OsStr| ["html", "htm"].iter().any(|known| e == *known);
    if !out.extension().is_some_and(is_page) {
        let what = "a report is a page of HTML: the name must end in .html";
        return errors::refuse(&crate::Error::new(what).at(out.display()));
    }
    let written = errors::guard(|| {
        let runtime = Runtime::with_session(Session::default())?;
        runtime.report(folders, out, title)
    });
    match written {
        Some(Ok(())) => {
            output::path(out);
            ExitCode::SUCCESS
        }
        Some(Err(failure)) => errors::refuse(&crate::Error::new(failure.to_string())),
        None => ExitCode::from(FAILED),
    }
}
