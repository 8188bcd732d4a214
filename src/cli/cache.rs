//! `compt cache`: lists the cache of models and datasets, and removes entries.

use super::{ask, errors};
use crate::{Error, Result};
use clap::{Args, Subcommand};
use comfy_table::Table;
use compt_base::data::draws;
use compt_base::files::json::remove_if_there;
use compt_base::output;
use compt_base::text_table::text_table;
use compt_study::hub::{CachedRepo, CachedRevision, Hub, Removal, RepoId};
use compt_study::progress::bytes;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

#[derive(Subcommand)]
pub enum CacheCommand {
    /// List the cache (same as `compt cache` without a subcommand)
    List,
    /// Remove models, datasets, revisions of them, or files of interrupted downloads
    #[command(after_help = PRUNE_EXAMPLES)]
    Prune(Prune),
}

#[derive(Args)]
pub struct Prune {
    /// Model or dataset to remove; with @REVISION only that revision and the files that no other uses
    #[arg(value_name = "NAME[@REV]")]
    names: Vec<String>,

    /// Only files of interrupted downloads and files that no revision uses; by default of all
    #[arg(long)]
    incomplete: bool,

    /// The cached few-shot rows of large files
    #[arg(long, conflicts_with_all = ["names", "incomplete"])]
    draws: bool,

    /// Do not ask for confirmation
    #[arg(long)]
    yes: bool,
}

const PRUNE_EXAMPLES: &str = "\
Examples:
  compt cache prune google/t5-v1_1-base
  compt cache prune google/t5-v1_1-base@refs/pr/3 datasets/nyu-mll/glue --yes
  compt cache prune --incomplete
  compt cache prune --draws

The command lists what it will remove and asks for confirmation. It removes nothing outside of the
cache folders, and nothing that a running process of compt uses or downloads.";

pub fn cache(command: Option<&CacheCommand>) -> ExitCode {
    let hub = match Hub::from_env() {
        Ok(hub) => hub,
        Err(e) => return errors::refuse(&e),
    };
    match command {
        None | Some(CacheCommand::List) => list(&hub),
        Some(CacheCommand::Prune(options)) => prune(&hub, options),
    }
}

fn list(hub: &Hub) -> ExitCode {
    let entries = hub.entries();
    let folder = hub.settings().cache.display();
    if entries.is_empty() {
        output::line(format!("{folder} is empty: `compt fetch NAME` fills it"));
    } else {
        output::line(table(&entries).trim_fmt());
        let total: u64 = entries.iter().map(|entry| entry.size + entry.parts_size).sum();
        output::line(format!("{} in {folder}", bytes(total)));
    }
    for entry in entries.iter().filter(|entry| entry.parts > 0) {
        output::line(format!("{}: {} of interrupted downloads", entry.id, bytes(entry.parts_size)));
    }
    let (files, size) = draws::kept();
    if let (false, Some(folder)) = (files.is_empty(), draws::folder()) {
        output::line(format!(
            "{} draws of few-shot rows, {} in {}",
            files.len(),
            bytes(size),
            folder.display()
        ));
    }
    ExitCode::SUCCESS
}

fn table(entries: &[CachedRepo]) -> Table {
    let names = ["kind", "name", "revisions", "files", "size", "last used"];
    let mut table = text_table(names.map(String::from).to_vec(), 3..=4);
    for entry in entries {
        let revisions: Vec<String> = entry.revisions.iter().map(revision).collect();
        table.add_row([
            entry.id.kind.to_string(),
            entry.id.name.clone(),
            revisions.join("\n"),
            entry.files.to_string(),
            bytes(entry.size),
            entry.used.map_or(String::new(), ago),
        ]);
    }
    table
}

/// `main 1a2b3c4`
fn revision(revision: &CachedRevision) -> String {
    let commit = &revision.commit[..7];
    if revision.refs.is_empty() {
        return commit.to_string();
    }
    format!("{} {commit}", revision.refs.join(", "))
}

fn ago(time: SystemTime) -> String {
    const HOUR: u64 = 3600;
    let seconds = time.elapsed().unwrap_or(Duration::ZERO).as_secs();
    let count = |n: u64, unit: &str| match n {
        1 => format!("1 {unit} ago"),
        n => format!("{n} {unit}s ago"),
    };
    match seconds {
        0..120 => "just now".to_string(),
        120..7200 => count(seconds / 60, "minute"),
        7200..172_800 => count(seconds / HOUR, "hour"),
        _ => count(seconds / (24 * HOUR), "day"),
    }
}

fn prune(hub: &Hub, options: &Prune) -> ExitCode {
    if options.draws {
        let (files, size) = draws::kept();
        let lines = vec![format!("{} draws of few-shot rows", files.len())];
        let lines = if files.is_empty() { Vec::new() } else { lines };
        return remove(options, &lines, size, || {
            // Another process may remove them, too.
            files.iter().try_for_each(|file| remove_if_there(file))
        });
    }
    match going(hub, options) {
        Ok(going) => remove(options, &going.lines, going.bytes, || hub.remove(&going)),
        Err(e) => errors::refuse(&e),
    }
}

/// Shows what will be removed, asks, and removes it.
fn remove(
    options: &Prune,
    lines: &[String],
    size: u64,
    remove: impl FnOnce() -> Result<()>,
) -> ExitCode {
    if lines.is_empty() {
        output::line("nothing to remove");
        return ExitCode::SUCCESS;
    }
    lines.iter().for_each(output::row);
    if let Err(code) = ask::confirmed(options.yes, &format!("remove {}?", bytes(size))) {
        return code;
    }
    match remove() {
        Ok(()) => {
            output::line(format!("removed {}", bytes(size)));
            ExitCode::SUCCESS
        }
        Err(e) => errors::stopped(&e),
    }
}

fn going(hub: &Hub, options: &Prune) -> Result<Removal> {
    let names = options.names.iter().map(|text| RepoId::parse(text)).collect::<Result<Vec<_>>>()?;
    if options.incomplete {
        return hub.leftovers(&names);
    }
    if names.is_empty() {
        return Err(Error::new("nothing to remove was named").hint(
            "`compt cache` lists what there is; --incomplete removes leftovers, \
                   --draws few-shot rows",
        ));
    }
    hub.removal(&names)
}
