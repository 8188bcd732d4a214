//! The numbers of a run by step: of its record, or, if it has none, of its last steps.

use crate::{Error, Result};
use compt_base::files::json::{path_value, read_json_lines, value_path};
use compt_core::train::history::Evaluated;
use compt_study::records::folder::{CHECKPOINTS, METRICS};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Numbers of each step.
const NUMBERS: [&str; 5] = ["loss", "grad_norm", "temperature", "epoch", "seconds"];
/// Numbers of each step by name: of parameter groups, or of tasks.
const NAMED: [&str; 3] = ["lr", "task_losses", "grad_norms"];

/// The number of steps that a run without a record keeps at least.
const KEPT: usize = 10_000;

/// Numbers by step, in columns of the same length. A step without a number has NaN in its column.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Columns {
    /// Increasing.
    pub steps: Vec<i64>,
    pub numbers: BTreeMap<&'static str, Vec<f64>>,
    pub named: BTreeMap<&'static str, BTreeMap<String, Vec<f64>>>,
}

/// All numbers of a run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunHistory {
    pub columns: Columns,
    /// The evaluations during training.
    pub evaluations: Vec<Evaluated>,
}

impl Columns {
    /// Adds a step from a line of `metrics.jsonl`; it replaces steps of its number and later ones.
    pub fn push(&mut self, line: &Value) {
        let Some(step) = line["step"].as_i64() else { return };
        self.back_to(step - 1);
        let before = self.steps.len();
        self.steps.push(step);
        let add = |column: &mut Vec<f64>, value: Option<f64>| {
            column.resize(before, f64::NAN);
            column.push(value.unwrap_or(f64::NAN));
        };
        for name in NUMBERS {
            if let Some(value) = line.get(name) {
                add(self.numbers.entry(name).or_default(), value.as_f64());
            }
        }
        for family in NAMED {
            for (name, value) in line[family].as_object().into_iter().flatten() {
                let columns = self.named.entry(family).or_default();
                add(columns.entry(name.clone()).or_default(), value.as_f64());
            }
        }
        self.all().for_each(|column| column.resize(before + 1, f64::NAN));
    }

    /// Removes the steps after this one.
    pub fn back_to(&mut self, step: i64) {
        if self.steps.last().is_none_or(|last| *last <= step) {
            return;
        }
        let kept = self.steps.partition_point(|known| *known <= step);
        self.steps.truncate(kept);
        self.all().for_each(|column| column.truncate(kept));
    }

    /// Removes the oldest steps once there are twice as many as this.
    fn keep(&mut self, most: usize) {
        if self.steps.len() >= 2 * most {
            let old = self.steps.len() - most;
            self.steps.drain(..old);
            self.all().for_each(|column| drop(column.drain(..old)));
        }
    }

    fn all(&mut self) -> impl Iterator<Item = &mut Vec<f64>> {
        self.numbers.values_mut().chain(self.named.values_mut().flat_map(BTreeMap::values_mut))
    }

    /// The lines that `push` reads.
    fn lines(&self) -> Vec<Value> {
        let line = |i: usize| {
            let mut line = json!({ "step": self.steps[i] });
            for (name, column) in &self.numbers {
                line[*name] = column[i].into();
            }
            for (family, columns) in &self.named {
                let there = columns.iter().filter(|column| column.1[i].is_finite());
                line[*family] =
                    there.map(|(name, column)| (name.clone(), json!(column[i]))).collect();
            }
            line
        };
        (0..self.steps.len()).map(line).collect()
    }
}

/// The steps of a run that another folder records.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Before {
    folder: Value,
    until: i64,
}

impl Before {
    fn of(folder: &Path, until: u64) -> Before {
        let folder = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_path_buf());
        Before { folder: path_value(&folder), until: until as i64 }
    }
}

/// Where the numbers of the steps of a run are.
#[derive(Debug, Default)]
pub struct Trace {
    /// The steps that were made before a checkpoint was loaded.
    before: Vec<Before>,
    /// The last steps of a run without a record.
    kept: Columns,
    /// The run's own record counts after this step.
    own_from: i64,
}

impl Trace {
    /// Keeps a step of a run without a record.
    pub fn push(&mut self, line: &Value) {
        self.kept.push(line);
        self.kept.keep(KEPT);
    }

    /// For a checkpoint that is written outside of the run's folder `own`, after step `until`: where the numbers are.
    pub fn to_json_with(&self, own: Option<&Path>, until: u64) -> Value {
        let own = own.filter(|_| until as i64 > self.own_from).map(|own| Before::of(own, until));
        let before: Vec<&Before> = self.before.iter().chain(&own).collect();
        json!({ "before": before, "kept": self.kept.lines() })
    }

    /// For a checkpoint: where the numbers are, if they are not all in the run's own folder; null if they are.
    pub fn to_json(&self) -> Value {
        match self.before.is_empty() && self.kept.steps.is_empty() && self.own_from == 0 {
            true => Value::Null,
            false => {
                json!({ "before": self.before, "kept": self.kept.lines(), "own_from": self.own_from })
            }
        }
    }

    /// The trace of a checkpoint.
    pub fn of_json(value: &Value) -> Trace {
        let mut trace = Trace {
            before: serde_json::from_value(value["before"].clone()).unwrap_or_default(),
            kept: Columns::default(),
            own_from: value["own_from"].as_i64().unwrap_or(0),
        };
        value["kept"].as_array().into_iter().flatten().for_each(|line| trace.kept.push(line));
        trace
    }

    /// Adds a folder that records the steps up to this one.
    pub fn follow(&mut self, folder: &Path, until: u64) {
        self.before.push(Before::of(folder, until));
    }

    /// The step after which the run's own record counts.
    pub fn own_from(&self) -> i64 {
        self.own_from
    }

    /// The steps up to this one are those of another run.
    pub fn begin_after(&mut self, step: u64) {
        self.own_from = step as i64;
    }

    /// The numbers of all steps up to this one; `own` is the folder of the run's record.
    ///
    /// # Errors
    /// A record cannot be read, or has not all steps.
    pub fn columns(&self, own: Option<&Path>, until: u64) -> Result<Columns> {
        let mut lines = BTreeMap::new();
        for Before { folder, until } in &self.before {
            let folder = value_path(folder).unwrap_or_default();
            read(&mut lines, &folder, (0, *until))?;
        }
        lines.extend(self.kept.lines().into_iter().filter_map(numbered));
        if let Some(own) = own {
            read(&mut lines, own, (self.own_from, until as i64))?;
        }
        let mut columns = Columns::default();
        lines.range(..=until as i64).for_each(|(_, line)| columns.push(line));
        Ok(columns)
    }
}

fn numbered(line: Value) -> Option<(i64, Value)> {
    Some((line["step"].as_i64()?, line))
}

/// Adds the steps after `from` up to `until` of the record in a folder.
fn read(lines: &mut BTreeMap<i64, Value>, folder: &Path, (from, until): (i64, i64)) -> Result<()> {
    if until <= from {
        return Ok(());
    }
    let path = folder.join(METRICS);
    let found = read_json_lines(&path)?.into_iter().filter_map(numbered);
    let found: Vec<_> = found.filter(|line| from < line.0 && line.0 <= until).collect();
    let last = found.iter().map(|line| line.0).max().unwrap_or(0);
    if last < until {
        let what = format!("the record of the steps ends with step {last}, and {until} were made");
        return Err(Error::new(what).at(path.display()));
    }
    lines.extend(found);
    Ok(())
}

/// The folder of the run that a checkpoint is in: the folder itself, or the one that its `checkpoints/` is in.
pub fn folder_of(checkpoint: &Path) -> Option<PathBuf> {
    let folder = match checkpoint.is_dir() {
        true => Some(checkpoint),
        false => checkpoint.parent().filter(|parent| parent.ends_with(CHECKPOINTS))?.parent(),
    };
    folder
        .map(|folder| if folder.as_os_str().is_empty() { Path::new(".") } else { folder })
        .filter(|folder| folder.join(METRICS).is_file())
        .map(Path::to_path_buf)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(step: i64) -> Value {
        let mut line = json!({ "step": step, "loss": step as f64, "lr": { "source": 0.5 } });
        if step == 2 {
            line["task_losses"] = json!({ "a": 1.5 });
            line["loss"] = Value::Null;
        }
        line
    }

    #[test]
    fn a_step_without_a_number_has_a_gap() {
        let mut columns = Columns::default();
        (1..=3).for_each(|step| columns.push(&line(step)));
        assert_eq!(columns.steps, [1, 2, 3]);
        let loss = &columns.numbers["loss"];
        assert!(loss[0] == 1.0 && loss[1].is_nan() && loss[2] == 3.0);
        let task = &columns.named["task_losses"]["a"];
        assert!(task[0].is_nan() && task[1] == 1.5 && task[2].is_nan());
        columns.push(&line(2));
        assert_eq!(columns.steps, [1, 2]);
        assert_eq!(columns.named["lr"]["source"], [0.5, 0.5]);
        assert!(!columns.numbers.contains_key("temperature"));
    }

    #[test]
    fn a_run_without_a_record_keeps_its_last_steps() {
        let mut columns = Columns::default();
        (1..=20).for_each(|step| {
            columns.push(&line(step));
            columns.keep(5);
        });
        assert_eq!(columns.steps, [16, 17, 18, 19, 20]);
        assert!(columns.named["task_losses"]["a"].iter().all(|x| x.is_nan()));
    }

    #[test]
    fn a_checkpoint_tells_where_the_steps_before_it_are() {
        let folder = tempfile::tempdir().unwrap();
        let text: String = (1..=4).map(|step| format!("{}\n", line(step))).collect();
        std::fs::write(folder.path().join(METRICS), text).unwrap();
        let mut trace = Trace::default();
        assert!(trace.to_json().is_null());
        trace.follow(folder.path(), 3);
        trace.push(&line(4));
        let again = Trace::of_json(&trace.to_json());
        assert_eq!(again.columns(None, 4).unwrap().steps, [1, 2, 3, 4]);
        assert_eq!(again.columns(None, 2).unwrap().steps, [1, 2]);
        std::fs::write(folder.path().join(METRICS), format!("{}\n", line(1))).unwrap();
        let text = again.columns(None, 4).unwrap_err().to_string();
        assert!(text.contains("ends with step 1, and 3 were made"), "{text}");
        let within = folder.path().join(CHECKPOINTS).join("best.safetensors");
        assert_eq!(folder_of(&within).unwrap(), folder.path());
        assert_eq!(folder_of(&folder.path().join("x.safetensors")), None);
    }
}
