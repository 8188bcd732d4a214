//! A plan: the runs of a grid as a file, so that any process can run any of them.
//!
//! JSON lines. The first line is the [`Head`]: the script, its arguments, and its hashes. One
//! line per run follows, numbered from 1: its id, folder, settings, and the hashes of its dependencies.

use super::cell::Cell;
use super::identity::Basis;
use super::indices::Indices;
use crate::{Error, Result};
use compt_base::files::atomic::write_atomic;
use compt_error::Context;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The version of the file format.
const VERSION: u32 = 1;

/// The runs of a grid.
#[derive(Debug, Clone)]
pub struct Plan {
    pub head: Head,
    pub cells: Vec<Cell>,
}

/// The common data of all runs of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// The version of the file format.
    pub plan: u32,
    pub name: String,
    /// The number of the grid in its script, from 1.
    pub grid: usize,
    /// The folder of the runs.
    pub out: PathBuf,
    pub runs: usize,
    pub launch: Launch,
    /// The SHA-256 of each file of the code.
    pub code: BTreeMap<PathBuf, String>,
    /// The SHA-256 of the program.
    pub binary_sha256: String,
    pub compt: String,
}

/// The arguments of the script.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Launch {
    pub script: PathBuf,
    /// The working folder: paths are relative to it.
    pub folder: PathBuf,
    pub args: Map<String, Value>,
    pub out: Option<PathBuf>,
    pub device: String,
    pub seed: u64,
    pub strict: bool,
}

/// A run as a line of the file.
#[derive(Serialize, Deserialize)]
struct Line {
    index: usize,
    id: String,
    folder: PathBuf,
    settings: Map<String, Value>,
    code_sha256: Arc<str>,
    data: BTreeMap<String, String>,
    binary_sha256: Arc<str>,
    session: Arc<Value>,
}

impl Head {
    pub fn new(name: &str, grid: usize, out: &Path, runs: usize, launch: Launch) -> Head {
        Head {
            plan: VERSION,
            name: name.to_string(),
            grid,
            out: out.to_path_buf(),
            runs,
            launch,
            code: BTreeMap::new(),
            binary_sha256: String::new(),
            compt: env!("CARGO_PKG_VERSION").to_string(),
        }
    }
}

impl Plan {
    /// Writes the plan atomically. Errors: the file cannot be written; it is named.
    pub fn write(&self, path: &Path) -> Result<()> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder).at(folder.display())?;
        write_atomic(path, &self.text().at(path.display())?)
    }

    /// Whether a file contains exactly this plan.
    pub fn is_in(&self, path: &Path) -> bool {
        self.text().is_ok_and(|text| std::fs::read(path).is_ok_and(|there| there == text))
    }

    fn text(&self) -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        self.lines(&mut text)?;
        Ok(text)
    }

    fn lines(&self, file: &mut impl Write) -> io::Result<()> {
        serde_json::to_writer(&mut *file, &self.head)?;
        file.write_all(b"\n")?;
        for cell in &self.cells {
            let Basis { settings, code, data, binary, session } = cell.basis.clone();
            let line = Line {
                index: cell.number,
                id: cell.id.clone(),
                folder: cell.folder.clone(),
                settings,
                code_sha256: code,
                data,
                binary_sha256: binary,
                session,
            };
            serde_json::to_writer(&mut *file, &line)?;
            file.write_all(b"\n")?;
        }
        Ok(())
    }

    /// Reads a plan with all its runs, or with the given ones.
    /// Errors: the file does not exist or is not a plan, or has no run with such a number.
    pub fn read(path: &Path, which: Option<&Indices>) -> Result<Plan> {
        let file = File::open(path).map_err(|e| {
            Error::from(e).at(path.display()).hint("compt sweep plan FILE.lua makes a plan")
        })?;
        if !file.metadata().at(path.display())?.is_file() {
            return Err(Error::new("this is not a regular file").at(path.display()));
        }
        let mut lines = BufReader::new(file).lines();
        let place = || path.display();
        let first = lines.next().transpose().at(place())?.unwrap_or_default();
        let head: Head = serde_json::from_str(&first).map_err(|_| {
            let what = Error::new("its first line is not that of a plan").at(place());
            what.hint("compt sweep plan FILE.lua makes a plan")
        })?;
        if head.plan != VERSION {
            let what = format!(
                "a plan of version {}, which this version of compt does not support",
                head.plan
            );
            return Err(Error::new(what).at(place()).hint("compt sweep plan FILE.lua --replan"));
        }
        if let Some(which) = which.filter(|which| which.last() > head.runs) {
            let what = format!("there is no run {}: it has {}", which.last(), head.runs);
            return Err(Error::new(what).at(place()));
        }
        let mut cells = Vec::new();
        let mut count = 0;
        for text in lines {
            let text = text.at(place())?;
            count += 1;
            if which.is_some_and(|which| !which.contains(count)) {
                continue;
            }
            let line: Line = serde_json::from_str(&text).map_err(io::Error::from).at(format!(
                "{}:{}",
                path.display(),
                count + 1
            ))?;
            let (code, binary) = (line.code_sha256, line.binary_sha256);
            let basis = Basis {
                settings: line.settings,
                code,
                data: line.data,
                binary,
                session: line.session,
            };
            cells.push(Cell { number: line.index, id: line.id, folder: line.folder, basis });
        }
        if count != head.runs {
            let what =
                format!("it has {count} runs, and should have {}: it was truncated", head.runs);
            return Err(Error::new(what).at(place()).hint("compt sweep plan FILE.lua --replan"));
        }
        Ok(Plan { head, cells })
    }
}
