//! One cell: its folder and its state.

use super::identity::Basis;
use crate::records::claim::{Owner, holder};
use crate::records::folder::CELL;
use crate::{Error, Result};
use compt_base::files::json::{read_json, write_json};
use compt_error::Context;
use serde_json::{Map, Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// A cell of a grid.
#[derive(Debug, Clone)]
pub struct Cell {
    /// Its number in the grid, from 1.
    pub number: usize,
    pub id: String,
    pub folder: PathBuf,
    pub basis: Basis,
}

/// The state of a cell.
#[derive(Debug, Clone, PartialEq)]
pub enum CellState {
    /// It was not started.
    New,
    /// A process is running it.
    Running,
    /// It was started, and no process is running it.
    Unfinished,
    Finished,
    /// The error, and the time in seconds since 1970.
    Failed(String, f64),
}

/// How a cell ended.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// The return value of its function.
    Finished(Value),
    Failed(String),
}

impl Cell {
    /// The cell with these settings below a folder.
    pub fn below(out: &Path, number: usize, basis: Basis, otherwise: &str) -> Cell {
        let id = basis.id();
        let cell = Cell { number, id, folder: PathBuf::new(), basis };
        Cell { folder: cell.folder_below(out, otherwise), ..cell }
    }

    /// The folder that a cell with these settings and this id has below a folder.
    pub(super) fn folder_below(&self, out: &Path, otherwise: &str) -> PathBuf {
        out.join(format!("{}-{}", name_of(&self.basis.settings, otherwise), self.id))
    }

    /// Returns an error if the id does not follow from the settings and hashes.
    pub(super) fn check_id(&self) -> Result<()> {
        let wanted = self.basis.id();
        match wanted == self.id {
            true => Ok(()),
            false => Err(Error::new(format!(
                "the id of run {} is {}, and its settings give {wanted}",
                self.number, self.id
            ))),
        }
    }

    pub fn state(&self) -> CellState {
        if let Some(end) = self.end_of() {
            return end;
        }
        match holder(&self.folder) {
            Some(_) => CellState::Running,
            None if self.folder.join(CELL).exists() => CellState::Unfinished,
            None => CellState::New,
        }
    }

    /// Its final state, if it has one, even if a process is running it now.
    pub fn end_of(&self) -> Option<CellState> {
        let record = read_json(&self.folder.join(CELL)).ok()?;
        let text = |key: &str| record[key].as_str();
        Some(match text("outcome")? {
            "finished" => CellState::Finished,
            _ => {
                let error = text("error").unwrap_or_default().to_string();
                CellState::Failed(error, record["ended"].as_f64().unwrap_or(0.0))
            }
        })
    }

    /// Records the start of work; `output` is the file of the process's output, if there is one.
    /// Errors: the record cannot be written.
    pub fn begin(&self, output: Option<&Path>) -> Result<()> {
        fs::create_dir_all(&self.folder).at(self.folder.display())?;
        let mut record = self.record();
        record["by"] = Owner::this().to_string().into();
        record["output"] = output.map(|path| path.display().to_string()).into();
        write_json(&self.folder.join(CELL), &record)
    }

    /// Records its outcome and duration. Errors: the record cannot be written.
    pub fn end(&self, outcome: &Outcome, seconds: f64) -> Result<()> {
        let mut record = self.record();
        let begun = read_json(&self.folder.join(CELL)).unwrap_or_default();
        for key in ["by", "output"] {
            record[key] = begun[key].clone();
        }
        record["seconds"] = seconds.into();
        record["ended"] = now().into();
        match outcome {
            Outcome::Finished(values) => {
                record["outcome"] = "finished".into();
                // Where listings read it.
                record["average"] = values["average"].as_f64().into();
                record["values"] = values.clone();
            }
            Outcome::Failed(error) => {
                record["outcome"] = "failed".into();
                record["error"] = error.as_str().into();
            }
        }
        write_json(&self.folder.join(CELL), &record)
    }

    fn record(&self) -> Value {
        let Basis { settings, code, data, binary, session } = &self.basis;
        json!({
            "id": self.id, "settings": settings, "code_sha256": **code, "data": data,
            "compt": env!("CARGO_PKG_VERSION"), "binary_sha256": **binary, "session": **session,
        })
    }
}

impl CellState {
    /// The name of the state.
    pub fn name(&self) -> &'static str {
        match self {
            CellState::New => "missing",
            CellState::Running => "running",
            CellState::Unfinished => "unfinished",
            CellState::Finished => "finished",
            CellState::Failed(..) => "failed",
        }
    }
}

/// `method=ssum shots=8 seed=1`
pub fn described(settings: &Map<String, Value>) -> String {
    let plain = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let parts: Vec<String> =
        settings.iter().map(|(key, value)| format!("{key}={}", plain(value))).collect();
    parts.join(" ")
}

/// Seconds since 1970.
pub fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

/// The name of a cell: its setting `name` or `method`, or else the grid's name.
fn name_of(settings: &Map<String, Value>, otherwise: &str) -> String {
    let given = ["name", "method"].iter().find_map(|key| settings.get(*key)?.as_str());
    let plain = |c: char| if c.is_alphanumeric() || "._-".contains(c) { c } else { '-' };
    let name: String = given.unwrap_or(otherwise).chars().map(plain).take(60).collect();
    if name.trim_matches('.').is_empty() { "cell".into() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::claim::{Taken, claim};
    use std::collections::BTreeMap;
    use std::sync::Arc;

    #[test]
    fn a_cell_goes_from_new_to_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let settings = json!({ "method": "a/b", "shots": 8 }).as_object().unwrap().clone();
        let basis = Basis {
            settings,
            code: "c".into(),
            data: BTreeMap::new(),
            binary: "b".into(),
            session: Arc::default(),
        };
        let cell = Cell::below(folder.path(), 1, basis, "grid");
        assert!(cell.folder.ends_with(format!("a-b-{}", cell.id)));
        assert_eq!(cell.state(), CellState::New);
        let Taken::Mine(claim) = claim(&cell.folder).unwrap() else { panic!() };
        cell.begin(Some(Path::new("log.txt"))).unwrap();
        assert_eq!(cell.state(), CellState::Running);
        drop(claim);
        assert_eq!(cell.state(), CellState::Unfinished);
        cell.end(&Outcome::Failed("no rows".into()), 1.0).unwrap();
        assert!(
            matches!(cell.state(), CellState::Failed(error, at) if error == "no rows" && at > 1e9)
        );
        cell.end(&Outcome::Finished(json!({ "average": 90.0 })), 2.0).unwrap();
        assert_eq!(cell.state(), CellState::Finished);
        assert_eq!(read_json(&cell.folder.join(CELL)).unwrap()["output"], "log.txt");
    }

    #[test]
    fn a_name_is_one_a_folder_can_have() {
        let name = |settings: Value| name_of(settings.as_object().unwrap(), "grid");
        assert_eq!(name(json!({ "name": "ssum k=8", "method": "ssum" })), "ssum-k-8");
        assert_eq!(name(json!({ "method": "ssum" })), "ssum");
        assert_eq!(name(json!({ "shots": 8 })), "grid");
        assert_eq!(name(json!({ "name": ".." })), "cell");
    }

    #[test]
    fn settings_are_shown_in_a_line() {
        let settings = json!({ "method": "ssum", "shots": 8, "lr": [0.1] });
        assert_eq!(described(settings.as_object().unwrap()), "method=ssum shots=8 lr=[0.1]");
    }
}
