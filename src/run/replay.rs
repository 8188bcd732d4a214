//! A replay: the steps of a run are made again and compared with its record.

use crate::{Error, Result};
use compt_core::train::report::StepReport;
use compt_error::Context;
use serde_json::Value;
use std::collections::BTreeMap;

/// The result of a replay.
#[derive(Debug, Clone, Default)]
pub struct Replayed {
    pub steps: u64,
    /// The number of steps whose loss differs from the record, and the first of them with both losses.
    pub differ: u64,
    pub first: Option<(u64, f64, f64)>,
    pub largest: f64,
    /// The largest relative difference that counts as equal.
    pub tolerance: f64,
}

/// A replay in progress, compared with the lines of `metrics.jsonl`.
pub struct Replay {
    lines: Vec<Value>,
    to: u64,
    tolerance: f64,
    steps: u64,
    /// Steps with a different loss: the recorded one and the new one.
    differ: BTreeMap<u64, (f64, f64)>,
    largest: f64,
}

impl Replay {
    /// Replays up to step `to`, or to the last recorded one.
    pub fn new(lines: Vec<Value>, to: Option<u64>, tolerance: f64) -> Replay {
        let last = lines.last().and_then(|line| line["step"].as_u64()).unwrap_or(0);
        let to = to.map_or(last, |to| to.min(last));
        Replay { lines, to, tolerance, steps: 0, differ: BTreeMap::new(), largest: 0.0 }
    }

    pub fn is_over(&self, step: u64) -> bool {
        step >= self.to
    }

    /// Compares a step with the record. A step that is repeated after a rollback replaces its earlier
    /// result. Errors: the step is not recorded.
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
