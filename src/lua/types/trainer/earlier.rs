//! The run of an earlier session that a trainer is to go on with, or to make again.

use crate::control::Past;
use crate::session::{Mode, Replayed, Session};
use crate::{Error, Result};
use compt_core::files::json::{read_json, read_json_lines};
use compt_core::files::source::Source;
use compt_core::train::report::StepReport;
use compt_error::Context;
use compt_study::run::folder::{CONFIG, METRICS, RESULT};
use compt_study::run::steering::{self, Change, Event};
use mlua::Lua;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;

pub struct Earlier {
    pub mode: Mode,
    /// Whether this is the run that a replay is about.
    pub is_target: bool,
    pub path: PathBuf,
    pub events: Vec<Event>,
    /// The steps that were made, as `metrics.jsonl` has them.
    pub steps: Vec<Value>,
    /// Whether an error ended it.
    failed: bool,
}

impl Earlier {
    /// The number of the session's next trainer, and its earlier run, if the session is one that
    /// is run again.
    pub fn of_next(lua: &Lua) -> mlua::Result<(usize, Option<Earlier>)> {
        let (number, again) = match lua.app_data_mut::<Session>() {
            Some(mut session) => {
                session.trainers += 1;
                (session.trainers, session.again.clone())
            }
            None => return Ok((0, None)),
        };
        let path = again.as_ref().and_then(|again| again.folders.get(&number));
        let (Some(again), Some(path)) = (&again, path) else { return Ok((number, None)) };
        let is_target = match again.mode {
            Mode::Replay { trainer, .. } | Mode::Evaluate { trainer } => trainer == number,
            Mode::Resume => false,
        };
        let read = || -> Result<Earlier> {
            Ok(Earlier {
                mode: again.mode,
                is_target,
                path: path.clone(),
                events: steering::read(path)?,
                steps: read_json_lines(&path.join(METRICS))?,
                failed: read_json(&path.join(RESULT)).is_ok_and(|r| !r["error"].is_null()),
            })
        };
        Ok((number, Some(read()?)))
    }

    /// The file that an operator of the session's next trainer began with, where that is a run of an
    /// earlier session.
    pub fn operator_of_next(lua: &Lua, name: &str) -> Result<Option<Source>> {
        let path = lua.app_data_ref::<Session>().and_then(|session| {
            session.again.as_ref()?.folders.get(&(session.trainers + 1)).cloned()
        });
        let Some(path) = path else { return Ok(None) };
        Ok(steering::read(&path)?.into_iter().find_map(|event| match event.change {
            Change::Operator { name: known, source } if known == name => Some(source),
            _ => None,
        }))
    }

    /// The texts of the control file the run began with.
    pub fn first_version(&self) -> Option<&[Source]> {
        self.events.iter().find_map(|event| match &event.change {
            Change::Version { sources, .. } => Some(&sources[..]),
            _ => None,
        })
    }

    /// What steered it, to be done again.
    pub fn past(&self) -> Past {
        Past {
            events: self.events.clone().into(),
            until: self.steps.last().and_then(steering::attempt).unwrap_or(0),
            alone: self.is_target,
        }
    }

    /// Where an error ended the run, the steps after its last checkpoint may have led there: they
    /// are made anew, as its control is now.
    pub fn forget_what_failed(&mut self, attempts: u64, steps: u64) {
        if self.failed && !self.is_target {
            self.events.retain(|event| event.attempt <= attempts);
            self.steps.truncate(steps as usize);
        }
    }

    /// What the script asks for now and did not ask for then; by name, with both.
    pub fn differences(&self, config: &Value) -> Result<Vec<String>> {
        let recorded = read_json(&self.path.join(CONFIG))?;
        let mut found = Vec::new();
        differences("", &recorded, config, &mut found);
        Ok(found)
    }
}

/// The leaves in which two values differ: `batch_size: 16 -> 32`.
fn differences(name: &str, old: &Value, new: &Value, found: &mut Vec<String>) {
    match (old, new) {
        (Value::Object(a), Value::Object(b)) => {
            let added = b.keys().filter(|key| !a.contains_key(*key));
            for key in a.keys().chain(added) {
                let full = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
                differences(&full, &old[key], &new[key], found);
            }
        }
        _ if old == new || old.as_f64().is_some_and(|x| new.as_f64() == Some(x)) => {}
        (Value::String(a), Value::String(b)) if a.len() == 64 && b.len() == 64 => {
            found.push(format!("{name}: another content"))
        }
        _ => found.push(format!("{name}: {old} -> {new}")),
    }
}

/// A replay under way, against the lines of `metrics.jsonl`.
pub struct Replay {
    lines: Vec<Value>,
    to: u64,
    tolerance: f64,
    steps: u64,
    /// Steps whose loss is another: the recorded one and the new one.
    differ: BTreeMap<u64, (f64, f64)>,
    largest: f64,
}

impl Replay {
    /// Up to this step, or to the last recorded one.
    pub fn new(lines: Vec<Value>, to: Option<u64>, tolerance: f64) -> Replay {
        let last = lines.last().and_then(|line| line["step"].as_u64()).unwrap_or(0);
        let to = to.map_or(last, |to| to.min(last));
        Replay { lines, to, tolerance, steps: 0, differ: BTreeMap::new(), largest: 0.0 }
    }

    pub fn is_over(&self, step: u64) -> bool {
        step >= self.to
    }

    /// Compares a step with the record. One that is made again after a rollback counts anew.
    pub fn compare(&mut self, report: &StepReport) -> Result<()> {
        let line = self.lines.iter().find(|line| line["step"] == report.step);
        let line = line.ok_or_else(|| Error::new("the step is not recorded")).at(report.step)?;
        if !report.rolled_back.is_empty() {
            self.differ.split_off(&report.step);
        }
        self.steps = report.step;
        let was = line["loss"].as_f64().unwrap_or(f64::NAN);
        let difference = match (was.is_nan(), report.loss.is_nan()) {
            (true, true) => 0.0,
            (false, false) => (was - report.loss).abs(),
            _ => f64::INFINITY,
        };
        self.largest = self.largest.max(difference);
        match difference <= self.tolerance * was.abs().max(1.0) {
            true => self.differ.remove(&report.step),
            false => self.differ.insert(report.step, (was, report.loss)),
        };
        Ok(())
    }

    pub fn outcome(&self) -> Replayed {
        Replayed {
            steps: self.steps,
            differ: self.differ.len() as u64,
            first: self.differ.iter().next().map(|(step, (was, now))| (*step, *was, *now)),
            largest: self.largest,
            tolerance: self.tolerance,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn settings_that_differ_are_named() {
        let mut found = Vec::new();
        let old = json!({ "a": 1, "b": { "c": 0.5, "d": [1] }, "e": 2 });
        let new = json!({ "a": 1.0, "b": { "c": 0.25, "d": [1] }, "f": 3 });
        differences("", &old, &new, &mut found);
        assert_eq!(found, ["b.c: 0.5 -> 0.25", "e: 2 -> null", "f: null -> 3"]);
    }

    #[test]
    fn a_replay_counts_what_differs() {
        let lines = vec![
            json!({ "step": 1, "loss": 0.5 }),
            json!({ "step": 2, "loss": null }),
            json!({ "step": 3, "loss": 0.25 }),
        ];
        let step = |step, loss| StepReport { step, loss, ..StepReport::default() };
        let mut replay = Replay::new(lines, Some(9), 0.0);
        replay.compare(&step(1, 0.5)).unwrap();
        replay.compare(&step(2, f64::NAN)).unwrap();
        assert!(!replay.is_over(2) && replay.is_over(3));
        replay.compare(&step(3, 0.5)).unwrap();
        let outcome = replay.outcome();
        assert_eq!((outcome.differ, outcome.first), (1, Some((3, 0.25, 0.5))));
        let again = StepReport { rolled_back: vec![3], ..step(2, f64::NAN) };
        replay.compare(&again).unwrap();
        assert_eq!(replay.outcome().differ, 0);
        assert!(replay.compare(&step(4, 0.5)).is_err());
    }
}
