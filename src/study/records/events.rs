//! The control events of a run: `control.jsonl`, one line per event, and the source texts it refers to.

use super::modules::{PUT_BACK, copied};
use crate::{Error, Result};
use compt_base::files::json::read_json_lines;
use compt_base::files::source::Source;
use compt_error::Context;
use serde_json::{Value, json};
use std::path::Path;

/// A control event that took effect at a step.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The first step that it applied to, from 1.
    pub step: u64,
    /// The number of attempted steps including that one; larger than `step` after rollbacks.
    pub attempt: u64,
    pub change: Change,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// A version of the control file, followed by the files it requires. `because` is the error of a later
    /// version, if this one was restored after it.
    Version { sources: Vec<Source>, because: Option<String> },
    /// A control table of the script: where it was passed, the text of each knob, and the source texts of
    /// its chunks.
    Table { place: String, knobs: Value, sources: Vec<Source> },
    /// A knob set by hand; null if it was released.
    Set { name: String, value: Value },
    /// The settings of the last good step, kept because of an error.
    Hold { knobs: Value, because: String },
    /// A version of the file of a user-defined part of the run.
    Part { role: Role, name: String, source: Source },
}

/// The parts of a run that can be in a file of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Operator,
    Router,
    Optimizer,
    Sampler,
}

impl Role {
    pub const ALL: [Role; 4] = [Role::Operator, Role::Router, Role::Optimizer, Role::Sampler];

    /// Its key in records.
    pub fn name(self) -> &'static str {
        match self {
            Role::Operator => "operator",
            Role::Router => "router",
            Role::Optimizer => "optimizer",
            Role::Sampler => "sampler",
        }
    }

    /// The key of its name in a method, or in the settings of the run.
    pub fn option(self) -> &'static str {
        match self {
            Role::Operator => "compose",
            Role::Router => "router",
            Role::Optimizer => "optimizer",
            Role::Sampler => "sampler",
        }
    }
}

/// The folder of source texts, below the run's folder.
pub const TEXTS: &str = "control";
/// The file of events.
pub const LINES: &str = "control.jsonl";

impl Event {
    /// The line in `control.jsonl`.
    pub fn line(&self) -> Value {
        let named = |source: &Source| json!({ "sha256": source.sha256, "file": source.path.display().to_string() });
        let mut line = json!({ "step": self.step });
        if self.attempt != self.step {
            line["attempt"] = self.attempt.into();
        }
        match &self.change {
            Change::Version { sources, because } => {
                let (file, required) = sources.split_first().expect("the control file itself");
                line["sha256"] = file.sha256.as_str().into();
                line["file"] = file.path.display().to_string().into();
                if !required.is_empty() {
                    line["requires"] = required.iter().map(named).collect();
                }
                if let Some(because) = because {
                    line["because"] = because.as_str().into();
                }
            }
            Change::Table { place, knobs, sources } => {
                line["table"] = place.as_str().into();
                line["knobs"] = knobs.clone();
                line["sources"] = sources.iter().map(named).collect();
            }
            Change::Set { name, value } => {
                line["set"] = name.as_str().into();
                line["value"] = value.clone();
            }
            Change::Hold { knobs, because } => {
                line["hold"] = knobs.clone();
                line["because"] = because.as_str().into();
            }
            Change::Part { role, name, source } => {
                line[role.name()] = name.as_str().into();
                line["sha256"] = source.sha256.as_str().into();
                line["file"] = source.path.display().to_string().into();
            }
        }
        line
    }

    /// The source texts that the event refers to.
    pub fn sources(&self) -> &[Source] {
        match &self.change {
            Change::Version { sources, .. } | Change::Table { sources, .. } => sources,
            Change::Part { source, .. } => std::slice::from_ref(source),
            Change::Set { .. } | Change::Hold { .. } => &[],
        }
    }

    fn read(folder: &Path, line: &Value) -> Result<Event> {
        let text = |key: &str| line[key].as_str().map(String::from);
        let wrong = || Error::new("a line was not written by compt").hint("was the file edited?");
        let step = line["step"].as_u64().ok_or_else(wrong)?;
        let change = if let Some(name) = text("set") {
            Change::Set { name, value: line["value"].clone() }
        } else if let Some(place) = text("table") {
            let sources = line["sources"].as_array().into_iter().flatten();
            let sources = sources.map(|named| recorded(folder, named)).collect::<Result<_>>()?;
            Change::Table { place, knobs: line["knobs"].clone(), sources }
        } else if !line["hold"].is_null() {
            let because = text("because").unwrap_or_default();
            Change::Hold { knobs: line["hold"].clone(), because }
        } else if let Some((role, name)) =
            Role::ALL.iter().find_map(|role| Some((*role, text(role.name())?)))
        {
            Change::Part { role, name, source: recorded(folder, line)? }
        } else {
            let mut sources = vec![recorded(folder, line)?];
            for required in line["requires"].as_array().into_iter().flatten() {
                sources.push(recorded(folder, required)?);
            }
            Change::Version { sources, because: text("because") }
        };
        Ok(Event { step, attempt: attempt(line).unwrap_or(step), change })
    }
}

/// The attempt of a line of `control.jsonl` or `metrics.jsonl`.
pub fn attempt(line: &Value) -> Option<u64> {
    line["attempt"].as_u64().or(line["step"].as_u64())
}

/// A source text referred to by path and hash.
fn recorded(folder: &Path, named: &Value) -> Result<Source> {
    let (Some(hash), Some(file)) = (named["sha256"].as_str(), named["file"].as_str()) else {
        return Err(Error::new("a line has no file and hash"));
    };
    let copy = folder.join(TEXTS).join(format!("{hash}.lua"));
    copied(Path::new(file), &copy, hash).map_err(|e| e.hint(PUT_BACK))
}

/// Reads all control events of a run's folder. Errors: a record cannot be read, or a source text does
/// not match its hash.
pub fn read(folder: &Path) -> Result<Vec<Event>> {
    let path = folder.join(LINES);
    let lines = read_json_lines(&path)?;
    lines.iter().map(|line| Event::read(folder, line).at(path.display())).collect()
}
