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
use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The hint for a plan that was edited.
const REPLAN: &str = "the plan was edited or is damaged: compt sweep plan FILE.lua --replan";

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
    /// Errors: the file does not exist or is not a plan, or has no run with such a number; a line has another
    /// number, id or folder than follows from its settings.
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
        let (mut cells, mut ids) = (Vec::new(), HashSet::new());
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
            let cell = Cell { number: line.index, id: line.id, folder: line.folder, basis };
            check_place(&head, &cell, count)
                .map_err(|e| e.at(format!("{}:{}", path.display(), count + 1)).hint(REPLAN))?;
            if !ids.insert(cell.id.clone()) {
                let what = Error::new(format!("the run {} is listed twice", cell.id)).at(place());
                return Err(what.hint(REPLAN));
            }
            cells.push(cell);
        }
        if count != head.runs {
            let what =
                format!("it has {count} runs, and should have {}: it was truncated", head.runs);
            return Err(Error::new(what).at(place()).hint("compt sweep plan FILE.lua --replan"));
        }
        let plan = Plan { head, cells };
        // If none of the ids is right, another version of compt made them; it is refused when it is run.
        let wrong = plan.cells.iter().filter(|cell| cell.check_id().is_err()).count();
        if wrong < plan.cells.len() {
            plan.check_ids().map_err(|e| e.at(place()))?;
        }
        Ok(plan)
    }

    /// Returns an error if the id of a run does not follow from its settings and hashes.
    pub fn check_ids(&self) -> Result<()> {
        self.cells.iter().try_for_each(Cell::check_id).map_err(|e| e.hint(REPLAN))
    }
}

/// Returns an error if the number of a line is not its place, or its folder not that of its id.
fn check_place(head: &Head, cell: &Cell, place: usize) -> Result<()> {
    if cell.number != place {
        return Err(Error::new(format!("its number is {}, not {place}", cell.number)));
    }
    let wanted = cell.folder_below(&head.out, &head.name);
    if wanted != cell.folder {
        let (is, wanted) = (cell.folder.display(), wanted.display());
        return Err(Error::new(format!("its folder is {is}, not {wanted}")));
    }
    Ok(())
}
