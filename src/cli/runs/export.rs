//! `compt runs export RUN...`

use super::choose::{Filter, chosen};
use crate::errors;
use crate::{Error, Result};
use clap::Args;
use compt_base::files::atomic::write_atomic;
use compt_base::frame::{Format, Frame};
use compt_base::notice;
use compt_base::output;
use compt_error::Context;
use compt_study::interrupt;
use compt_study::records::catalog::{Entry, State};
use compt_study::tables::{self, Table};
use compt_study::tensorboard;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

#[derive(Args)]
pub struct RunsExportOptions {
    /// Folders of runs, or folders that contain them
    #[arg(value_name = "DIR", required = true)]
    folders: Vec<PathBuf>,

    #[command(flatten)]
    filter: Filter,

    #[command(flatten)]
    to: To,

    /// Which table: evaluations, scores, settings or steps; can be repeated. Default: steps, into a folder all of them
    #[arg(long, value_parser = Table::parse, value_delimiter = ',', conflicts_with = "tensorboard")]
    table: Vec<Table>,

    /// With --csv or --jsonl: write TABLE.csv or TABLE.jsonl to this folder instead of printing one table
    #[arg(short, long, value_name = "DIR", conflicts_with_all = ["tensorboard", "parquet"])]
    out: Option<PathBuf>,

    /// With --csv: do not write `'` before texts that a spreadsheet would run as formulas
    #[arg(long, requires = "csv")]
    raw: bool,

    /// With --tensorboard: export new steps during the runs, until Ctrl-C
    #[arg(long, requires = "tensorboard")]
    follow: bool,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct To {
    /// Write event files to subfolders of this folder, one per run
    #[arg(long, value_name = "DIR")]
    tensorboard: Option<PathBuf>,

    /// Write TABLE.parquet to this folder
    #[arg(long, value_name = "DIR")]
    parquet: Option<PathBuf>,

    /// A table as CSV, with a line of names
    #[arg(long)]
    csv: bool,

    /// A table as one line of JSON per row
    #[arg(long)]
    jsonl: bool,
}

const PAUSE: Duration = Duration::from_secs(5);

pub fn export(options: &RunsExportOptions) -> ExitCode {
    match written(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => errors::stopped(&e),
    }
}

fn written(options: &RunsExportOptions) -> Result<()> {
    match &options.to.tensorboard {
        Some(folder) => events(options, folder),
        None => rows(options),
    }
}

/// The chosen runs; folders that are none are named.
fn runs(options: &RunsExportOptions) -> Result<Vec<Entry>> {
    let runs = chosen(&options.folders, &options.filter)?;
    let is_run = |entry: &Entry| !matches!(entry.state, State::Damaged | State::Foreign);
    let (runs, others): (Vec<_>, Vec<_>) = runs.into_iter().partition(is_run);
    for entry in &others {
        let why = entry.error.as_ref().map_or(String::new(), |why| format!(": {why}"));
        let (path, state) = (entry.path.display(), entry.state.name());
        notice::say_once(&format!("note: {path} is skipped: {state}{why}"));
    }
    Ok(runs)
}

fn events(options: &RunsExportOptions, folder: &Path) -> Result<()> {
    interrupt::install().map_err(Error::from)?;
    let mut known = tensorboard::Written::default();
    loop {
        let runs = runs(options)?;
        let events = tensorboard::write(folder, &runs, &mut known)?;
        if !options.follow {
            let folder = folder.display();
            output::line(format!("{folder}: {events} events of {} runs", runs.len()));
            return Ok(());
        }
        for _ in 0..PAUSE.as_millis() / 100 {
            if interrupt::requested() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

fn rows(options: &RunsExportOptions) -> Result<()> {
    let (format, folder) = match (&options.to.parquet, options.to.csv) {
        (Some(folder), _) => (Format::Parquet, Some(folder)),
        (None, true) => (Format::Csv, options.out.as_ref()),
        (None, false) => (Format::Jsonl, options.out.as_ref()),
    };
    let runs = runs(options)?;
    let frame = |table: Table| -> Result<Frame> {
        let (frame, notes) = table.of(&runs)?;
        tables::say(&notes);
        Ok(frame)
    };
    let Some(folder) = folder else {
        return match options.table[..] {
            [] => print(&frame(Table::Steps)?, format, options.raw),
            [table] => print(&frame(table)?, format, options.raw),
            _ => Err(Error::new("only one table can be printed")
                .at("--table")
                .hint("--out DIR writes each to a file of its own")),
        };
    };
    let wanted = if options.table.is_empty() { &Table::ALL[..] } else { &options.table };
    fs::create_dir_all(folder).at(folder.display())?;
    for table in wanted {
        let frame = frame(*table)?;
        let path = folder.join(format!("{}.{}", table.name(), format.name()));
        write_atomic(&path, &frame.bytes(format, options.raw)?)?;
        output::line(format!("{}: {} rows", path.display(), frame.rows()));
    }
    Ok(())
}

/// The number of lines that are written at once.
const PART: usize = 1000;

fn print(frame: &Frame, format: Format, raw: bool) -> Result<()> {
    if format == Format::Jsonl {
        frame.jsonl().for_each(output::json);
        return Ok(());
    }
    let mut part = String::new();
    for (i, line) in frame.csv(raw).enumerate() {
        part += &line;
        part.push('\n');
        if i % PART == 0 {
            output::exact(std::mem::take(&mut part));
        }
    }
    output::exact(part);
    Ok(())
}
