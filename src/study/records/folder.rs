//! The folder of one run: its inputs, its log and its results.

use super::events::{self, Event};
use super::modules;
use crate::{Error, Result};
use compt_base::files::atomic::{remove_temporary, write_atomic};
use compt_base::files::json::{JsonLines, check_writable, write_json};
use compt_base::files::source::Source;
use compt_error::Context;
use serde_json::Value;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What is recorded before the first step.
pub struct Start<'a> {
    /// All settings, resolved.
    pub config: &'a Value,
    /// See [`super::environment`].
    pub environment: &'a Value,
    pub provenance: &'a Provenance,
}

/// The origin of a run.
#[derive(Debug, Clone, Default)]
pub struct Provenance {
    /// The source of the script, stored as `script.lua`.
    pub script: Option<String>,
    /// The files that the script has loaded, stored below `modules/`.
    pub modules: Vec<Source>,
    /// `session.json`: what is needed to run the script again.
    pub session: Value,
}

/// The names of a run's files.
pub const CONFIG: &str = "config.json";
pub const ENVIRONMENT: &str = "environment.json";
pub const SESSION: &str = "session.json";
pub const SCRIPT: &str = "script.lua";
pub const METRICS: &str = "metrics.jsonl";
pub const EVALUATIONS: &str = "evaluations.jsonl";
pub const RESULT: &str = "result.json";
/// The description of a grid cell.
pub const CELL: &str = "cell.json";
/// The output of a cell's run that was not printed on the terminal.
pub const LOG: &str = "log.txt";
/// A folder of files `SPLIT.jsonl.gz`: the predictions, row by row.
pub const PREDICTIONS: &str = "predictions";
pub const PROMPTS: &str = "prompts.safetensors";
/// The folder of checkpoints, below the run's.
pub const CHECKPOINTS: &str = "checkpoints";

/// A folder with `config.json`, `environment.json`, `session.json`, `script.lua`, `modules/`, `metrics.jsonl`
/// (one line per step), `evaluations.jsonl`, `control.jsonl` and `control/` (control events and sources),
/// `checkpoints/`, `predictions/` of evaluations, and at the end `result.json`.
pub struct RunFolder {
    path: PathBuf,
    metrics: JsonLines,
    evaluations: JsonLines,
    controls: JsonLines,
    /// Source texts that could not be written yet.
    texts: Vec<Source>,
    /// Held while this process writes here.
    _lock: File,
}

/// The run folders directly below a folder, sorted.
pub fn runs_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let runs = entries.filter(|path| path.join(CONFIG).is_file() && path.join(SESSION).is_file());
    let mut names: Vec<String> = runs.map(|path| path.display().to_string()).collect();
    names.sort();
    names
}

impl RunFolder {
    /// Creates the folder and writes the initial records.
    ///
    /// A folder that already holds a run is not changed: the new run uses the first free name of
    /// `NAME-2`, `NAME-3` ..., see [`RunFolder::path`].
    ///
    /// # Errors
    /// A record cannot be written; everything that was created is then removed.
    pub fn create(path: &Path, start: &Start) -> Result<RunFolder> {
        check_writable(path)?;
        let candidates = names(path);
        for path in candidates.filter(|path| !path.join(RESULT).exists()) {
            let missing: Vec<PathBuf> =
                path.ancestors().take_while(|a| !a.exists()).map(Path::to_path_buf).collect();
            fs::create_dir_all(&path).at(path.display())?;
            let begun = claim(&path).and_then(|claimed| {
                claimed.map(|config| RunFolder::begin(&path, config, start)).transpose()
            });
            match begun {
                Ok(Some(folder)) => return Ok(folder),
                Ok(None) => {}
                Err(e) => {
                    // Another process may be using the folders by now, so only empty ones are removed.
                    missing.iter().for_each(|made| drop(fs::remove_dir(made)));
                    return Err(e);
                }
            }
        }
        unreachable!("some number is free")
    }

    /// `config` is the claimed file.
    fn begin(path: &Path, mut config: File, start: &Start) -> Result<RunFolder> {
        let mut write = || -> Result<RunFolder> {
            let text = format!("{:#}\n", start.config);
            let written = config.write_all(text.as_bytes()).and_then(|()| config.sync_all());
            written.at(path.join(CONFIG).display())?;
            write_json(&path.join(ENVIRONMENT), start.environment)?;
            let Provenance { script, modules, session } = start.provenance;
            write_json(&path.join(SESSION), session)?;
            if let Some(script) = script {
                write_atomic(&path.join(SCRIPT), script.as_bytes())?;
            }
            modules::write(path, modules)?;
            RunFolder::with(path, config.try_clone().at(path.display())?)
        };
        let begun = write();
        if begun.is_err() {
            let files = [ENVIRONMENT, SESSION, SCRIPT, METRICS, EVALUATIONS, events::LINES];
            files.iter().chain([&CONFIG]).for_each(|f| drop(fs::remove_file(path.join(f))));
        }
        begun
    }

    /// Opens the folder of a run to resume it.
    ///
    /// # Errors
    /// Another process writes to the run.
    pub fn open(path: &Path) -> Result<RunFolder> {
        let config = path.join(CONFIG);
        let lock = File::open(&config).at(config.display())?;
        if let Err(TryLockError::WouldBlock) = lock.try_lock() {
            return Err(Error::new("another program trains this run now").at(path.display()));
        }
        RunFolder::with(path, lock)
    }

    fn with(path: &Path, lock: File) -> Result<RunFolder> {
        for folder in [path, &path.join(CHECKPOINTS)] {
            remove_temporary(folder);
        }
        Ok(RunFolder {
            path: path.to_path_buf(),
            metrics: JsonLines::open(&path.join(METRICS))?,
            evaluations: JsonLines::open(&path.join(EVALUATIONS))?,
            controls: JsonLines::open(&path.join(events::LINES))?,
            texts: Vec::new(),
            _lock: lock,
        })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends a line to `metrics.jsonl`. Errors: the write fails; the line stays pending.
    pub fn metrics(&mut self, line: &Value) -> Result<()> {
        self.metrics.append(line)
    }

    /// Appends a line to `evaluations.jsonl`. Errors: the write fails; the line stays pending.
    pub fn evaluation(&mut self, line: &Value) -> Result<()> {
        self.evaluations.append(line)
    }

    /// Removes the records of the steps after this one, which will be made again. Errors: a file cannot
    /// be written.
    pub fn back_to(&mut self, step: u64) -> Result<()> {
        let number = |line: &Value| line["step"].as_u64();
        let cut = self.metrics.back_to(number, step);
        cut.and(self.evaluations.back_to(number, step))
    }

    /// Removes the control events of attempts after this one. Errors: the file cannot be written.
    pub fn steered_until(&mut self, attempt: u64) -> Result<()> {
        self.controls.back_to(events::attempt, attempt)
    }

    /// Records a control event: a line in `control.jsonl`, and each source text as
    /// `control/SHA256.lua`. Errors: the write fails; it stays pending.
    pub fn steered(&mut self, event: &Event) -> Result<()> {
        self.texts.extend_from_slice(event.sources());
        let noted = self.controls.append(&event.line());
        self.write_texts().and(noted)
    }

    /// Writes the pending source texts.
    fn write_texts(&mut self) -> Result<()> {
        let folder = self.path.join(events::TEXTS);
        while let Some(source) = self.texts.last() {
            let copy = folder.join(format!("{}.lua", source.sha256));
            if !copy.exists() {
                // `create_dir`, not `create_dir_all`: a deleted run folder is not created again silently.
                match fs::create_dir(&folder) {
                    Err(e) if e.kind() != io::ErrorKind::AlreadyExists => {
                        return Err(Error::from(e).at(folder.display()));
                    }
                    _ => write_atomic(&copy, source.text.as_bytes())?,
                }
            }
            self.texts.pop();
        }
        Ok(())
    }

    /// Retries all pending writes. Errors: a write fails again.
    pub fn catch_up(&mut self) -> Result<()> {
        let texts = self.write_texts();
        self.lines().into_iter().map(JsonLines::flush).fold(texts, Result::and)
    }

    /// Flushes all pending writes to disk, which a checkpoint relies on. Errors: a write fails.
    pub fn sync(&mut self) -> Result<()> {
        let texts = self.write_texts();
        self.lines().into_iter().map(JsonLines::sync).fold(texts, Result::and)
    }

    fn lines(&mut self) -> [&mut JsonLines; 3] {
        [&mut self.controls, &mut self.metrics, &mut self.evaluations]
    }

    /// Writes `result.json`, which marks the run as finished. Errors: the file cannot be written.
    pub fn result(&self, result: &Value) -> Result<()> {
        write_json(&self.path.join(RESULT), result)
    }
}

/// The path itself, `PATH-2`, `PATH-3` ...
fn names(path: &Path) -> impl Iterator<Item = PathBuf> {
    let numbered = (2..).map(|n| {
        let mut name = path.as_os_str().to_os_string();
        name.push(format!("-{n}"));
        PathBuf::from(name)
    });
    std::iter::once(path.to_path_buf()).chain(numbered)
}

/// Creates `config.json`, which only one process can do, and locks it; `None` if it exists.
fn claim(folder: &Path) -> Result<Option<File>> {
    let path = folder.join(CONFIG);
    match OpenOptions::new().write(true).create_new(true).open(&path) {
        Ok(file) => {
            let _ = file.try_lock();
            Ok(Some(file))
        }
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(None),
        Err(e) => Err(Error::from(e).at(path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::super::events::{Change, Role};
    use super::*;
    use serde_json::json;

    fn create(path: &Path) -> Result<RunFolder> {
        let (config, empty) = (json!({ "epochs": 30 }), json!({}));
        let provenance = Provenance { script: Some("print(1)".into()), ..Provenance::default() };
        let start = Start { config: &config, environment: &empty, provenance: &provenance };
        RunFolder::create(path, &start)
    }

    fn event(step: u64, change: Change) -> Event {
        Event { step, attempt: step, change }
    }

    #[test]
    fn a_run_is_recorded() {
        let folder = tempfile::tempdir().unwrap();
        let mut run = create(&folder.path().join("runs/a")).unwrap();
        run.metrics(&json!({ "step": 1, "loss": 2.5 })).unwrap();
        run.metrics(&json!({ "step": 2, "loss": 2.0 })).unwrap();
        let control = Source::new("control.lua".into(), "return {}".into());
        let extra = Source::new("extra.lua".into(), "return 1".into());
        let version = Change::Version { sources: vec![control.clone(), extra], because: None };
        let events = [
            event(1, version),
            event(2, Change::Set { name: "clip".into(), value: json!(0.5) }),
            event(3, Change::Hold { knobs: json!({ "clip": 1.0 }), because: "it broke".into() }),
            Event {
                attempt: 7,
                ..event(
                    4,
                    Change::Part {
                        role: Role::Operator,
                        name: "o".into(),
                        source: control.clone(),
                    },
                )
            },
        ];
        events.iter().for_each(|event| run.steered(event).unwrap());
        run.result(&json!({ "average": 80.0 })).unwrap();

        let path = run.path().to_path_buf();
        let read = |name: &str| fs::read_to_string(path.join(name)).unwrap();
        assert_eq!(read("script.lua"), "print(1)");
        assert_eq!(read("metrics.jsonl").lines().count(), 2);
        let text = read("control.jsonl");
        let line: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
        assert_eq!((&line["step"], &line["file"]), (&json!(1), &json!("control.lua")));
        assert_eq!(line["requires"][0]["file"], "extra.lua");
        assert_eq!(read(&format!("control/{}.lua", control.sha256)), "return {}");
        assert_eq!(events::read(run.path()).unwrap(), events);
        assert!(read("result.json").contains("80.0"));
        run.back_to(1).unwrap();
        assert_eq!(read("metrics.jsonl"), "{\"step\":1,\"loss\":2.5}\n");

        let copy = run.path().join(format!("control/{}.lua", control.sha256));
        fs::write(copy, "return { }").unwrap();
        let text = events::read(run.path()).unwrap_err().to_string();
        assert!(text.contains("not the one that was recorded"), "{text}");
    }

    #[test]
    fn a_folder_is_one_program_s_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let run = create(&folder.path().join("a")).unwrap();
        let text = RunFolder::open(run.path()).err().unwrap().to_string();
        assert!(text.contains("another program trains this run now"), "{text}");
        let path = run.path().to_path_buf();
        drop(run);
        RunFolder::open(&path).unwrap();
    }

    #[test]
    fn a_folder_with_a_run_in_it_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let names: Vec<_> = (0..3)
            .map(|_| create(&path).unwrap().path().file_name().unwrap().to_os_string())
            .collect();
        assert_eq!(names, ["a", "a-2", "a-3"]);
    }

    #[test]
    fn programs_that_start_at_once_get_folders_of_their_own() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("runs/a");
        let runs: Vec<RunFolder> = std::thread::scope(|scope| {
            let start = || scope.spawn(|| create(&path).unwrap());
            let started: Vec<_> = (0..8).map(|_| start()).collect();
            started.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let mut names: Vec<_> = runs.iter().map(|run| run.path().to_path_buf()).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), 8);
        assert!(names.iter().all(|name| name.join(SESSION).is_file()), "{names:?}");
    }

    #[test]
    fn what_steers_a_run_waits_for_a_folder_that_is_away() {
        let folder = tempfile::tempdir().unwrap();
        let mut run = create(&folder.path().join("a")).unwrap();
        let (path, away) = (run.path().to_path_buf(), folder.path().join("away"));
        let control = Source::new("control.lua".into(), "return {}".into());
        let version = Change::Version { sources: vec![control], because: None };
        let set = Change::Set { name: "clip".into(), value: json!(0.5) };
        let events = [event(1, version), event(1, set)];
        fs::rename(&path, &away).unwrap();
        for event in &events {
            assert!(run.steered(event).is_err());
        }
        assert!(run.metrics(&json!({ "step": 1 })).is_err() && run.sync().is_err());
        assert!(!path.exists(), "a folder that is gone is not made anew");
        fs::rename(&away, &path).unwrap();
        run.catch_up().unwrap();
        assert_eq!(events::read(&path).unwrap(), events);
        assert_eq!(fs::read_to_string(path.join(METRICS)).unwrap(), "{\"step\":1}\n");
    }

    #[test]
    fn nothing_is_left_of_a_run_that_cannot_start() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("runs/a");
        fs::write(folder.path().join("runs"), "a file").unwrap();
        let text = create(&path).err().unwrap().to_string();
        assert!(text.contains("runs: it is a file, not a folder"), "{text}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
