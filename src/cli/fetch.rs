//! `compt fetch NAME...`: downloads models and datasets into the cache, so that runs need no network.

use super::errors;
use crate::Result;
use clap::Args;
use compt_base::output;
use compt_error::Context;
use compt_study::hub::{Hub, RepoId, RepoKind, included, model_files, model_missing};
use compt_study::interrupt;
use std::process::ExitCode;

#[derive(Args)]
pub struct FetchOptions {
    /// Models (org/name) and datasets (datasets/org/name), optionally with @REVISION
    #[arg(value_name = "NAME", required = true)]
    names: Vec<String>,

    /// Branch, tag or commit of each; by default main
    #[arg(long, value_name = "REV")]
    revision: Option<String>,

    /// Download only files that match, such as '*.json'; by default the files of a T5, and all of a dataset
    #[arg(long, value_name = "PATTERN")]
    include: Vec<String>,
}

/// Prints the folder of each.
pub fn fetch(options: &FetchOptions) -> ExitCode {
    let prepared = names(options).and_then(|names| {
        interrupt::install().at("cannot listen for Ctrl-C")?;
        Ok((names, Hub::from_env()?))
    });
    let (names, hub) = match prepared {
        Ok(prepared) => prepared,
        Err(e) => return errors::refuse(&e),
    };
    for name in &names {
        let wanted = |all: &[String]| match name.kind {
            _ if !options.include.is_empty() => included(all, &options.include),
            RepoKind::Model => {
                model_files(all).map_err(|e| e.hint("--include '*' selects all files"))
            }
            RepoKind::Dataset => Ok(all.to_vec()),
        };
        // Without a network, only the files of a T5 are known to be complete.
        let told =
            hub.settings().offline && name.kind == RepoKind::Model && options.include.is_empty();
        let snapshot =
            if told { hub.get(name, wanted, model_missing) } else { hub.fetch(name, wanted) };
        match snapshot {
            Ok(snapshot) => output::path(&snapshot.folder),
            Err(e) => return errors::stopped(&e),
        }
    }
    ExitCode::SUCCESS
}

fn names(options: &FetchOptions) -> Result<Vec<RepoId>> {
    let read = |text: &String| {
        let name = RepoId::parse(text)?;
        match &options.revision {
            Some(revision) => name.at_revision(revision),
            None => Ok(name),
        }
    };
    options.names.iter().map(read).collect()
}
