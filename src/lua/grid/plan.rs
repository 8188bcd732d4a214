//! The cells of a grid, as `compt.ablate` was given them.

use super::refuse;
use crate::lua::recorded::plain as plain_tables;
use crate::lua::session::Session;
use crate::lua::sources::code_sha256;
use crate::run::environment::binary_sha256;
use crate::run::files::read_json;
use crate::run::folder::CELL;
use crate::run::progress::span;
use crate::sweep::{Basis, Cell, Estimate, State, contents};
use crate::{Error, Result};
use mlua::{Function, Lua, LuaSerdeExt, Table};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};

/// What is to be run.
pub struct Plan {
    pub name: String,
    pub out: PathBuf,
    pub cells: Vec<Cell>,
    pub run: Function,
}

impl Plan {
    pub fn new(lua: &Lua, spec: &Table) -> mlua::Result<Plan> {
        let run: Function = spec.get("run")?;
        let stem = lua.app_data_ref::<Session>().and_then(|session| {
            let stem = session.script.as_ref()?.path.file_stem()?.to_string_lossy().into_owned();
            Some(stem)
        });
        let name = spec.get::<Option<String>>("name")?.or(stem.clone());
        let name = name.unwrap_or_else(|| "ablation".into());
        if name.contains('/') {
            return Err(refuse("'name' is a name, not a path: 'out' says where").into());
        }
        let out = match spec.get::<Option<String>>("out")? {
            Some(out) => PathBuf::from(out),
            None => out_folder(lua, &stem.unwrap_or_else(|| name.clone())),
        };
        let code = code_sha256(lua, &run)?;
        let mut binary = binary_sha256().unwrap_or_default();
        // The library is the program's, unless it is read from a folder.
        if let Some(folder) = std::env::var_os("COMPT_STDLIB") {
            binary.push_str(&contents(Path::new(&folder), &out)?);
        }
        let files: Vec<String> = spec.get::<Option<_>>("files")?.unwrap_or_default();
        let counts: bool = spec.get::<Option<_>>("args")?.unwrap_or(true);
        let mut data = Contents { out: out.clone(), known: BTreeMap::new() };
        let mut known = BTreeSet::new();
        let mut cells = Vec::new();
        for settings in spec.get::<Table>("cells")?.sequence_values::<Table>() {
            let settings = plain(lua, &settings?)?;
            let data = data.of(&settings, &files)?;
            let (code, binary) = (code.clone(), binary.clone());
            let session = counted(lua, counts, &settings);
            let cell = Cell::below(&out, Basis { settings, code, data, binary, session }, &name);
            if known.insert(cell.id.clone()) {
                cells.push(cell);
            }
        }
        Ok(Plan { name, out, cells, run })
    }

    /// The cell that was recorded as this: by its id, or, where code or program have changed since,
    /// by its settings.
    pub fn cell_like(&self, recorded: &Value) -> Option<&Cell> {
        let by_id = self.cells.iter().find(|cell| recorded["id"] == cell.id.as_str());
        by_id.or_else(|| {
            let settings = recorded["settings"].as_object()?;
            self.cells.iter().find(|cell| cell.basis.settings == *settings)
        })
    }

    /// Cells that are not finished, with their states.
    pub fn open(&self) -> Vec<(&Cell, State)> {
        let states = self.cells.iter().map(|cell| (cell, cell.state()));
        states.filter(|(_, state)| *state != State::Finished).collect()
    }

    /// What of the cells to run was finished before, under another hash.
    pub fn made_before(&self) -> Option<String> {
        let folders = std::fs::read_dir(&self.out).into_iter().flatten().flatten();
        let made: HashSet<String> = folders
            .filter_map(|folder| {
                let record = read_json(&folder.path().join(CELL)).ok()?;
                (record["outcome"] == "finished").then(|| record["settings"].to_string())
            })
            .collect();
        let open = self.open();
        let again = open.iter().filter(|(cell, _)| {
            made.contains(&Value::Object(cell.basis.settings.clone()).to_string())
        });
        let count = again.count();
        (count > 0).then(|| {
            format!(
                "{count} of the {} runs to make were made before, by other code, data, arguments or \
                 another compt",
                open.len()
            )
        })
    }

    /// Why cells failed, a line each.
    pub fn failed(&self) -> Vec<String> {
        let failed = self.open().into_iter().filter_map(|(cell, state)| match state {
            State::Failed(error, _) => {
                let first = error.lines().next().unwrap_or_default();
                Some(format!("{}: {first}", cell.folder.display()))
            }
            _ => None,
        });
        failed.collect()
    }

    /// { path, name, settings, state, error } for each cell.
    pub fn rows(&self, lua: &Lua) -> mlua::Result<Table> {
        let rows = lua.create_table()?;
        for cell in &self.cells {
            let row = lua.create_table()?;
            let state = cell.state();
            row.set("path", cell.folder.display().to_string())?;
            row.set("settings", lua.to_value_with(&cell.basis.settings, plain_tables())?)?;
            row.set("state", word(&state))?;
            if let State::Failed(error, _) = state {
                row.set("error", error)?;
            }
            rows.raw_push(row)?;
        }
        Ok(rows)
    }

    /// Prints the cells, what is to be done, and how long it may take.
    pub fn print(&self, jobs: usize) {
        let estimate = Estimate::of(&self.out);
        let (mut left, mut unknown, mut open, mut rough) = (0.0, 0, 0, "");
        for cell in &self.cells {
            let state = cell.state();
            let seconds = estimate.seconds(&cell.basis.settings);
            let mut line = format!("{:10}  {}", word(&state), described(&cell.basis.settings));
            if state != State::Finished {
                open += 1;
                match seconds {
                    Some(seconds) => {
                        left += seconds;
                        if !estimate.knows(&cell.basis.settings) {
                            rough = ", by runs of other settings";
                        }
                        line.push_str(&format!("  about {}", span(seconds)));
                    }
                    None => unknown += 1,
                }
            }
            println!("{line}");
        }
        let time = match (open, unknown) {
            (0, _) => "nothing is left to do".to_string(),
            (_, 0) => {
                let jobs = jobs.clamp(1, open);
                format!("about {}, {jobs} at a time{rough}", span(left / jobs as f64))
            }
            _ => "how long a run takes is known once one is finished".to_string(),
        };
        println!(
            "{}: {} runs below {}, {} finished, {open} to run: {time}",
            self.name,
            self.cells.len(),
            self.out.display(),
            self.cells.len() - open,
        );
        if let Some(note) = self.made_before() {
            println!("note: {note}");
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

/// A state in a word.
pub fn word(state: &State) -> &'static str {
    match state {
        State::New => "missing",
        State::Running => "running",
        State::Unfinished => "unfinished",
        State::Finished => "finished",
        State::Failed(..) => "failed",
    }
}

/// Below `--out`; for a script, below `runs/`.
fn out_folder(lua: &Lua, stem: &str) -> PathBuf {
    let session = lua.app_data_ref::<Session>();
    let out = session.and_then(|session| session.out.clone());
    out.unwrap_or_else(|| Path::new("runs").join(stem))
}

/// What of the session decides what a cell gives.
fn counted(lua: &Lua, args: bool, settings: &Map<String, Value>) -> Value {
    let Some(session) = lua.app_data_ref::<Session>() else { return Value::Null };
    let seed = (!settings.contains_key("seed")).then_some(session.seed);
    json!({ "args": args.then_some(&session.args), "seed": seed, "device": session.device })
}

/// Settings as plain data, with sorted keys.
fn plain(lua: &Lua, settings: &Table) -> mlua::Result<Map<String, Value>> {
    for pair in settings.pairs::<mlua::Value, mlua::Value>() {
        let (key, value) = pair?;
        let plain: mlua::Result<Value> = lua.from_value(value.clone());
        if plain.is_err() {
            let key = key.to_string()?;
            let what = format!("settings are plain data: '{key}' is, or holds, a {}", kind(&value));
            return Err(refuse(what).hint("name what is to be made, and make it in 'run'").into());
        }
    }
    let value: Value = lua.from_value(mlua::Value::Table(settings.clone()))?;
    match value {
        Value::Object(map) if map.values().any(holds_null) => {
            Err(refuse("settings are plain data: a number must be finite").into())
        }
        Value::Object(mut map) => {
            map.sort_keys();
            Ok(map)
        }
        Value::Array(list) if list.is_empty() => Ok(Map::new()),
        _ => Err(refuse("settings are tables with names for keys").into()),
    }
}

/// What a setting is that is no plain data.
fn kind(value: &mlua::Value) -> &'static str {
    match value {
        mlua::Value::Table(_) => "table with a function or an object in it",
        other => other.type_name(),
    }
}

/// JSON has no infinity and no NaN.
fn holds_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(list) => list.iter().any(holds_null),
        Value::Object(map) => map.values().any(holds_null),
        _ => false,
    }
}

/// Fingerprints of files, each taken once.
struct Contents {
    /// The runs themselves do not count.
    out: PathBuf,
    known: BTreeMap<String, Option<String>>,
}

impl Contents {
    /// Of the paths among these settings, and of these files.
    fn of(
        &mut self,
        settings: &Map<String, Value>,
        files: &[String],
    ) -> Result<BTreeMap<String, String>> {
        let mut found = BTreeMap::new();
        for file in files {
            if !Path::new(file).exists() {
                return Err(Error::new("there is no such file").at(file).at("compt.ablate: files"));
            }
        }
        let mut named = Vec::new();
        settings.values().for_each(|value| paths(value, &mut named));
        for path in named.into_iter().chain(files.iter().cloned()) {
            if !self.known.contains_key(&path) {
                let there = !path.is_empty() && Path::new(&path).exists();
                let print = there.then(|| contents(Path::new(&path), &self.out)).transpose()?;
                self.known.insert(path.clone(), print);
            }
            if let Some(Some(print)) = self.known.get(&path) {
                found.insert(path, print.clone());
            }
        }
        Ok(found)
    }
}

/// Texts: any may name a file.
fn paths(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(list) => list.iter().for_each(|value| paths(value, found)),
        Value::Object(map) => map.values().for_each(|value| paths(value, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_among_the_settings_count_with_their_content() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("rows.csv");
        std::fs::write(&file, "1").unwrap();
        let settings = json!({ "data": file, "method": "pt", "lr": { "source": 0.1 } });
        let settings = settings.as_object().unwrap();
        let fresh = || Contents { out: folder.path().join("runs"), known: BTreeMap::new() };
        let of = || fresh().of(settings, &[]).unwrap();
        let before = of();
        assert_eq!(before.len(), 1);
        std::fs::write(&file, "2").unwrap();
        assert_ne!(of(), before);
        let missing = [folder.path().join("none").display().to_string()];
        let text = fresh().of(settings, &missing).unwrap_err().to_string();
        assert!(text.contains("there is no such file"), "{text}");
    }

    #[test]
    fn settings_are_shown_in_a_line() {
        let settings = json!({ "method": "ssum", "shots": 8, "lr": [0.1] });
        assert_eq!(described(settings.as_object().unwrap()), "method=ssum shots=8 lr=[0.1]");
    }
}
