//! Finding and reading the runs below folders.

mod heads;
#[cfg(test)]
mod tests;

use super::claim::holder;
use super::environment::cores;
use super::folder::{CELL, CONFIG, ENVIRONMENT, EVALUATIONS, LOG, METRICS, RESULT, SESSION};
use super::settings::flat;
use super::shape;
use crate::{Error, Result};
use compt_base::files::json::{path_value, read_json, read_json_lines, write_json};
use compt_base::stop;
use compt_error::Context;
use heads::{CellHead, ResultHead, TAGS, check_object, head, tags};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// The configuration key of the method.
const METHOD: &str = "method";
/// The depth to which folders below the named ones are searched.
const DEPTH: usize = 4;

/// The progress of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Finished,
    Running,
    Unfinished,
    Failed,
    /// A record that cannot be read.
    Damaged,
    /// A folder that is not a run.
    Foreign,
}

compt_base::names!(
    State,
    "state",
    Finished = "finished",
    Running = "running",
    Unfinished = "unfinished",
    Failed = "failed",
    Damaged = "damaged",
    Foreign = "foreign"
);

/// A run as its records describe it. Large files are read on demand.
#[derive(Debug, Clone)]
pub struct Entry {
    pub path: PathBuf,
    pub state: State,
    /// Why it failed or cannot be read.
    pub error: Option<String>,
    pub average: Option<f64>,
    /// Of a run without a result the last recorded step.
    pub steps: Option<u64>,
    pub seconds: Option<f64>,
    pub tags: Vec<String>,
    /// The settings of a grid cell, and the method of its trainers if the settings do not include it.
    cell: Option<Map<String, Value>>,
    /// The settings in `result.json`.
    told: Map<String, Value>,
}

/// Finds the runs at or below these paths, in the order of the paths; below one path they are sorted by
/// name. Errors: a path is not a folder.
pub fn find(paths: &[PathBuf]) -> Result<Vec<Entry>> {
    let mut found = Vec::new();
    for path in paths {
        if !path.is_dir() {
            let what = if path.exists() { "it is a file, not a folder" } else { "no such folder" };
            return Err(Error::new(what)
                .at(path.display())
                .hint("use the folder of a run, or a folder that contains runs"));
        }
        match Entry::read(path) {
            Some(entry) => found.push(entry),
            None => {
                look(path, 0, &mut found);
            }
        }
        stop::check()?;
    }
    // A folder may be named twice, or together with one of its parents.
    let mut known = BTreeSet::new();
    found.retain(|entry| known.insert(fs::canonicalize(&entry.path).ok()));
    Ok(found)
}

/// Reads the runs in exactly these folders, in parallel.
pub fn read_all(folders: &[PathBuf]) -> Vec<Option<Entry>> {
    let share = folders.len().div_ceil(cores()).max(1);
    std::thread::scope(|scope| {
        let read =
            |part: &'_ [PathBuf]| part.iter().map(|path| Entry::read(path)).collect::<Vec<_>>();
        let parts: Vec<_> =
            folders.chunks(share).map(|part| scope.spawn(move || read(part))).collect();
        let done = parts.into_iter().flat_map(|part| part.join().unwrap_or_default());
        done.collect()
    })
}

/// The number of folders after which a signal is looked for.
const PART: usize = 1000;

/// Finds the runs below a folder. Returns whether it holds anything of compt.
fn look(folder: &Path, depth: usize, found: &mut Vec<Entry>) -> bool {
    let before = found.len();
    let mut is_ours = holds_plan(folder);
    let mut below: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        if !hidden && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            below.push(entry.path());
        }
    }
    below.sort();
    let below = if depth < DEPTH { below } else { Vec::new() };
    for part in below.chunks(PART).take_while(|_| !stop::due()) {
        for (path, entry) in part.iter().zip(read_all(part)) {
            match entry {
                Some(entry) => found.push(entry),
                None => is_ours |= look(path, depth + 1, found),
            }
        }
    }
    if found.len() == before && !is_ours {
        found.push(Entry::of(folder.to_path_buf(), State::Foreign, None));
    }
    is_ours || found.len() > before
}

/// Whether a folder holds the plan of a grid, of which no run has begun.
fn holds_plan(folder: &Path) -> bool {
    let is_plan = |name: &str| name.starts_with("plan") && name.ends_with(".jsonl");
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.into_iter().any(|entry| entry.file_name().to_str().is_some_and(is_plan))
}

impl Entry {
    fn of(path: PathBuf, state: State, error: Option<String>) -> Entry {
        Entry {
            path,
            state,
            error,
            average: None,
            steps: None,
            seconds: None,
            tags: Vec::new(),
            cell: None,
            told: Map::new(),
        }
    }

    /// Reads the run in exactly this folder. A run of which one of the small records has another content
    /// than compt writes is damaged.
    pub fn read(folder: &Path) -> Option<Entry> {
        let heads = head::<ResultHead>(folder, RESULT, shape::result).and_then(|result| {
            Ok((result, head::<CellHead>(folder, CELL, shape::cell)?, tags(folder)?))
        });
        let damaged =
            |e: Error| Entry::of(folder.to_path_buf(), State::Damaged, Some(e.to_string()));
        let (result, cell, tags) = match heads {
            Ok(heads) => heads,
            Err(e) => return Some(damaged(e)),
        };
        // A `result.json` or `config.json` of another program is not a run.
        let has = |name: &str| folder.join(name).is_file();
        let is_ended =
            cell.is_some() || result.as_ref().is_some_and(|result| result.steps.is_some());
        let is_begun = match has(CONFIG) {
            true => [SESSION, ENVIRONMENT, METRICS].into_iter().any(has),
            false => is_session(folder),
        };
        if !is_ended && !is_begun {
            return None;
        }
        let settings = [CONFIG, ENVIRONMENT, SESSION];
        if let Err(e) = settings.iter().try_for_each(|name| check_object(folder, name)) {
            return Some(damaged(e));
        }
        if !is_ended && !has(CONFIG) {
            return Some(damaged(Error::new("there is no such file").at(CONFIG)));
        }
        let (state, error) = state(folder, result.as_ref(), cell.as_ref());
        let (result, mut cell) = (result.unwrap_or_default(), cell.unwrap_or_default());
        if let Some(settings) = &mut cell.settings
            && !settings.contains_key(METHOD)
        {
            settings.extend(method_of(folder, &result).map(|method| (METHOD.into(), method)));
        }
        let told = [
            (METHOD, result.method),
            ("backbone", result.backbone),
            ("shots", result.shots),
            ("per", result.per),
            ("seed", result.seed),
        ];
        let told = told.into_iter().filter(|(_, value)| !value.is_null());
        Some(Entry {
            tags,
            average: cell.average.or(result.average),
            steps: match state {
                State::Running | State::Unfinished => last_step(folder).or(result.steps),
                _ => result.steps,
            },
            seconds: cell.seconds.or(result.seconds),
            cell: cell.settings,
            told: told.map(|(name, value)| (name.to_string(), value)).collect(),
            ..Entry::of(folder.to_path_buf(), state, error)
        })
    }

    /// Why its record cannot be read, if so.
    pub fn damage(&self) -> Option<&str> {
        self.error.as_deref().filter(|_| self.state == State::Damaged)
    }

    /// The folder's name.
    pub fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// The return value of a cell's function, or null.
    pub fn values(&self) -> Value {
        self.record(CELL).get("values").cloned().unwrap_or_default()
    }

    /// `result.json`, or null.
    pub fn result(&self) -> Value {
        self.record(RESULT)
    }

    fn record(&self, name: &str) -> Value {
        let check = if name == CELL { shape::cell } else { shape::result };
        let value = read_json(&self.path.join(name)).ok();
        // It may have been written since the entry was read.
        value.filter(|value| check(value).is_ok()).unwrap_or_default()
    }

    /// The scores, see [`scores`].
    pub fn scores(&self) -> Value {
        scores(&self.values(), &self.result())
    }

    /// A summary as a line of JSON: path, state, settings, scores, log.
    pub fn summary(&self) -> Value {
        let cell = self.record(CELL);
        let log = self.path.join(LOG);
        json!({
            "path": path_value(&self.path), "state": self.state.name(), "error": self.error,
            "settings": self.told(), "average": self.average,
            "scores": scores(&cell["values"], &self.result()), "steps": self.steps,
            "seconds": self.seconds, "tags": self.tags,
            "log": log.is_file().then(|| path_value(&log)), "output": cell["output"],
        })
    }

    /// The settings by short names: a cell's settings, else the resolved configuration, else those in
    /// `result.json`.
    pub fn settings(&self) -> Map<String, Value> {
        self.cell.clone().or_else(|| self.config().ok()).unwrap_or_else(|| self.told.clone())
    }

    /// All values by all names: the settings, nested tables as `method.length`, and the resolved
    /// configuration.
    pub fn all_settings(&self) -> Map<String, Value> {
        let mut all = self.config().unwrap_or_default();
        all.extend(self.told.clone());
        if let Some(cell) = &self.cell {
            all.extend(cell.clone());
            all.extend(flat(&Value::Object(cell.clone())));
        }
        all
    }

    /// The settings of a grid cell.
    pub fn cell_settings(&self) -> Option<&Map<String, Value>> {
        self.cell.as_ref()
    }

    /// The settings that are available without reading from disk.
    pub fn told(&self) -> &Map<String, Value> {
        self.cell.as_ref().unwrap_or(&self.told)
    }

    /// The resolved configuration, flat: `method.length`, and short names for the common settings.
    /// Errors: `config.json` cannot be read.
    pub fn config(&self) -> Result<Map<String, Value>> {
        let path = self.path.join(CONFIG);
        let config = read_json(&path)?;
        shape::settings(&config).at(path.display())?;
        Ok(flat(&config))
    }

    /// The lines of `metrics.jsonl`. Errors: a line is not JSON, or not that of a step.
    pub fn metrics(&self) -> Result<Vec<Value>> {
        self.lines(METRICS, shape::step)
    }

    /// The lines of `evaluations.jsonl`. Errors: a line is not JSON, or not that of an evaluation.
    pub fn evaluations(&self) -> Result<Vec<Value>> {
        self.lines(EVALUATIONS, shape::evaluation)
    }

    fn lines(&self, name: &str, check: fn(&Value) -> Result<()>) -> Result<Vec<Value>> {
        let path = self.path.join(name);
        let lines = read_json_lines(&path)?;
        let wrong = lines.iter().enumerate().find_map(|(i, line)| Some((i, check(line).err()?)));
        match wrong {
            Some((i, e)) => Err(e.at(format!("{}:{}", path.display(), i + 1))),
            None => Ok(lines),
        }
    }

    /// Replaces its tags. Errors: the file cannot be written.
    pub fn tag(&self, tags: &[String]) -> Result<()> {
        let path = self.path.join(TAGS);
        match tags {
            [] => compt_base::files::json::remove_if_there(&path),
            tags => write_json(&path, &tags.into()),
        }
    }
}

/// The method of a cell's trainers: one method, or a list if they use several.
fn method_of(cell: &Path, result: &ResultHead) -> Option<Value> {
    if !result.method.is_null() {
        return Some(result.method.clone());
    }
    // Trainers with a name write to folders below the cell's.
    let below = fs::read_dir(cell).into_iter().flatten().flatten().map(|entry| entry.path());
    let head = |path: PathBuf| head::<ResultHead>(&path, RESULT, shape::result).ok()?;
    let heads = below.filter_map(head);
    let mut methods: Vec<String> =
        heads.filter_map(|head| head.method.as_str().map(String::from)).collect();
    methods.sort();
    methods.dedup();
    match &methods[..] {
        [] => None,
        [one] => Some(one.as_str().into()),
        _ => Some(methods.into()),
    }
}

/// Task -> metric -> percent, the main metric first: from the return value of a cell's function, else
/// from the run's own result. What a function returned under this name and is no number is omitted.
pub fn scores(values: &Value, result: &Value) -> Value {
    let own = &result["scores"];
    let Some(scores) = values["scores"].as_object() else { return own.clone() };
    let mut scores = scores.clone();
    scores.retain(|_, metrics| metrics.is_object());
    // Lua tables have no order. The run's own record has one; otherwise the order is alphabetical, which
    // puts accuracy before F1 and Matthews, and Pearson before Spearman.
    for (task, metrics) in &mut scores {
        let Some(metrics) = metrics.as_object_mut() else { continue };
        metrics.retain(|_, score| score.is_number());
        metrics.sort_keys();
        let first = own[task].as_object().and_then(|own| own.keys().next());
        if let Some((name, value)) = first.and_then(|name| metrics.shift_remove_entry(name)) {
            metrics.shift_insert(0, name, value);
        }
    }
    scores.into()
}

fn state(
    folder: &Path,
    result: Option<&ResultHead>,
    cell: Option<&CellHead>,
) -> (State, Option<String>) {
    if let Some(cell) = cell {
        return match cell.outcome.as_deref() {
            Some("finished") => (State::Finished, None),
            Some(_) => (State::Failed, cell.error.clone()),
            None if holder(folder).is_some() => (State::Running, None),
            None => (State::Unfinished, None),
        };
    }
    match result {
        Some(result) if result.error.is_some() => (State::Failed, result.error.clone()),
        Some(result) if !result.interrupted => (State::Finished, None),
        _ if is_locked(folder) => (State::Running, None),
        _ => (State::Unfinished, None),
    }
}

/// Whether there is a `session.json` of compt.
fn is_session(folder: &Path) -> bool {
    let path = folder.join(SESSION);
    path.is_file()
        && read_json(&path)
            .is_ok_and(|record| record["session"].is_string() && record["trainer"].is_u64())
}

/// The last step that `metrics.jsonl` records, from the end of the file.
fn last_step(folder: &Path) -> Option<u64> {
    const END: u64 = 1 << 16;
    let mut file = File::open(folder.join(METRICS)).ok()?;
    let start = file.metadata().ok()?.len().saturating_sub(END);
    file.seek(SeekFrom::Start(start)).ok()?;
    let mut end = Vec::new();
    file.read_to_end(&mut end).ok()?;
    let step = |line: &[u8]| serde_json::from_slice::<Value>(line).ok()?["step"].as_u64();
    end.split(|byte| *byte == b'\n').rev().find_map(step)
}

/// Whether a process holds the lock of the run.
fn is_locked(folder: &Path) -> bool {
    let Ok(file) = File::open(folder.join(CONFIG)) else { return false };
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}
