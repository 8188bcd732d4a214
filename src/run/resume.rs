//! The run of an earlier process, which is resumed, replayed or evaluated.

use super::spec::Specification;
use super::steering::Past;
use crate::Result;
use compt_base::files::json::{read_json, read_json_lines};
use compt_base::files::source::Source;
use compt_core::train::optimizer;
use compt_core::{compose, router};
use compt_study::records::events::{self, Change, Event, Role};
use compt_study::records::folder::{CHECKPOINTS, METRICS, RESULT};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Why a run of an earlier process is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The remaining steps are made and recorded.
    Resume,
    /// Its steps are made again, up to `to` or the last recorded one, and compared; nothing is
    /// written.
    Replay { to: Option<u64> },
    /// Its last checkpoint is evaluated; no step is made, and nothing is written.
    Evaluate,
    /// A script looks at its last checkpoint and goes on; no step is made, and nothing is written.
    Open,
    /// A run that the script makes before the one that is replayed or evaluated: its last checkpoint is
    /// loaded, and nothing is written.
    Load { may_train: bool },
}

/// The run of an earlier process, as its folder records it.
#[derive(Clone)]
pub struct Earlier {
    pub purpose: Purpose,
    pub path: PathBuf,
    events: Vec<Event>,
    /// The recorded steps: the lines of `metrics.jsonl`.
    pub steps: Vec<Value>,
    /// Whether it ended with an error.
    failed: bool,
}

impl Earlier {
    /// Reads a run's folder.
    ///
    /// # Errors
    /// A record cannot be read, or a source text does not match its recorded hash.
    pub fn read(path: &Path, purpose: Purpose) -> Result<Earlier> {
        Ok(Earlier {
            purpose,
            path: path.to_path_buf(),
            events: events::read(path)?,
            steps: read_json_lines(&path.join(METRICS))?,
            failed: read_json(&path.join(RESULT)).is_ok_and(|result| !result["error"].is_null()),
        })
    }

    /// The sources of the control file that the run started with.
    pub fn first_version(&self) -> Option<&[Source]> {
        self.events.iter().find_map(|event| match &event.change {
            Change::Version { sources, .. } => Some(&sources[..]),
            _ => None,
        })
    }

    /// Whether a checkpoint was written, as the record shows; `every` is the interval in steps, 0 if it is
    /// not in steps. A run that was killed or failed before has none. The folder is made before the first one is
    /// written, and shows only without an interval that there was one.
    pub fn had_checkpoint(&self, every: u64) -> bool {
        let ended = self.path.join(RESULT).is_file() && !self.failed;
        let is_past = match every {
            0 => self.path.join(CHECKPOINTS).is_dir(),
            _ => self.steps.len() as u64 > every,
        };
        !self.steps.is_empty() && (ended || is_past)
    }

    /// Whether it is the run to be replayed or evaluated.
    pub fn is_target(&self) -> bool {
        matches!(self.purpose, Purpose::Replay { .. } | Purpose::Evaluate | Purpose::Open)
    }

    /// Its control events, to be applied again.
    pub fn past(&self) -> Past {
        Past {
            events: self.events.clone().into(),
            until: self.steps.last().and_then(events::attempt).unwrap_or(0),
            alone: self.is_target(),
        }
    }

    /// After an error, the steps since the last checkpoint may be its cause: they are made again, with
    /// the current control.
    pub fn forget_failed_steps(&mut self, attempts: u64, steps: u64) {
        if self.failed && !self.is_target() {
            self.events.retain(|event| event.attempt <= attempts);
            self.steps.truncate(steps as usize);
        }
    }
}

/// The first version of the file of a user-defined part of a run.
///
/// # Errors
/// As [`Earlier::read`].
pub fn part_of(run: &Path, role: Role, name: &str) -> Result<Option<Source>> {
    Ok(events::read(run)?.into_iter().find_map(|event| match event.change {
        Change::Part { role: of, name: known, source } if of == role && known == name => {
            Some(source)
        }
        _ => None,
    }))
}

/// The user-defined parts of a run that are in files: their names and first versions.
///
/// # Errors
/// As [`Earlier::read`].
pub fn parts_of(run: &Path, of: &Specification) -> Result<Vec<(Role, String, Source)>> {
    let mut parts = Vec::new();
    for role in Role::ALL {
        let value = match role {
            Role::Sampler => of.sampler.as_ref(),
            Role::Optimizer => Some(&of.optimizer),
            Role::Operator | Role::Router => of.method.get(role.option()),
        };
        let name = value.and_then(|value| value.as_str().or(value["kind"].as_str()));
        let is_own = |name: &&str| match role {
            Role::Operator => compose::built_in(name).is_err(),
            Role::Router => router::KINDS.iter().all(|kind| kind.name != *name),
            Role::Optimizer => optimizer::KINDS.iter().all(|kind| kind.name != *name),
            Role::Sampler => true,
        };
        let Some(name) = name.filter(is_own) else { continue };
        if let Some(source) = part_of(run, role, name)? {
            parts.push((role, name.to_string(), source));
        }
    }
    Ok(parts)
}

/// The settings in which two specifications differ, by name with both values:
/// `batch_size: 16 -> 32`.
pub fn differences(old: &Value, new: &Value) -> Vec<String> {
    let mut found = Vec::new();
    // Settings that compt 0.1.0 did not record are not compared.
    let recorded = old["format"].as_u64().unwrap_or(0);
    let is_known = |key: &str| recorded > 0 || old.get(key).is_some();
    match new.as_object() {
        Some(new) => {
            let mut common = new.clone();
            common.retain(|key, _| is_known(key));
            if recorded == 0
                && let Some(tasks) = common["tasks"].as_object_mut()
            {
                tasks.shift_remove("sources");
            }
            for tasks in SETS.into_iter().filter(|tasks| is_before_split_seed(&old[*tasks])) {
                if let Some(tasks) = common.get_mut(tasks) {
                    forget_split_seed(tasks);
                }
            }
            collect("", old, &common.into(), &mut found);
        }
        None => collect("", old, new, &mut found),
    }
    for tasks in SETS.into_iter().filter(|tasks| is_before_split_seed(&old[*tasks])) {
        let rows = found.iter().any(|name| name.starts_with(&format!("{tasks}.rows.")));
        let (seed, new_seed) = (&old[tasks]["seed"], &new[tasks]["split_seed"]);
        if rows && seed != new_seed {
            found.push(format!(
                "{tasks}.split_seed: none, the splits were drawn with seed {seed} -> {new_seed}"
            ));
        }
    }
    // A path can be written in several ways: the hashes of the rows show whether the content is the same.
    found.retain(|name| !["tasks.files.", "from.files."].iter().any(|key| name.starts_with(key)));
    found
}

/// The keys of task sets.
const SETS: [&str; 2] = ["tasks", "from"];

/// Whether a set of tasks was recorded before `split_seed` existed: its splits were drawn with `seed`. Where this
/// matters, its rows differ.
fn is_before_split_seed(tasks: &Value) -> bool {
    let parts = tasks["parts"].as_array();
    let mut all = std::iter::once(tasks).chain(parts.into_iter().flatten());
    tasks.is_object() && all.all(|part| part["split_seed"].is_null())
}

/// Removes the seed of the splits from a set, its parts and the options of its sources.
fn forget_split_seed(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.shift_remove("split_seed");
            let below = ["parts", "sources", "options"];
            let found = map.iter_mut().filter(|(key, _)| below.contains(&key.as_str()));
            found.for_each(|(_, value)| forget_split_seed(value));
        }
        Value::Array(list) => list.iter_mut().for_each(forget_split_seed),
        _ => {}
    }
}

/// The settings of `config.json` that were edited after the newest checkpoint, which holds a copy of it.
/// The device and the dtype are those of the process that wrote the checkpoint; files may have
/// moved, if the hashes of their rows are the same.
pub fn edits(recorded: &Value, copy: &Value) -> Vec<String> {
    if recorded["format"] != copy["format"] {
        return Vec::new();
    }
    let mut found = differences(copy, recorded);
    let free = ["args", "backbone.device", "backbone.dtype", "tasks.sources", "from.sources"];
    found.retain(|name| !free.iter().any(|key| name.starts_with(key)));
    found
}

fn collect(name: &str, old: &Value, new: &Value, found: &mut Vec<String>) {
    match (old, new) {
        (Value::Object(a), Value::Object(b)) => {
            let added = b.keys().filter(|key| !a.contains_key(*key));
            for key in a.keys().chain(added) {
                let full = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
                collect(&full, &old[key], &new[key], found);
            }
        }
        _ if old == new || old.as_f64().is_some_and(|x| new.as_f64() == Some(x)) => {}
        (Value::String(a), Value::String(b)) if a.len() == 64 && b.len() == 64 => {
            found.push(format!("{name}: different content"))
        }
        _ => found.push(format!("{name}: {old} -> {new}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn settings_that_differ_are_named() {
        let old = json!({ "format": 2, "a": 1, "b": { "c": 0.5, "d": [1] }, "e": 2 });
        let new = json!({ "format": 2, "a": 1.0, "b": { "c": 0.25, "d": [1] }, "f": 3 });
        assert_eq!(differences(&old, &new), ["b.c: 0.5 -> 0.25", "e: 2 -> null", "f: null -> 3"]);
        let splits = |rows: &str| {
            json!({ "format": 2, "tasks": { "rows": { "x": rows }, "seed": 3, "parts": [{ "seed": 3 }],
                "sources": [{ "what": "rte", "options": { "seed": 3 } }] } })
        };
        let mut new = splits("a");
        new["tasks"]["split_seed"] = 0.into();
        new["tasks"]["parts"][0]["split_seed"] = 0.into();
        new["tasks"]["sources"][0]["options"]["split_seed"] = 3.into();
        assert!(differences(&splits("a"), &new).is_empty());
        let found = differences(&splits("b"), &new);
        let told = "tasks.split_seed: none, the splits were drawn with seed 3 -> 0";
        assert_eq!(found, ["tasks.rows.x: \"b\" -> \"a\"", told]);
        let old = json!({ "a": 1, "tasks": { "set": "x" } });
        let new = json!({ "format": 2, "a": 2, "tasks": { "set": "x", "sources": [] } });
        assert_eq!(differences(&old, &new), ["a: 1 -> 2"]);
    }
}
