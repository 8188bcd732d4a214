//! The interface of control programs, independent of the language they are written in.

use super::output::Output;
use crate::Result;
use compt_base::files::source::Source;
use compt_core::train::control::{Control, Setting};
use std::path::{Path, PathBuf};

/// A control program: a user-defined [`Control`] with its sources and its output.
pub trait Program: Control {
    /// The files it was loaded from, its own file first; empty if it is not in a file.
    fn sources(&self) -> &[Source] {
        &[]
    }

    /// The text of each knob by full name; `None` for a function.
    fn texts(&self) -> Vec<(String, Option<String>)>;

    /// Its output.
    fn output(&self) -> Output;
}

/// The origin of a program's sources.
#[derive(Debug, Clone)]
pub enum Origin {
    Disk,
    /// Only from these, as recorded by a run.
    Recorded(Vec<Source>),
}

/// A file that was read or searched for, and its SHA-256 if it exists.
pub type Touched = (PathBuf, Option<String>);

/// The result of loading a control file.
pub struct Loaded {
    pub program: Result<Box<dyn Program>>,
    /// Every file that was searched for, even if it could not be loaded.
    pub touched: Vec<Touched>,
    /// Whether a file seems to be truncated: it may be complete soon.
    pub is_unfinished: bool,
}

/// Loads a control file and tries it at sampled steps of each stage.
pub type Loader = fn(&Path, Origin, &[Setting]) -> Loaded;

/// A control table of a script, for the run's record.
#[derive(Debug, Clone, PartialEq)]
pub struct TableRecord {
    /// Where the table was passed: `study.lua:7`.
    pub place: String,
    /// The text of each knob; for a function, its location.
    pub knobs: serde_json::Value,
    /// The sources of the chunks that define it.
    pub sources: Vec<Source>,
}
