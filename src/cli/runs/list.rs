//! `compt runs [DIR...]`

use super::choose::{Filter, chosen, text};
use crate::{Error, Result};
use clap::Args;
use compt_base::output;
use compt_base::shown::{one_line, short};
use compt_study::progress::span;
use compt_study::records::catalog::{Entry, State};
use serde_json::{Value, json};
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::path::PathBuf;

#[derive(Args)]
pub struct RunsListOptions {
    /// Folders of runs, or folders that contain them
    #[arg(value_name = "DIR", default_value = "runs")]
    folders: Vec<PathBuf>,

    #[command(flatten)]
    filter: Filter,

    /// Sort by average, seconds, steps or a setting; `-average` sorts in descending order
    #[arg(long, value_name = "KEY", allow_hyphen_values = true)]
    sort: Option<String>,

    /// Print one line of JSON per run
    #[arg(long)]
    json: bool,
}

/// The maximum number of setting columns, for the width of a terminal.
const SETTINGS: usize = 6;

pub fn list(options: &RunsListOptions) -> Result<()> {
    let mut runs = chosen(&options.folders, &options.filter)?;
    if let Some(key) = &options.sort {
        let (key, down) = key.strip_prefix('-').map_or((key.as_str(), false), |key| (key, true));
        if !runs.is_empty() && runs.iter().all(|run| value(run, key).is_null()) {
            let settings: BTreeSet<String> =
                runs.iter().flat_map(Entry::settings).map(|s| s.0).collect();
            let known = ["average", "steps", "seconds"].into_iter();
            let known = known.chain(settings.iter().map(String::as_str));
            return Err(Error::unknown("key of the runs", key, known).at("--sort"));
        }
        runs.sort_by(|a, b| {
            let order = by(&value(a, key), &value(b, key));
            if down { order.reverse() } else { order }
        });
    }
    if options.json {
        runs.iter().for_each(|entry| output::json(entry.summary()));
        return Ok(());
    }
    if runs.is_empty() {
        output::line("no such runs");
        return Ok(());
    }
    table(&runs).iter().for_each(output::line);
    counts(&runs);
    Ok(())
}

fn value(entry: &Entry, key: &str) -> Value {
    match key {
        "average" => json!(entry.average),
        "steps" => json!(entry.steps),
        "seconds" => json!(entry.seconds),
        key => entry
            .told()
            .get(key)
            .cloned()
            .unwrap_or_else(|| entry.settings().get(key).cloned().unwrap_or_default()),
    }
}

/// Numbers by size, text alphabetically, missing values last.
fn by(a: &Value, b: &Value) -> Ordering {
    match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => text(a).cmp(&text(b)),
    }
}

/// Aligned lines: the folder, the state, the settings that vary, the average, and the time.
fn table(runs: &[Entry]) -> Vec<String> {
    let told: Vec<_> = runs.iter().map(Entry::told).collect();
    let keys: BTreeSet<&String> = told.iter().flat_map(|settings| settings.keys()).collect();
    let mut keys: Vec<&String> = keys
        .into_iter()
        .filter(|key| {
            let mut values = told.iter().map(|settings| settings.get(*key));
            let first = values.next();
            runs.len() == 1 || values.any(|value| Some(value) != first)
        })
        .collect();
    // The method first, the seed last.
    keys.sort_by_key(|key| match key.as_str() {
        "method" => 0,
        "shots" => 1,
        "seed" => 3,
        _ => 2,
    });
    keys.truncate(SETTINGS);
    let mut head = vec!["run".to_string(), "state".to_string()];
    head.extend(keys.iter().map(|key| key.to_string()));
    head.extend(["average", "steps", "time", "tags"].map(String::from));
    let mut lines = vec![head];
    for (entry, settings) in runs.iter().zip(&told) {
        let mut line = vec![entry.path.display().to_string(), entry.state.name().to_string()];
        line.extend(keys.iter().map(|key| settings.get(*key).map_or(String::new(), text)));
        line.push(entry.average.map_or(String::new(), |x| format!("{x:.1}")));
        line.push(entry.steps.map_or(String::new(), |steps| steps.to_string()));
        line.push(entry.seconds.map_or(String::new(), span));
        line.push(match &entry.error {
            Some(error) => short(error.lines().next().unwrap_or_default(), ERROR).into_owned(),
            None => entry.tags.join(","),
        });
        lines.push(line);
    }
    aligned(&lines)
}

/// The most characters of an error in the list.
const ERROR: usize = 100;

fn aligned(lines: &[Vec<String>]) -> Vec<String> {
    let plain = |line: &Vec<String>| line.iter().map(|cell| one_line(cell).into_owned()).collect();
    let lines: Vec<Vec<String>> = lines.iter().map(plain).collect();
    let columns = lines.first().map_or(0, Vec::len);
    let width = |i: usize| lines.iter().map(|line| line[i].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let shown = |line: &Vec<String>| {
        let cells: Vec<String> =
            line.iter().zip(&widths).map(|(cell, w)| format!("{cell:w$}")).collect();
        cells.join("  ").trim_end().to_string()
    };
    lines.iter().map(shown).collect()
}

fn counts(runs: &[Entry]) {
    let parts = State::ALL.into_iter().filter_map(|state| {
        let count = runs.iter().filter(|entry| entry.state == state).count();
        (count > 0).then(|| format!("{count} {}", state.name()))
    });
    output::line(parts.collect::<Vec<_>>().join(", "));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_by_size_and_what_is_missing_last() {
        let mut values = [json!(10.0), Value::Null, json!(9), json!("a")];
        values.sort_by(by);
        assert_eq!(values[..2], [json!(9), json!(10.0)]);
    }
}
