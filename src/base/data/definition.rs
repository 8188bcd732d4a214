//! A declared task: its text, its labels and the sources of its rows.

use super::{Form, LabelIs, Layout, Missing, Per, Row, Split};
use crate::metric::Metric;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Training rows held out as validation if the data has none (the number of the ComPT paper).
const HELD_OUT: usize = 1000;

/// The source of the rows of one split.
pub enum Source {
    /// Read one after the other.
    Files(Vec<DataFile>),
    Rows(Vec<Row>),
}

/// A file of rows.
#[derive(Debug, Clone)]
pub struct DataFile {
    pub path: PathBuf,
    /// Its name in a record: the path, or the path and revision on the Hub.
    pub origin: String,
}

/// The sources of a task. A missing split is created as described in `split`.
pub struct Sources {
    pub train: Source,
    pub validation: Option<Source>,
    pub test: Option<Source>,
}

/// A declared task: the conversion of rows to text, the labels, and the files of the rows.
pub struct Definition {
    pub name: String,
    pub form: Form,
    /// The prefix where one model answers several tasks, if the form has none; default: the name.
    pub shared_prefix: Option<String>,
    /// The names of the labels in rows, if they differ from the words; in the labels' order.
    pub label_names: Vec<String>,
    /// The class names in files that name their label numbers, if they differ from both; in the
    /// labels' order.
    pub class_names: Vec<String>,
    pub missing: Missing,
    pub layout: Layout,
    /// The type of the labels in rows, if they could be words or indices.
    pub label_is: Option<LabelIs>,
    pub metrics: Vec<Metric>,
    /// Columns that are kept of validation and test rows for metrics.
    pub keep: Vec<String>,
    /// The path of the column that groups rows, for metrics.
    pub group: Option<String>,
    /// Whether a training row with several targets is an example for each; else only for the first.
    pub each_target: bool,
    /// Column -> the value that the rows to use have in it.
    pub filter: BTreeMap<String, serde_json::Value>,
    /// Whether validation rows are halved to make test rows.
    pub small: bool,
    pub sources: Sources,
}

/// The sampling options of a study.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The number of training rows to keep; `None`: all.
    pub shots: Option<usize>,
    pub per: Per,
    /// The seed of the shots.
    pub seed: u64,
    /// The seed of the splits: which rows are held out and reported.
    pub split_seed: u64,
    /// Rows held out of training if there is no validation split; `None`: 1,000 for files and none
    /// for rows in the script.
    pub validation_size: Option<usize>,
    /// The number of test rows to keep, sampled at random; `None`: all.
    pub max_test: Option<usize>,
}

impl Plan {
    /// All rows.
    pub fn whole() -> Plan {
        Plan {
            shots: None,
            per: Per::Task,
            seed: 0,
            split_seed: 0,
            validation_size: None,
            max_test: None,
        }
    }
}

impl Sources {
    pub fn of(&self, split: Split) -> Option<&Source> {
        match split {
            Split::Train => Some(&self.train),
            Split::Validation => self.validation.as_ref(),
            Split::Test => self.test.as_ref(),
        }
    }

    /// The names of the files of each split in a record; empty for rows in the script.
    pub fn origins(&self) -> BTreeMap<&'static str, Vec<String>> {
        let of = |split: Split| match self.of(split)? {
            Source::Files(files) => {
                let origins = files.iter().map(|file| file.origin.clone());
                Some((split.name(), origins.collect()))
            }
            Source::Rows(_) => None,
        };
        Split::ALL.into_iter().filter_map(of).collect()
    }
}

impl Definition {
    /// The number of training rows held out as validation if the data has none.
    pub fn held_out(&self, plan: &Plan) -> usize {
        let from_files = matches!(self.sources.train, Source::Files(_));
        plan.validation_size.unwrap_or(if from_files { HELD_OUT } else { 0 })
    }
}
