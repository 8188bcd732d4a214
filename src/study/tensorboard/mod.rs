//! TensorBoard's event files of runs: scalars by step, and the settings of each run with its outcome for the
//! HParams dashboard.

mod hparams;
mod message;

use crate::Result;
use crate::records::catalog::{Entry, State};
use crate::records::folder::CONFIG;
use compt_base::files::atomic::write_atomic;
use compt_base::notice;
use compt_error::Context;
use message::{Part, event, record};
use serde_json::Value;
use std::collections::HashMap;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Component, Path, PathBuf};
use std::time::UNIX_EPOCH;

/// How much of each run was written earlier.
#[derive(Default)]
pub struct Written(HashMap<PathBuf, Progress>);

#[derive(Default, Clone, Copy)]
struct Progress {
    /// Whether there is a file.
    exists: bool,
    steps: usize,
    evaluations: usize,
    tested: bool,
    /// The seconds of the steps so far.
    seconds: f64,
    /// Whether the settings are written, and the last outcome.
    settings: bool,
    outcome: Option<State>,
}

/// Appends the new events of each run to its file below a folder; returns the number of events. The first
/// call creates a new file. A run whose records cannot be read is named and left out. Errors: a file cannot be
/// written; it is named.
pub fn write(folder: &Path, runs: &[Entry], written: &mut Written) -> Result<usize> {
    let mut count = 0;
    for entry in runs {
        let path = file(folder, entry);
        // What is not written after an error is read again.
        let mut progress = written.0.get(&entry.path).copied().unwrap_or_default();
        let fresh = !progress.exists;
        let began = began(entry);
        let mut content = Vec::new();
        if fresh {
            record(&mut content, &event(began, 0, &Part::Version));
        }
        let events = match events(entry, began, &mut progress) {
            Ok(events) => events,
            Err(e) => {
                notice::say_once(&format!("note: {} is skipped: {e}", entry.path.display()));
                continue;
            }
        };
        events.iter().for_each(|event| record(&mut content, event));
        count += events.len();
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).at(parent.display())?;
        }
        if fresh {
            write_atomic(&path, &content)?;
        } else {
            let open = || OpenOptions::new().create(true).append(true).open(&path);
            open().and_then(|mut file| file.write_all(&content)).at(path.display())?;
        }
        written.0.insert(entry.path.clone(), Progress { exists: true, ..progress });
    }
    Ok(count)
}

/// `FOLDER/runs/table1/ssum-1a2b/events.out.tfevents.SECONDS.compt`
fn file(folder: &Path, entry: &Entry) -> PathBuf {
    let named: PathBuf =
        entry.path.components().filter(|part| matches!(part, Component::Normal(_))).collect();
    folder.join(named).join(format!("events.out.tfevents.{:010}.compt", began(entry) as u64))
}

/// The start time of the run: the modification time of its configuration.
fn began(entry: &Entry) -> f64 {
    let written = fs::metadata(entry.path.join(CONFIG)).and_then(|meta| meta.modified());
    let since = written.ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    since.map_or(0.0, |since| since.as_secs_f64())
}

/// The events that were not written yet.
fn events(entry: &Entry, began: f64, progress: &mut Progress) -> Result<Vec<Vec<u8>>> {
    let mut found = Vec::new();
    if !progress.settings {
        let settings = hparams::started(&entry.settings(), began);
        found.push(event(began, 0, &Part::Plugin(&settings)));
        progress.settings = true;
    }
    let steps = entry.metrics()?;
    let mut last = 0;
    for (i, line) in steps.iter().enumerate() {
        last = line["step"].as_i64().unwrap_or(0);
        if i >= progress.steps {
            progress.seconds += line["seconds"].as_f64().unwrap_or(0.0);
            let scalars = step_scalars(line);
            found.push(event(began + progress.seconds, last, &Part::Scalars(&scalars)));
        }
    }
    progress.steps = steps.len();
    let evaluations = entry.evaluations()?;
    for line in evaluations.iter().skip(progress.evaluations) {
        let mut scalars = vec![("validation/average".to_string(), number(&line["average"]))];
        scores("validation", &line["scores"], &mut scalars);
        let step = line["step"].as_i64().unwrap_or(0);
        found.push(event(began + progress.seconds, step, &Part::Scalars(&scalars)));
    }
    progress.evaluations = evaluations.len();
    if entry.state == State::Finished && !progress.tested {
        let mut scalars = Vec::new();
        scores("test", &entry.scores(), &mut scalars);
        if let Some(average) = entry.average {
            scalars.push(("test/average".to_string(), average as f32));
        }
        if !scalars.is_empty() {
            found.push(event(began + progress.seconds, last, &Part::Scalars(&scalars)));
        }
        progress.tested = true;
    }
    // A failed run can be continued.
    if progress.outcome != Some(entry.state)
        && let Some(outcome) = hparams::ended(&entry.state, began + progress.seconds)
    {
        found.push(event(began + progress.seconds, last, &Part::Plugin(&outcome)));
        progress.outcome = Some(entry.state);
    }
    Ok(found)
}

fn number(value: &Value) -> f32 {
    value.as_f64().map_or(f32::NAN, |x| x as f32)
}

/// `loss`, `loss/TASK`, `grad_norm`, `temperature`, `seconds`, `lr/GROUP`.
fn step_scalars(line: &Value) -> Vec<(String, f32)> {
    let plain = ["loss", "grad_norm", "temperature", "seconds"];
    let plain = plain
        .iter()
        .filter(|name| line.get(**name).is_some_and(|v| v.is_number() || **name == "loss"));
    let mut scalars: Vec<(String, f32)> =
        plain.map(|name| (name.to_string(), number(&line[*name]))).collect();
    for (key, name) in [("lr", "lr"), ("task_losses", "loss")] {
        for (of, value) in line[key].as_object().into_iter().flatten() {
            scalars.push((format!("{name}/{of}"), number(value)));
        }
    }
    scalars
}

/// `test/TASK/METRIC`, or `validation/TASK` for one score per task.
fn scores(split: &str, scores: &Value, scalars: &mut Vec<(String, f32)>) {
    for (task, score) in scores.as_object().into_iter().flatten() {
        match score.as_object() {
            Some(metrics) => scalars.extend(
                metrics
                    .iter()
                    .map(|(name, value)| (format!("{split}/{task}/{name}"), number(value))),
            ),
            None => scalars.push((format!("{split}/{task}"), number(score))),
        }
    }
}
