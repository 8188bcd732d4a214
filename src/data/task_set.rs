//! The tasks of one study.

use super::{Definition, Example, Lengths, Per, Plan, Split, Task, Tokenizer};
use crate::{Error, Result};
use comfy_table::{CellAlignment, Table, presets};
use std::collections::BTreeMap;
use std::fmt;

/// Tasks trained together, and how their rows were drawn.
#[derive(Debug, Clone)]
pub struct TaskSet {
    pub name: String,
    pub tasks: Vec<Task>,
    /// Training rows kept of each task or class; `None` where all were.
    pub shots: Option<usize>,
    pub per: Per,
    pub seed: u64,
    /// Of each task's sources, where a tokenizer was given.
    pub lengths: Option<Vec<Lengths>>,
}

impl TaskSet {
    /// Tasks that are there already.
    pub fn of(name: &str, tasks: Vec<Task>) -> Self {
        TaskSet { name: name.into(), tasks, shots: None, per: Per::Task, seed: 0, lengths: None }
    }

    /// Counts the tokens of every source, of which a trainer keeps no more than `most`.
    pub fn measure(&mut self, tokenizer: &Tokenizer, most: usize) -> Result<()> {
        let lengths = self.tasks.iter().map(|task| Lengths::of(task, tokenizer, most));
        self.lengths = Some(lengths.collect::<Result<_>>()?);
        Ok(())
    }

    /// Reads every task. The first thing wrong with one of them is the error.
    pub fn build(name: &str, definitions: Vec<Definition>, plan: &Plan) -> Result<Self> {
        if definitions.is_empty() {
            return Err(Error::new("a task set needs at least one task"));
        }
        for (i, task) in definitions.iter().enumerate() {
            if definitions[..i].iter().any(|earlier| earlier.name == task.name) {
                return Err(Error::new(format!("task '{}' comes twice", task.name)));
            }
        }
        if plan.shots == Some(0) {
            return Err(Error::new("0 shots leave nothing to train on")
                .hint("leave 'shots' out to take every training row"));
        }
        if plan.max_test == Some(0) {
            return Err(Error::new("'max_test' 0 leaves nothing to evaluate on"));
        }
        let tasks = definitions.into_iter().map(|d| d.build(plan)).collect::<Result<_>>()?;
        let Plan { shots, per, seed, .. } = *plan;
        Ok(TaskSet { shots, per, seed, ..TaskSet::of(name, tasks) })
    }

    /// The examples of one task's split.
    pub fn split(&self, task: usize, split: Split) -> &[Example] {
        self.tasks[task].split(split)
    }

    pub fn names(&self) -> Vec<&str> {
        self.tasks.iter().map(|task| task.name.as_str()).collect()
    }

    /// The place of a task, from 0; an unknown name is an error with the nearest known one.
    pub fn index_of(&self, name: &str) -> Result<usize> {
        let place = self.tasks.iter().position(|task| task.name == name);
        place.ok_or_else(|| Error::unknown("task", name, self.names()))
    }
}

/// A table: rows in each split, the lengths of the sources if they are known, the metrics, and how the
/// training rows fall into classes.
impl fmt::Display for TaskSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shots = match self.shots {
            Some(shots) => format!("{shots} shots per {}", self.per.name()),
            None => "all training rows".to_string(),
        };
        writeln!(f, "tasks '{}': {shots}, seed {}", self.name, self.seed)?;
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        let lengths = ["tokens: median", "95 %", "cut"].map(String::from);
        let lengths = if self.lengths.is_some() { lengths.to_vec() } else { Vec::new() };
        let numbers = 3 + lengths.len();
        let first = ["task", "train", "validation", "test"].map(String::from).into_iter();
        let last = ["metrics", "training labels"].map(String::from);
        table.set_header(first.chain(lengths).chain(last));
        for (i, task) in self.tasks.iter().enumerate() {
            let size = |split| task.split(split).len().to_string();
            let metrics: Vec<&str> = task.metrics.iter().map(|m| m.name()).collect();
            let lengths = self.lengths.iter().flat_map(|all| all[i].cells());
            let row = [task.name.clone()].into_iter().chain(Split::ALL.map(size)).chain(lengths);
            table.add_row(row.chain([metrics.join(", "), balance(task)]));
        }
        for column in table.column_iter_mut().skip(1).take(numbers) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        f.write_str(&table.trim_fmt())
    }
}

/// "entailment 9, not_entailment 7"
fn balance(task: &Task) -> String {
    let mut counts = BTreeMap::new();
    for row in &task.train {
        *counts.entry(task.labels.class_of(&row.target)).or_insert(0) += 1;
    }
    let classes = task.labels.classes();
    let part = |(class, name): (usize, &String)| {
        format!("{name} {}", counts.get(&class).copied().unwrap_or(0))
    };
    classes.iter().enumerate().map(part).collect::<Vec<_>>().join(", ")
}
