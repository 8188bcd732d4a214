//! The examples of a task, in three splits.

use super::{Form, Labels, Remarks, Row};
use crate::metric::Metric;
use crate::names;
use crate::word::fold;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One text-to-text example.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Example {
    /// The index of the row in its file, from 0.
    pub index: usize,
    pub source: String,
    pub target: String,
    /// All texts that are right, if there are several; the target is one of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<String>,
    /// What the row is grouped by, if the task has groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The columns that are kept for metrics.
    #[serde(default, skip_serializing_if = "Row::is_empty")]
    pub kept: Row,
}

impl Example {
    /// The texts that are right.
    pub fn right(&self) -> Vec<String> {
        match &self.references[..] {
            [] => vec![self.target.clone()],
            several => several.to_vec(),
        }
    }
}

/// A split: the rows for training, model selection, or reporting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Split {
    Train,
    Validation,
    Test,
}

names!(Split, "split", Train = "train", Validation = "validation", Test = "test");

/// The text that tells a model which of several tasks it is asked, before the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prefix {
    pub text: String,
    /// Whether the sources begin with it.
    pub is_applied: bool,
}

/// A task ready for training: its examples, its label words and its metrics.
#[derive(Debug, Clone)]
pub struct Task {
    pub name: String,
    /// The conversion of its rows to text; `None` for a task without rows.
    pub form: Option<Form>,
    pub prefix: Prefix,
    pub labels: Labels,
    pub metrics: Vec<Metric>,
    /// Split -> the names of its files in a record.
    pub origins: BTreeMap<&'static str, Vec<String>>,
    /// Remarks on the rows, printed and recorded.
    pub remarks: Remarks,
    pub train: Vec<Example>,
    pub validation: Vec<Example>,
    pub test: Vec<Example>,
}

impl Task {
    /// The same task with its prefix before every source.
    pub fn prefixed(&self) -> Task {
        let mut task = self.clone();
        if std::mem::replace(&mut task.prefix.is_applied, true) {
            return task;
        }
        let text = &task.prefix.text;
        for rows in [&mut task.train, &mut task.validation, &mut task.test] {
            rows.iter_mut().for_each(|row| row.source = fold(&format!("{text} {}", row.source)));
        }
        if let Some(form) = &mut task.form {
            form.prefix = Some(text.clone());
        }
        task
    }

    /// All rows of all splits in order: equal for two readings of the same data.
    pub fn text(&self) -> String {
        let rows = Split::ALL.into_iter().flat_map(|split| self.split(split));
        let line = |row: &Example| match &row.references[..] {
            [] => format!("{}\t{}\n", row.source, row.target),
            several => format!("{}\t{}\t{several:?}\n", row.source, row.target),
        };
        rows.map(line).collect()
    }

    /// The examples of a split; only validation can be empty, if a task has no rows for it.
    pub fn split(&self, split: Split) -> &[Example] {
        match split {
            Split::Train => &self.train,
            Split::Validation => &self.validation,
            Split::Test => &self.test,
        }
    }
}
