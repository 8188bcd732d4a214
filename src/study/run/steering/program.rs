//! What a run knows of the programs that steer it, whatever language they are written in.

use super::output::Output;
use crate::Result;
use compt_core::files::source::Source;
use compt_core::train::control::{Control, Setting};
use std::path::{Path, PathBuf};

/// A control program: a [`Control`] that was written by somebody, with its sources and its output.
pub trait Program: Control {
    /// The files it was made from, its own file first; none where it is no file.
    fn sources(&self) -> &[Source] {
        &[]
    }

    /// Each knob by its full name as it is written; `None` where a function decides.
    fn texts(&self) -> Vec<(String, Option<String>)>;

    /// What it prints.
    fn output(&self) -> Output;
}

/// Where the texts of a program come from.
#[derive(Debug, Clone)]
pub enum Origin {
    Disk,
    /// From these alone, as a run recorded them.
    Recorded(Vec<Source>),
}

/// A file that was read or looked for, and its SHA-256 where it exists.
pub type Touched = (PathBuf, Option<String>);

/// What loading a control file gave.
pub struct Loaded {
    pub program: Result<Box<dyn Program>>,
    /// Every file that was looked for, whether or not it could be loaded.
    pub touched: Vec<Touched>,
    /// Whether a file seems to be cut off: it may be complete soon.
    pub is_unfinished: bool,
}

/// Loads a control file and tries it at sampled steps of each stage.
pub type Loader = fn(&Path, Origin, &[Setting]) -> Loaded;
