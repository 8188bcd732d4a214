//! A task as it is declared: its text, its labels and the sources of its rows.

use super::{Form, LabelIs, Layout, Missing, Per, Row, Split};
use crate::metric::Metric;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Training rows held out as validation where the data has none (the paper's number).
const HELD_OUT: usize = 1000;

/// Where the rows of one split come from.
pub enum Source {
    /// One after the other.
    Files(Vec<DataFile>),
    Rows(Vec<Row>),
}

/// A file of rows.
#[derive(Debug, Clone)]
pub struct DataFile {
    pub path: PathBuf,
    /// What a record calls it: the path, or where on the hub it is and in which revision.
    pub origin: String,
}

/// The sources of a task. A split without one is filled as `split` says.
pub struct Sources {
    pub train: Source,
    pub validation: Option<Source>,
    pub test: Option<Source>,
}

/// A task as declared: how rows become text, which labels there are, where the rows lie.
pub struct Definition {
    pub name: String,
    pub form: Form,
    /// What rows call the labels, where they call them otherwise; in the labels' order.
    pub label_names: Vec<String>,
    /// What files that name the numbers of their labels call them, where it is neither of these; in the
    /// labels' order.
    pub class_names: Vec<String>,
    pub missing: Missing,
    pub layout: Layout,
    /// What the labels of rows are, where they could be words or places.
    pub label_is: Option<LabelIs>,
    pub metrics: Vec<Metric>,
    /// Whether validation rows are halved to make test rows.
    pub small: bool,
    pub sources: Sources,
}

/// What one study draws from its tasks.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Training rows to keep; all of them if `None`.
    pub shots: Option<usize>,
    pub per: Per,
    pub seed: u64,
    /// Rows held out of training where validation is missing; if `None`, 1,000 for files and none
    /// for rows given directly.
    pub validation_size: Option<usize>,
    /// Test rows to keep, drawn at random; all of them if `None`.
    pub max_test: Option<usize>,
}

impl Sources {
    pub fn of(&self, split: Split) -> Option<&Source> {
        match split {
            Split::Train => Some(&self.train),
            Split::Validation => self.validation.as_ref(),
            Split::Test => self.test.as_ref(),
        }
    }

    /// What a record calls the files of each split; nothing where rows were given directly.
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
    /// Training rows held out as validation where the data has none.
    pub fn held_out(&self, plan: &Plan) -> usize {
        let from_files = matches!(self.sources.train, Source::Files(_));
        plan.validation_size.unwrap_or(if from_files { HELD_OUT } else { 0 })
    }
}
