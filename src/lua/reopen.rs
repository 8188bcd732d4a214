//! A run of an earlier process, opened again to be resumed, replayed or evaluated: rebuilt from its
//! specification, or, if that is not sufficient, by the script that made it.

use super::failure::error_of;
use super::rebuilding::{Given, trainer};
use super::runtime::Runtime;
use super::session::{Again, Mode, Script, Session};
use super::text;
use super::types::LuaTrainer;
use crate::{Error, Result};
use compt_base::files::json::{read_json, value_path};
use compt_base::files::source::Source;
use compt_base::notice;
use compt_error::Context;
use compt_run::{EvaluationOptions, Run, Specification, differences};
use compt_study::records::environment::binary_sha256;
use compt_study::records::folder::{CELL, ENVIRONMENT, RESULT, SCRIPT, SESSION, runs_in};
use compt_study::records::modules;
use mlua::AnyUserData;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Why a run is opened.
#[derive(Debug, Clone)]
pub enum Aim {
    /// The remaining steps are made. If `no_script`, the script is never run.
    Resume {
        no_script: bool,
    },
    /// Its steps are made again, up to this one or the last recorded one.
    Replay {
        to: Option<u64>,
    },
    Evaluate(Box<EvaluationOptions>),
}

/// Which run is opened, and which recorded settings are replaced.
pub struct Request<'a> {
    /// The run's folder, or the folder above several runs of one script.
    pub run: &'a Path,
    pub aim: Aim,
    pub device: Option<String>,
    /// For runs that are rebuilt.
    pub backbone: Option<String>,
}

/// An opened run.
pub enum Opened {
    Rebuilt(Box<Rebuilt>),
    /// The session of its script, which must be run again.
    Script(Box<Session>),
}

/// A run that was rebuilt from its specification.
pub struct Rebuilt {
    runtime: Runtime,
    trainer: AnyUserData,
}

impl Rebuilt {
    /// Calls `f` with the run.
    pub fn with<R>(&self, f: impl FnOnce(&mut Run) -> R) -> R {
        let mut trainer = self.trainer.borrow_mut::<LuaTrainer>().expect("nobody else holds it");
        f(trainer.run_mut())
    }

    /// The records that could not be written.
    pub fn unrecorded(&self) -> Vec<String> {
        self.runtime.session(|session| session.unrecorded.clone())
    }
}

/// Opens a run. If its script must be run again, this and the reason are printed on standard error.
///
/// # Errors
/// The folder holds no run or several; its specification cannot be read; its script is needed but
/// missing; a file or model that it depends on is missing.
pub fn open(request: &Request) -> Result<Opened> {
    let missing =
        |e: Error| e.hint("give the folder of a run; `compt runs FOLDER` lists those below");
    fs::metadata(request.run).at(request.run.display()).map_err(missing)?;
    let (run, record) = run_in(request.run, &request.aim)?;
    let run = fs::canonicalize(&run).at(run.display())?;
    let specification = Specification::read(&run)?;
    note_other_binary(&run);
    note_other_threads(&run);
    match needs_script(&specification, &record, &request.aim) {
        None => rebuild(request, &run, &record, &specification),
        Some(why) => by_script(request, &run, &record, &specification, &why),
    }
}

/// Why the script must be run again; `None` if the specification is sufficient.
fn needs_script(specification: &Specification, record: &Value, aim: &Aim) -> Option<String> {
    if let Aim::Evaluate(_) = aim {
        return specification.needs_script();
    }
    if let Some(why) = specification.needs_script_to_step() {
        return Some(why);
    }
    if matches!(aim, Aim::Resume { no_script: true }) {
        if record["made_by"] != "run" {
            notice::say(
                "note: its steps were not made by one t:run() of an unchanged trainer: code of the \
                 script before and between steps is not run",
            );
        }
        return None;
    }
    if record["made_by"] != "run" {
        return Some("the run's steps were not made by one t:run() of an unchanged trainer".into());
    }
    let has_script = record["script"].is_string();
    match aim {
        Aim::Resume { .. } if !record["cell"].is_null() => {
            Some("it belongs to a cell of a grid".into())
        }
        Aim::Resume { .. } if has_script && record["ends_script"] != true => {
            Some("the script does more after t:run()".into())
        }
        _ => None,
    }
}

fn mode(aim: &Aim, trainer: usize) -> Mode {
    match aim {
        Aim::Resume { .. } => Mode::Resume,
        Aim::Replay { to } => Mode::Replay { trainer, to: *to },
        Aim::Evaluate(_) => Mode::Evaluate { trainer },
    }
}

/// Settings that may differ from the recorded ones.
fn may_differ(request: &Request) -> Vec<&'static str> {
    let mut keys = Vec::new();
    if request.device.is_some() {
        keys.extend(["backbone.device", "backbone.dtype"]);
    }
    if request.backbone.is_some() {
        keys.extend(["backbone.name", "backbone.revision"]);
    }
    keys
}

/// The session of a run's record, without its script.
fn session(request: &Request, record: &Value, again: Again) -> Session {
    let text = |key: &str| record[key].as_str().map(String::from);
    Session {
        args: record["args"].as_object().cloned().unwrap_or_default(),
        device: request.device.clone().or_else(|| text("device")).unwrap_or("auto".into()),
        seed: record["seed"].as_u64().unwrap_or(0),
        strict: record["strict"] == true,
        again: Some(Rc::new(again)),
        id: text("session").unwrap_or_default(),
        ..Session::default()
    }
}

fn rebuild(
    request: &Request,
    run: &Path,
    record: &Value,
    specification: &Specification,
) -> Result<Opened> {
    // Relative paths refer to the folder in which the run was started, if it exists.
    if let Some(folder) = value_path(&record["folder"]).filter(|folder| folder.is_dir()) {
        std::env::set_current_dir(&folder).at(folder.display())?;
    }
    let again = Again {
        may_differ: may_differ(request),
        ..Again::new(mode(&request.aim, 1), BTreeMap::from([(1, run.to_path_buf())]))
    };
    let runtime =
        Runtime::with_session(session(request, record, again)).map_err(|e| error_of(&e))?;
    let given = Given {
        device: request.device.as_deref(),
        backbone: request.backbone.as_deref(),
        loaded: None,
    };
    let trainer = trainer(runtime.lua(), run, specification, &given)?;
    let rebuilt = Rebuilt { runtime, trainer };
    let lost = lost(request, specification, &rebuilt);
    let no_script =
        request.backbone.is_some() || matches!(request.aim, Aim::Resume { no_script: true });
    if lost.is_empty() || no_script || !record["script"].is_string() {
        return Ok(Opened::Rebuilt(Box::new(rebuilt)));
    }
    drop(rebuilt);
    let why = format!("config.json does not describe it completely ({})", lost.join("; "));
    by_script(request, run, record, specification, &why)
}

/// The settings that the rebuilt trainer does not have as recorded. Files and weights with other content
/// are not among them: the script would find the same.
fn lost(request: &Request, specification: &Specification, rebuilt: &Rebuilt) -> Vec<String> {
    let allowed = may_differ(request);
    let mut found = rebuilt.with(|run| differences(&specification.to_json(), run.specification()));
    found.retain(|change| {
        !allowed.iter().any(|key| change.starts_with(key)) && !change.ends_with("different content")
    });
    found
}

/// The session of the script, ready to be run again.
fn by_script(
    request: &Request,
    run: &Path,
    record: &Value,
    specification: &Specification,
    why: &str,
) -> Result<Opened> {
    let text = |key: &str| record[key].as_str().map(String::from);
    let Some(script) = text("script") else {
        return Err(Error::new(format!("it cannot be rebuilt: {why}; and no script made it"))
            .at(run.display())
            .hint("make the same trainer at the prompt and continue with t:load(RUN)"));
    };
    if request.backbone.is_some() || matches!(request.aim, Aim::Resume { no_script: true }) {
        let option = if request.backbone.is_some() { "--backbone" } else { "--no-script" };
        return Err(
            Error::new(format!("the run cannot be rebuilt without its script: {why}")).at(option)
        );
    }
    let is_needed = specification.needs_script_to_step().is_some();
    let source = script_of(run, record).map_err(|e| match request.aim {
        Aim::Resume { .. } if !is_needed => {
            e.hint("--no-script makes the remaining steps from config.json alone")
        }
        _ => e.hint(modules::PUT_BACK),
    })?;
    let modules = modules::read(run)?;
    if let Some(folder) = value_path(&record["folder"])
        && std::env::set_current_dir(&folder).is_err()
    {
        let folder = folder.display();
        notice::say(&format!(
            "note: the folder in which the run was started, {folder}, is not here: relative paths start from \
             the current folder"
        ));
    }
    let until = match request.aim {
        Aim::Evaluate(_) => ", up to this run",
        _ => "",
    };
    notice::say(&format!(
        "note: {why}: {script} is run again{until}, as it was when the run was made"
    ));
    note_edits(&script, &source, &modules);
    note_code(
        run,
        [(Path::new(&script), &source[..])].into_iter().chain(modules.iter().map(of_source)),
    );
    let trainer = record["trainer"].as_u64().unwrap_or(1) as usize;
    let mut folders = beside(run, text("session").as_deref().unwrap_or_default());
    folders.insert(trainer, run.to_path_buf());
    let again = Again {
        cell: (!record["cell"].is_null()).then(|| record["cell"].clone()),
        evaluation: match &request.aim {
            Aim::Evaluate(options) => Some(EvaluationOptions::clone(options)),
            _ => None,
        },
        may_differ: may_differ(request),
        modules,
        ..Again::new(mode(&request.aim, trainer), folders)
    };
    Ok(Opened::Script(Box::new(Session {
        out: value_path(&record["out"]),
        script: Some(Script { path: script.into(), source }),
        ..session(request, record, again)
    })))
}

/// The copy of the script in the run's folder; compt 0.1.0 did not record its hash.
fn script_of(run: &Path, record: &Value) -> Result<String> {
    let copy = run.join(SCRIPT);
    match (record["script"].as_str(), record["script_sha256"].as_str()) {
        (Some(script), Some(recorded)) => {
            modules::copied(Path::new(script), &copy, recorded).map(|source| source.text)
        }
        _ => text::read(&copy),
    }
}

/// Reports files that were edited since: their copies in the run's folder are used.
fn note_edits(script: &str, source: &str, modules: &[Source]) {
    let differs = |path: &Path, text: &str| fs::read_to_string(path).is_ok_and(|now| now != text);
    let script = differs(Path::new(script), source).then(|| script.to_string());
    let others = modules.iter().filter(|module| differs(&module.path, &module.text));
    let names: Vec<String> =
        script.into_iter().chain(others.map(|module| module.path.display().to_string())).collect();
    match &names[..] {
        [] => {}
        [one] => notice::say(&format!("note: {one} has changed since: the run's copy is used")),
        [first @ .., last] => {
            let first = first.join(", ");
            notice::say(&format!(
                "note: {first} and {last} have changed since: the run's copies are used"
            ));
        }
    }
}

pub(super) fn of_source(source: &Source) -> (&Path, &str) {
    (&source.path, &source.text)
}

/// Says that code of the run's folder is run, unless the same code is in the files it was made from, outside of
/// that folder. See docs/explanation/trust.md.
pub(super) fn note_code<'a>(run: &Path, files: impl Iterator<Item = (&'a Path, &'a str)>) {
    let is_here = |(path, code): &(&Path, &str)| {
        let is_apart = fs::canonicalize(path).is_ok_and(|path| !path.starts_with(run));
        is_apart && text::read(path).is_ok_and(|now| now == *code)
    };
    let others: Vec<String> =
        files.filter(|file| !is_here(file)).map(|file| file.0.display().to_string()).collect();
    if !others.is_empty() {
        notice::say(&format!(
            "note: this runs code from the run's folder that is not in your files ({}): go on only if you trust \
             who made {} (docs/explanation/trust.md)",
            others.join(", "),
            run.display()
        ));
    }
}

/// The run in this folder, or the run of a session directly below it, with its `session.json`. Only
/// resuming can choose among several runs of one session: the last unfinished one.
fn run_in(folder: &Path, aim: &Aim) -> Result<(PathBuf, Value)> {
    const HOLDS: &str = "give the folder that holds config.json and session.json";
    let refuse = |what: String, hint: &str| Err(Error::new(what).at(folder.display()).hint(hint));
    if folder.join(SESSION).is_file() {
        return Ok((folder.to_path_buf(), read_json(&folder.join(SESSION))?));
    }
    let cell = read_json(&folder.join(CELL)).unwrap_or_default();
    let began = below(folder).any(|path| path.join(SESSION).is_file());
    if let (Some(error), false) = (cell["error"].as_str(), began) {
        let what = format!("the cell failed before anything was trained: {error}");
        return refuse(what, "run the script again: it repeats failed cells");
    }
    let mut runs: Vec<(String, bool, PathBuf, Value)> = below(folder)
        .filter_map(|path| {
            let record = read_json(&path.join(SESSION)).ok()?;
            let over = path.join(RESULT).is_file();
            Some((record["session"].as_str()?.to_string(), !over, path, record))
        })
        .collect();
    let sessions: BTreeSet<&String> = runs.iter().map(|run| &run.0).collect();
    if sessions.len() > 1 || runs.len() > 1 && !matches!(aim, Aim::Resume { .. }) {
        let what = match sessions.len() {
            1 => "it holds several runs",
            _ => "it holds runs that do not belong together",
        };
        return refuse(what.into(), &format!("specify one: {}", runs_in(folder).join(", ")));
    }
    runs.sort_by_key(|run| run.1);
    match runs.pop() {
        Some((_, _, path, record)) => Ok((path, record)),
        None => refuse("there is no run in this folder".into(), HOLDS),
    }
}

fn below(folder: &Path) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
}

/// The runs of a session in the sibling folders, by the numbers of their trainers.
fn beside(run: &Path, session: &str) -> BTreeMap<usize, PathBuf> {
    let folders = run.parent().into_iter().flat_map(below);
    let of_session = |path: PathBuf| {
        let record = read_json(&path.join(SESSION)).ok()?;
        let trainer = record["trainer"].as_u64()? as usize;
        (record["session"] == session).then_some((trainer, path))
    };
    folders.filter_map(of_session).collect()
}

fn note_other_threads(run: &Path) {
    let recorded = read_json(&run.join(ENVIRONMENT)).unwrap_or_default();
    let threads = i64::from(tch::get_num_threads());
    if let Some(was) = recorded["threads"].as_i64().filter(|was| *was != threads) {
        notice::say(&format!(
            "note: this run was made with {was} thread(s) and now has {threads}: sums are rounded in another order, \
             so losses are not identical; OMP_NUM_THREADS={was} makes them so"
        ));
    }
}

pub(super) fn note_other_binary(run: &Path) {
    let recorded = read_json(&run.join(ENVIRONMENT)).unwrap_or_default();
    let was = recorded["binary_sha256"].as_str();
    if was.is_some() && was != binary_sha256().as_deref() {
        let version = recorded["compt"].as_str().unwrap_or("unknown");
        notice::say(&format!(
            "note: compt itself has changed since this run was made (by version {version}): its \
             numbers may differ"
        ));
    }
}
