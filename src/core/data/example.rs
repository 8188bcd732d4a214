//! What a task holds once it is read: examples in three splits.

use super::{Form, Labels, Remarks};
use crate::metric::Metric;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One text-to-text example.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Example {
    /// The row in its file, from 0.
    pub index: usize,
    pub source: String,
    pub target: String,
}

/// Which rows: those to train on, to choose by, or to report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Split {
    Train,
    Validation,
    Test,
}

impl Split {
    pub const ALL: [Split; 3] = [Split::Train, Split::Validation, Split::Test];

    /// A split by its name; an unknown name is an error with the nearest known one.
    pub fn parse(name: &str) -> Result<Self> {
        let known = Self::ALL.into_iter().find(|split| split.name() == name);
        known.ok_or_else(|| Error::unknown("split", name, Self::ALL.map(Split::name)))
    }

    pub fn name(self) -> &'static str {
        match self {
            Split::Train => "train",
            Split::Validation => "validation",
            Split::Test => "test",
        }
    }
}

/// A task ready for training: its examples, its label words and the metrics it is judged by.
#[derive(Debug, Clone)]
pub struct Task {
    pub name: String,
    /// How its rows become text; None where a function of the script makes it.
    pub form: Option<Form>,
    pub labels: Labels,
    pub metrics: Vec<Metric>,
    /// Split -> what its files are called in a record.
    pub origins: BTreeMap<&'static str, Vec<String>>,
    /// What is printed and recorded about the rows.
    pub remarks: Remarks,
    pub train: Vec<Example>,
    pub validation: Vec<Example>,
    pub test: Vec<Example>,
}

impl Task {
    /// Every row of every split, in their order: what two readings of the same data agree in.
    pub fn text(&self) -> String {
        let rows = Split::ALL.into_iter().flat_map(|split| self.split(split));
        rows.map(|row| format!("{}\t{}\n", row.source, row.target)).collect()
    }

    /// The examples of a split; only validation may be empty, where a task brings no rows for it.
    pub fn split(&self, split: Split) -> &[Example] {
        match split {
            Split::Train => &self.train,
            Split::Validation => &self.validation,
            Split::Test => &self.test,
        }
    }
}
