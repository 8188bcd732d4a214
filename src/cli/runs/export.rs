//! `compt runs export RUN...`

use super::choose::{Filter, chosen};
use crate::errors;
use crate::{Error, Result};
use clap::Args;
use compt_base::notice;
use compt_base::output;
use compt_study::interrupt;
use compt_study::records::catalog::{Entry, State};
use compt_study::tensorboard;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::path::PathBuf;
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

    /// Print a table of all steps, with one column per metric
    #[arg(long)]
    csv: bool,

    /// Print one line of JSON per step
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
    let runs = || -> Result<Vec<Entry>> {
        let runs = chosen(&options.folders, &options.filter)?;
        let is_run = |entry: &Entry| !matches!(entry.state, State::Damaged | State::Foreign);
        let (runs, others): (Vec<_>, Vec<_>) = runs.into_iter().partition(is_run);
        for entry in &others {
            let why = entry.error.as_ref().map_or(String::new(), |why| format!(": {why}"));
            let (path, state) = (entry.path.display(), entry.state.name());
            notice::say_once(&format!("note: {path} is skipped: {state}{why}"));
        }
        Ok(runs)
    };
    if let Some(folder) = &options.to.tensorboard {
        interrupt::install().map_err(Error::from)?;
        let mut known = tensorboard::Written::default();
        loop {
            let runs = runs()?;
            let events = tensorboard::write(folder, &runs, &mut known)?;
            if !options.follow {
                output::line(format!(
                    "{}: {events} events of {} runs",
                    folder.display(),
                    runs.len()
                ));
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
    let read = |entry: &Entry| {
        let skipped =
            |e| notice::say_once(&format!("note: {} is skipped: {e}", entry.path.display()));
        rows(entry).map_err(skipped).ok()
    };
    let read: Vec<_> = runs()?.iter().filter_map(read).collect();
    if read.is_empty() {
        return Err(Error::new("none of the runs can be exported"));
    }
    let lines = read.concat();
    if options.to.jsonl {
        lines.into_iter().for_each(|line| output::json(Value::Object(line)));
        return Ok(());
    }
    let keys: BTreeSet<&String> = lines.iter().flat_map(|line| line.keys()).collect();
    let first = ["run", "step"];
    let keys: Vec<&str> = first
        .into_iter()
        .chain(keys.into_iter().map(String::as_str).filter(|key| !first.contains(key)))
        .collect();
    let raw = options.raw;
    let head = keys.iter().map(|key| cell(Some(&json!(key)), raw));
    output::line(head.collect::<Vec<_>>().join(","));
    for line in &lines {
        let cells = keys.iter().map(|key| cell(line.get(*key), raw));
        output::line(cells.collect::<Vec<_>>().join(","));
    }
    Ok(())
}

/// A cell of CSV. A text that a spreadsheet would run as a formula begins with `'`, unless `raw`
/// (<https://owasp.org/www-community/attacks/CSV_Injection>).
fn cell(value: Option<&Value>, raw: bool) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => {
            let runs = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
            let runs = runs && text.parse::<f64>().is_err();
            let text = if runs && !raw { format!("'{text}") } else { text.clone() };
            match text.contains([',', '"', '\n', '\r', '\t']) {
                true => format!("\"{}\"", text.replace('"', "\"\"")),
                false => text,
            }
        }
        Some(other) => other.to_string(),
    }
}

/// One flat row per step, with the run's folder.
fn rows(entry: &Entry) -> Result<Vec<Map<String, Value>>> {
    let lines = entry.metrics()?;
    let row = |line: &Value| {
        let mut row =
            Map::from_iter([("run".to_string(), json!(entry.path.display().to_string()))]);
        flatten("", line, &mut row);
        row
    };
    Ok(lines.iter().map(row).collect())
}

fn flatten(name: &str, value: &Value, row: &mut Map<String, Value>) {
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| {
            let full = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
            flatten(&full, value, row);
        }),
        Value::Array(_) => {}
        value => drop(row.insert(name.to_string(), value.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        let plain = |value: Value| cell(Some(&value), false);
        assert_eq!(plain(json!("a,\"b\"")), "\"a,\"\"b\"\"\"");
        assert_eq!((plain(json!(1.5)), cell(None, false)), ("1.5".into(), String::new()));
    }

    #[test]
    fn a_spreadsheet_runs_no_cell() {
        let both = |text: &str| [false, true].map(|raw| cell(Some(&json!(text)), raw));
        assert_eq!(both("=1+1"), ["'=1+1", "=1+1"]);
        assert_eq!(both("@x,y"), ["\"'@x,y\"", "\"@x,y\""]);
        assert_eq!(both("\tx"), ["\"'\tx\"", "\"\tx\""]);
        assert_eq!(both("-1.5"), ["-1.5", "-1.5"]);
        assert_eq!(cell(Some(&json!(-2)), false), "-2");
    }
}
