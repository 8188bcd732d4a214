//! The tasks of one study.

use super::{Definition, Example, LabelWords, Lengths, Per, Plan, Split, Task, Tokenizer};
use crate::text_table::text_table;
use crate::word::normal;
use crate::{Error, Result};
use compt_error::Context;
use std::collections::BTreeMap;
use std::fmt;

/// Tasks trained together, and how their rows were sampled.
#[derive(Debug, Clone)]
pub struct TaskSet {
    pub name: String,
    pub tasks: Vec<Task>,
    /// In the order of the tasks.
    parts: Vec<Part>,
    /// The lengths of each task's sources, if a tokenizer was used.
    pub lengths: Vec<Option<Lengths>>,
}

/// Tasks whose rows were sampled with the same options.
#[derive(Debug, Clone)]
pub struct Part {
    pub name: String,
    count: usize,
    /// Training rows kept per task or class; `None`: all.
    pub shots: Option<usize>,
    pub per: Per,
    pub seed: u64,
    /// The seed of the splits.
    pub split_seed: u64,
    /// The arguments that they were read with, as data; `None` if these contain functions.
    pub source: Option<serde_json::Value>,
}

impl TaskSet {
    /// A set of existing tasks.
    pub fn of(name: &str, tasks: Vec<Task>) -> Self {
        Self::drawn(name, tasks, &Plan::whole())
    }

    fn drawn(name: &str, tasks: Vec<Task>, plan: &Plan) -> Self {
        let &Plan { shots, per, seed, split_seed, .. } = plan;
        let (name, count) = (name.to_string(), tasks.len());
        let part = Part { name: name.clone(), count, shots, per, seed, split_seed, source: None };
        let lengths = vec![None; tasks.len()];
        TaskSet { name, tasks, parts: vec![part], lengths }
    }

    /// The tasks of both sets, with their sampled rows; two tasks with one name are an error.
    pub fn join(&self, other: &TaskSet) -> Result<TaskSet> {
        let own = self.names();
        if let Some(name) = other.names().into_iter().find(|name| own.contains(name)) {
            let what = format!("task '{name}' is in both '{}' and '{}'", self.name, other.name);
            return Err(Error::new(what)
                .hint("remove it from one: the option 'tasks' of compt.tasks selects tasks"));
        }
        Ok(TaskSet {
            name: format!("{}+{}", self.name, other.name),
            tasks: [&self.tasks[..], &other.tasks].concat(),
            parts: [&self.parts[..], &other.parts].concat(),
            lengths: [&self.lengths[..], &other.lengths].concat(),
        })
    }

    /// The same tasks with their prefixes before every source.
    /// Errors: two tasks have the same prefix.
    pub fn prefixed(&self) -> Result<TaskSet> {
        for (i, task) in self.tasks.iter().enumerate() {
            let same = |other: &&Task| normal(&other.prefix.text) == normal(&task.prefix.text);
            if let Some(other) = self.tasks[..i].iter().find(same) {
                let (a, b, text) = (&other.name, &task.name, &task.prefix.text);
                let what = format!("the tasks '{a}' and '{b}' have the same prefix '{text}'");
                return Err(Error::new(what).hint(
                    "set another 'prefix' or 'shared_prefix' in one of the definitions: a model that \
                     tasks share must be told which one it is asked",
                ));
            }
        }
        let tasks = self.tasks.iter().map(Task::prefixed).collect();
        Ok(TaskSet { tasks, lengths: vec![None; self.tasks.len()], ..self.clone() })
    }

    /// The parts, each with its tasks.
    pub fn parts(&self) -> impl Iterator<Item = (&Part, &[Task])> {
        let mut rest = &self.tasks[..];
        self.parts.iter().map(move |part| {
            let (own, later) = rest.split_at(part.count);
            rest = later;
            (part, own)
        })
    }

    /// Records the arguments that all its tasks were read with, as data.
    pub fn set_source(&mut self, source: Option<serde_json::Value>) {
        self.parts.iter_mut().for_each(|part| part.source = source.clone());
    }

    /// The value that all parts agree on.
    pub fn shared<T: PartialEq>(&self, of: impl Fn(&Part) -> T) -> Option<T> {
        let first = of(self.parts.first()?);
        self.parts.iter().all(|part| of(part) == first).then_some(first)
    }

    /// Counts the tokens of every source; a trainer keeps at most `most`. Label words
    /// that the tokenizer cannot distinguish are an error.
    pub fn measure(&mut self, tokenizer: &Tokenizer, most: usize) -> Result<()> {
        for (task, lengths) in self.tasks.iter().zip(&mut self.lengths) {
            LabelWords::of(tokenizer, task.labels.words()).at(format!("task '{}'", task.name))?;
            *lengths = Some(Lengths::of(task, tokenizer, most)?);
        }
        Ok(())
    }

    /// Reads every task. Returns the first error of any of them.
    pub fn build(name: &str, definitions: Vec<Definition>, plan: &Plan) -> Result<Self> {
        if definitions.is_empty() {
            return Err(Error::new("a task set needs at least one task"));
        }
        for (i, task) in definitions.iter().enumerate() {
            if definitions[..i].iter().any(|earlier| earlier.name == task.name) {
                return Err(Error::new(format!("task '{}' occurs twice", task.name)));
            }
        }
        if plan.shots == Some(0) {
            return Err(Error::new("with 0 shots there are no training rows")
                .hint("omit 'shots' to use all training rows"));
        }
        if plan.max_test == Some(0) {
            return Err(Error::new("with 'max_test' 0 there are no test rows"));
        }
        let tasks = definitions.into_iter().map(|d| d.build(plan)).collect::<Result<_>>()?;
        Ok(TaskSet::drawn(name, tasks, plan))
    }

    /// The examples of one task's split.
    pub fn split(&self, task: usize, split: Split) -> &[Example] {
        self.tasks[task].split(split)
    }

    pub fn names(&self) -> Vec<&str> {
        self.tasks.iter().map(|task| task.name.as_str()).collect()
    }
}

/// A table: the number of rows in each split, the lengths of the sources if they are known, the metrics, and
/// the class balance of the training rows.
impl fmt::Display for TaskSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.parts {
            let shots = match part.shots {
                Some(shots) => format!("{shots} shots per {}", part.per.name()),
                None => "all training rows".to_string(),
            };
            write!(f, "tasks '{}': {shots}, seed {}", part.name, part.seed)?;
            match part.split_seed {
                0 => writeln!(f)?,
                seed => writeln!(f, ", split seed {seed}")?,
            }
        }
        let lengths = ["tokens: median", "95 %", "cut"].map(String::from);
        let are_known = self.lengths.iter().any(Option::is_some);
        let lengths = if are_known { lengths.to_vec() } else { Vec::new() };
        let numbers = 3 + lengths.len();
        let first = ["task", "train", "validation", "test"].map(String::from).into_iter();
        let last = ["metrics", "training labels"].map(String::from);
        let names = first.chain(lengths.clone()).chain(last).collect();
        let mut table = text_table(names, 1..=numbers);
        for (i, task) in self.tasks.iter().enumerate() {
            let size = |split| task.split(split).len().to_string();
            let metrics: Vec<&str> = task.metrics.iter().map(|m| m.name()).collect();
            let lengths = match &self.lengths[i] {
                Some(lengths) => lengths.cells().to_vec(),
                None => vec![String::new(); lengths.len()],
            };
            let row = [task.name.clone()].into_iter().chain(Split::ALL.map(size)).chain(lengths);
            table.add_row(row.chain([metrics.join(", "), balance(task)]));
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
