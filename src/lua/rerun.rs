//! A script that was run before and is run again: to go on with its runs (`compt resume`), or to
//! compare one of them with its record (`compt replay`).

use super::session::{Again, Mode, Script, Session};
use crate::{Error, Result};
use compt_core::files::json::read_json;
use compt_error::Context;
use compt_study::run::environment::binary_sha256;
use compt_study::run::folder::{CELL, ENVIRONMENT, RESULT, SCRIPT, SESSION, runs_in};
use serde_json::Value;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// The session that made a run, ready to be run again; `run` is the run's folder, or the folder
/// above several of one script.
pub fn session(run: &Path, replay: Option<Option<u64>>) -> Result<Session> {
    again(run, None, |trainer| match replay {
        Some(to) => Mode::Replay { trainer, to },
        None => Mode::Resume,
    })
}

/// The same, to evaluate the run's last checkpoint with these options of `trainer:evaluate`.
pub fn evaluation(run: &Path, split: &str, options: Value) -> Result<Session> {
    if !run.join(SESSION).is_file() {
        let error = Error::new("this is no run's folder").at(run.display());
        return Err(match &runs_in(run)[..] {
            [] => error.hint("give the folder that holds config.json and session.json"),
            runs => error.hint(format!("say which: {}", runs.join(", "))),
        });
    }
    let evaluation = Some((split.to_string(), options));
    again(run, evaluation, |trainer| Mode::Evaluate { trainer })
}

fn again(
    run: &Path,
    evaluation: Option<(String, Value)>,
    mode: impl FnOnce(usize) -> Mode,
) -> Result<Session> {
    let run = fs::canonicalize(run).at(run.display())?;
    let (run, record) = run_in(&run)?;
    let text = |key: &str| record[key].as_str().map(String::from);
    let Some(script) = text("script") else {
        return Err(Error::new("this run was typed at the prompt, not made by a script")
            .at(run.display())
            .hint("make the same trainer there and go on with t:load(RUN)"));
    };
    let source = fs::read_to_string(run.join(SCRIPT)).at(run.join(SCRIPT).display())?;
    if let Some(folder) = text("folder") {
        std::env::set_current_dir(&folder).map_err(|e| {
            Error::from(e).at(format!("the folder the run was started in, {folder}"))
        })?;
    }
    if fs::read_to_string(&script).is_ok_and(|now| now != source) {
        eprintln!("note: {script} has changed since; the script of the run is used");
    }
    tell_of_another_binary(&run);
    let trainer = record["trainer"].as_u64().unwrap_or(1) as usize;
    let mode = mode(trainer);
    let id = text("session").unwrap_or_default();
    let mut folders: BTreeMap<usize, PathBuf> = beside(&run)
        .filter_map(|path| {
            let record = read_json(&path.join(SESSION)).ok()?;
            (record["session"] == id.as_str())
                .then_some((record["trainer"].as_u64()? as usize, path))
        })
        .collect();
    folders.insert(trainer, run);
    let args = record["args"].as_object().cloned().unwrap_or_default();
    Ok(Session {
        args,
        out: text("out").map(PathBuf::from),
        device: text("device").unwrap_or("auto".into()),
        seed: record["seed"].as_u64().unwrap_or(0),
        script: Some(Script { path: script.into(), source }),
        strict: record["strict"] == true,
        again: Some(Rc::new(Again {
            mode,
            folders,
            cell: (!record["cell"].is_null()).then(|| record["cell"].clone()),
            replayed: RefCell::default(),
            evaluation,
            evaluated: RefCell::default(),
        })),
        id,
        ..Session::default()
    })
}

/// The run in this folder, or one of those of a session right below it, with its `session.json`.
fn run_in(folder: &Path) -> Result<(PathBuf, Value)> {
    if folder.join(SESSION).is_file() {
        return Ok((folder.to_path_buf(), read_json(&folder.join(SESSION))?));
    }
    let cell = read_json(&folder.join(CELL)).unwrap_or_default();
    let began = below(folder).any(|path| path.join(SESSION).is_file());
    if let (Some(error), false) = (cell["error"].as_str(), began) {
        return Err(Error::new(format!("the cell failed before anything was trained: {error}"))
            .at(folder.display())
            .hint("run the script again: it tries failed cells anew"));
    }
    let mut runs: Vec<(String, bool, PathBuf, Value)> = below(folder)
        .filter_map(|path| {
            let record = read_json(&path.join(SESSION)).ok()?;
            let over = path.join(RESULT).is_file();
            Some((record["session"].as_str()?.to_string(), !over, path, record))
        })
        .collect();
    let sessions: BTreeSet<&String> = runs.iter().map(|run| &run.0).collect();
    if sessions.len() > 1 {
        let mut names: Vec<String> = runs.iter().map(|r| r.2.display().to_string()).collect();
        names.sort();
        return Err(Error::new("it holds runs that do not belong together")
            .at(folder.display())
            .hint(format!("say which: {}", names.join(", "))));
    }
    runs.sort_by_key(|run| run.1);
    let found = runs.pop().map(|(_, _, path, record)| (path, record));
    found.ok_or_else(|| {
        Error::new("there is no run in this folder")
            .at(folder.display())
            .hint("give the folder that holds config.json and session.json")
    })
}

fn below(folder: &Path) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
}

/// The folders beside a run.
fn beside(run: &Path) -> impl Iterator<Item = PathBuf> {
    run.parent().into_iter().flat_map(below)
}

fn tell_of_another_binary(run: &Path) {
    let recorded = read_json(&run.join(ENVIRONMENT)).unwrap_or_default();
    let was = recorded["binary_sha256"].as_str();
    if was.is_some() && was != binary_sha256().as_deref() {
        let version = recorded["compt"].as_str().unwrap_or("unknown");
        eprintln!(
            "note: compt itself has changed since this run was made (by version {version}): its \
             numbers may differ"
        );
    }
}
