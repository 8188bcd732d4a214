//! Finding and reading the runs below folders.

use super::files::{read_json, write_json};
use super::folder::{CONFIG, METRICS, RESULT};
use crate::error::Context;
use crate::{Error, Result};
use serde_json::{Map, Value};
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

/// What a cell of a grid says of itself.
const CELL: &str = "cell.json";
const TAGS: &str = "tags.json";
/// Folders of folders are looked through this deep.
const DEPTH: usize = 4;

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Finished,
    Running,
    Unfinished,
    Failed,
    /// A record that cannot be read.
    Damaged,
    /// A folder that holds no run.
    Foreign,
}

impl State {
    pub const ALL: [State; 6] = [
        State::Finished,
        State::Running,
        State::Unfinished,
        State::Failed,
        State::Damaged,
        State::Foreign,
    ];

    pub fn name(self) -> &'static str {
        match self {
            State::Finished => "finished",
            State::Running => "running",
            State::Unfinished => "unfinished",
            State::Failed => "failed",
            State::Damaged => "damaged",
            State::Foreign => "foreign",
        }
    }
}

/// A run as its records tell it.
#[derive(Debug, Clone)]
pub struct Entry {
    pub path: PathBuf,
    pub state: State,
    /// Why it failed or cannot be read.
    pub error: Option<String>,
    /// `result.json`, or null.
    pub result: Value,
    /// `cell.json` of a cell of a grid, or null.
    pub cell: Value,
    pub tags: Vec<String>,
}

/// The runs at or below these paths, in the paths' order, below one sorted by name.
pub fn find(paths: &[PathBuf]) -> Result<Vec<Entry>> {
    let mut found = Vec::new();
    for path in paths {
        if !path.is_dir() {
            let what = if path.exists() { "it is a file, not a folder" } else { "no such folder" };
            return Err(Error::new(what).at(path.display()).hint("give a run's folder, or one above runs"));
        }
        look(path, 0, &mut found);
    }
    Ok(found)
}

fn look(folder: &Path, depth: usize, found: &mut Vec<Entry>) {
    if let Some(entry) = Entry::read(folder) {
        found.push(entry);
        return;
    }
    let before = found.len();
    let mut below: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        if !hidden && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            below.push(entry.path());
        }
    }
    below.sort();
    if depth < DEPTH {
        below.iter().for_each(|path| look(path, depth + 1, found));
    }
    if found.len() == before {
        found.push(Entry::of(folder.to_path_buf(), State::Foreign, None));
    }
}

impl Entry {
    fn of(path: PathBuf, state: State, error: Option<String>) -> Entry {
        Entry { path, state, error, result: Value::Null, cell: Value::Null, tags: Vec::new() }
    }

    /// The run in this very folder.
    pub fn read(folder: &Path) -> Option<Entry> {
        let read = |name: &str| -> Result<Option<Value>> {
            match fs::read(folder.join(name)) {
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
                Err(e) => Err(Error::from(e).at(name)),
                Ok(text) => {
                    let value: Value = serde_json::from_slice(&text)
                        .map_err(|e| Error::new(e.to_string()).at(name))?;
                    let is_ours = value.is_object();
                    is_ours.then_some(Some(value)).ok_or_else(|| Error::new("not a record").at(name))
                }
            }
        };
        let both = read(RESULT).and_then(|result| Ok((result, read(CELL)?)));
        let (result, cell) = match both {
            Ok((None, None)) if !folder.join(CONFIG).is_file() => return None,
            Ok(both) => both,
            Err(e) => {
                let error = Some(e.to_string());
                return Some(Entry::of(folder.to_path_buf(), State::Damaged, error));
            }
        };
        // Another program's result.json is no run.
        let is_ours = |value: &Value| {
            value.get("outcome").is_some() || value.get("settings").is_some() || value.get("steps").is_some()
        };
        if cell.is_none() && !folder.join(CONFIG).is_file() && !result.as_ref().is_some_and(is_ours) {
            return None;
        }
        let mut entry = Entry::of(folder.to_path_buf(), State::Unfinished, None);
        entry.tags = tags(folder);
        (entry.state, entry.error) = state(folder, result.as_ref(), cell.as_ref());
        entry.result = result.unwrap_or_default();
        entry.cell = cell.unwrap_or_default();
        Some(entry)
    }

    /// The folder's name.
    pub fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// What the cell's function returned, else the run's own result.
    fn outcome(&self) -> &Value {
        let values = &self.cell["values"];
        if values["scores"].is_object() { values } else { &self.result }
    }

    /// Task -> metric -> percent.
    pub fn scores(&self) -> &Value {
        &self.outcome()["scores"]
    }

    pub fn average(&self) -> Option<f64> {
        self.outcome()["average"].as_f64()
    }

    /// What was set, by short names: a cell's settings, else the resolved configuration, else what
    /// the result tells.
    pub fn settings(&self) -> Map<String, Value> {
        if let Some(settings) = self.cell["settings"].as_object() {
            return settings.clone();
        }
        match self.config() {
            Ok(config) => config,
            Err(_) => self.told(),
        }
    }

    /// What `result.json` alone tells of the settings.
    pub fn told(&self) -> Map<String, Value> {
        if let Some(settings) = self.cell["settings"].as_object() {
            return settings.clone();
        }
        let keys = ["method", "backbone", "shots", "per", "seed"];
        let known = keys.iter().filter_map(|key| {
            Some((key.to_string(), self.result.get(*key).filter(|v| !v.is_null())?.clone()))
        });
        known.collect()
    }

    /// The resolved configuration, flat: `method.length`, and by short names what everybody names.
    pub fn config(&self) -> Result<Map<String, Value>> {
        let config = read_json(&self.path.join(CONFIG))?;
        let mut flat = Map::new();
        flatten("", &config, &mut flat);
        Ok(flat)
    }

    /// Its steps as `metrics.jsonl` has them.
    pub fn metrics(&self) -> Result<Vec<Value>> {
        super::files::read_json_lines(&self.path.join(METRICS))
    }

    /// Replaces its tags.
    pub fn tag(&self, tags: &[String]) -> Result<()> {
        let path = self.path.join(TAGS);
        match tags {
            [] => super::files::remove_if_there(&path),
            tags => write_json(&path, &tags.into()),
        }
    }

    /// Removes the run's folder.
    pub fn delete(&self) -> Result<()> {
        fs::remove_dir_all(&self.path).at(self.path.display())
    }
}

fn tags(folder: &Path) -> Vec<String> {
    let Ok(text) = fs::read(folder.join(TAGS)) else { return Vec::new() };
    serde_json::from_slice(&text).unwrap_or_default()
}

fn state(folder: &Path, result: Option<&Value>, cell: Option<&Value>) -> (State, Option<String>) {
    let error = |value: &Value| value["error"].as_str().map(String::from);
    if let Some(cell) = cell {
        return match cell["outcome"].as_str() {
            Some("finished") => (State::Finished, None),
            Some(_) => (State::Failed, error(cell)),
            None if folder.join("claims").is_dir() => (State::Running, None),
            None => (State::Unfinished, None),
        };
    }
    match result {
        Some(result) if error(result).is_some() => (State::Failed, error(result)),
        Some(result) if result["interrupted"] != true => (State::Finished, None),
        _ if is_locked(folder) => (State::Running, None),
        _ => (State::Unfinished, None),
    }
}

/// Whether a program holds the run.
fn is_locked(folder: &Path) -> bool {
    let Ok(file) = File::open(folder.join(CONFIG)) else { return false };
    matches!(file.try_lock(), Err(TryLockError::WouldBlock))
}

/// Bulky parts that are no settings.
const LEFT_OUT: [&str; 8] = [
    "tasks.rows", "tasks.forms", "tasks.files", "stages", "parameters", "backbone.config", "from.rows",
    "args",
];
/// What everybody names shortly.
const SHORT: [(&str, &str); 6] = [
    ("method.name", "method"),
    ("backbone.name", "backbone"),
    ("tasks.set", "tasks"),
    ("tasks.shots", "shots"),
    ("tasks.per", "per"),
    ("tasks.seed", "data_seed"),
];

fn flatten(name: &str, value: &Value, flat: &mut Map<String, Value>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let full = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
                if !LEFT_OUT.contains(&full.as_str()) {
                    flatten(&full, value, flat);
                }
            }
        }
        Value::Null => {}
        value => {
            let short = SHORT.iter().find(|(long, _)| *long == name).map_or(name, |short| short.1);
            flat.insert(short.to_string(), value.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn write(folder: &Path, name: &str, text: &str) {
        fs::create_dir_all(folder).unwrap();
        fs::write(folder.join(name), text).unwrap();
    }

    #[test]
    fn runs_are_found_with_their_states() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let result = json!({ "method": "pt", "steps": 3, "interrupted": false, "average": 80.5 });
        write(&at("a"), RESULT, &result.to_string());
        write(&at("a"), CONFIG, r#"{ "method": { "name": "pt", "lr": { "x": 0.1 } }, "tasks": { "shots": 8, "rows": [] } }"#);
        write(&at("b/c"), RESULT, &json!({ "steps": 3, "error": "not finite" }).to_string());
        write(&at("b/c"), CONFIG, "{}");
        write(&at("d"), RESULT, "{ \"steps\": ");
        write(&at("e"), "notes.txt", "hello");
        write(&at("f"), CONFIG, "{}");
        write(&at("g"), CELL, r#"{ "settings": { "shots": 4 }, "outcome": "finished", "values": { "scores": {}, "average": 1.5 } }"#);
        write(&at("h"), RESULT, r#"{ "of": "another program" }"#);
        let entries = find(&[folder.path().to_path_buf()]).unwrap();
        let states: Vec<(String, State)> = entries.iter().map(|e| (e.name(), e.state)).collect();
        let wanted = [
            ("a", State::Finished), ("c", State::Failed), ("d", State::Damaged), ("e", State::Foreign),
            ("f", State::Unfinished), ("g", State::Finished), ("h", State::Foreign),
        ];
        assert_eq!(states, wanted.map(|(name, state)| (name.to_string(), state)));
        assert_eq!(Value::Object(entries[0].settings()), json!({ "method": "pt", "method.lr.x": 0.1, "shots": 8 }));
        assert_eq!((entries[0].average(), entries[5].average()), (Some(80.5), Some(1.5)));
        assert_eq!(entries[5].settings()["shots"], 4);
        entries[0].tag(&["good".into()]).unwrap();
        assert_eq!(Entry::read(&at("a")).unwrap().tags, ["good"]);
        entries[0].tag(&[]).unwrap();
        assert!(Entry::read(&at("a")).unwrap().tags.is_empty());
        assert!(find(&[at("none")]).is_err());
    }
}
