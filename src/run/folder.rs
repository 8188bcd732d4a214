//! The folder of one run: what it was made from, what happened, what came out.

use super::files::{JsonLines, check_writable, write_json};
use super::source::Source;
use super::steering::{self, Event};
use crate::atomic::{remove_temporary, write_atomic};
use crate::error::Context;
use crate::{Error, Result};
use serde_json::Value;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

/// What is known of a run before its first step.
pub struct Start<'a> {
    /// Every setting as it was resolved.
    pub config: &'a Value,
    /// See [`super::environment`].
    pub environment: &'a Value,
    /// The script's text, kept as `script.lua`.
    pub script: Option<&'a str>,
    /// What is needed to run the script again.
    pub session: &'a Value,
}

/// The names of a run's files.
pub const CONFIG: &str = "config.json";
pub const ENVIRONMENT: &str = "environment.json";
pub const SESSION: &str = "session.json";
pub const SCRIPT: &str = "script.lua";
pub const METRICS: &str = "metrics.jsonl";
pub const EVALUATIONS: &str = "evaluations.jsonl";
pub const RESULT: &str = "result.json";

/// A folder with `config.json`, `environment.json`, `session.json`, `script.lua`, `metrics.jsonl`
/// (one line a step), `evaluations.jsonl`, `control.jsonl` and `control/` (what steered the run),
/// `checkpoints/`, and at the end `result.json`.
pub struct RunFolder {
    path: PathBuf,
    metrics: JsonLines,
    evaluations: JsonLines,
    controls: JsonLines,
    /// Texts that could not be written yet.
    texts: Vec<Source>,
    /// Held as long as this program writes here.
    _lock: File,
}

impl RunFolder {
    /// Makes the folder and writes what is known at the start.
    ///
    /// A folder that already holds a run is left alone: the run goes to the first free one of
    /// `NAME-2`, `NAME-3` ..., which [`RunFolder::path`] tells. If anything cannot be written,
    /// what was made is removed again.
    pub fn create(path: &Path, start: &Start) -> Result<RunFolder> {
        check_writable(path)?;
        let path = free(path);
        let made = path.ancestors().take_while(|a| !a.exists()).last().map(Path::to_path_buf);
        let folder = RunFolder::begin(&path, start);
        if folder.is_err()
            && let Some(made) = made
        {
            let _ = fs::remove_dir_all(made);
        }
        folder
    }

    fn begin(path: &Path, start: &Start) -> Result<RunFolder> {
        fs::create_dir_all(path).at(path.display())?;
        write_json(&path.join(CONFIG), start.config)?;
        write_json(&path.join(ENVIRONMENT), start.environment)?;
        write_json(&path.join(SESSION), start.session)?;
        if let Some(script) = start.script {
            write_atomic(&path.join(SCRIPT), script.as_bytes())?;
        }
        RunFolder::open(path)
    }

    /// The folder of a run that is gone on with. One that another program writes to is an error.
    pub fn open(path: &Path) -> Result<RunFolder> {
        let config = path.join(CONFIG);
        let lock = File::open(&config).at(config.display())?;
        if let Err(TryLockError::WouldBlock) = lock.try_lock() {
            return Err(Error::new("another program trains this run now").at(path.display()));
        }
        for folder in [path, &path.join(super::checkpoints::FOLDER)] {
            remove_temporary(folder);
        }
        Ok(RunFolder {
            path: path.to_path_buf(),
            metrics: JsonLines::open(&path.join(METRICS))?,
            evaluations: JsonLines::open(&path.join(EVALUATIONS))?,
            controls: JsonLines::open(&path.join(steering::LINES))?,
            texts: Vec::new(),
            _lock: lock,
        })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends a line to `metrics.jsonl`.
    pub fn metrics(&mut self, line: &Value) -> Result<()> {
        self.metrics.append(line)
    }

    /// Appends a line to `evaluations.jsonl`.
    pub fn evaluation(&mut self, line: &Value) -> Result<()> {
        self.evaluations.append(line)
    }

    /// Forgets the steps after this one: they are made anew.
    pub fn back_to(&mut self, step: u64) -> Result<()> {
        let wanted = |line: &Value| line["step"].as_u64().is_some_and(|made| made <= step);
        self.metrics.keep_while(wanted)?;
        self.evaluations.keep_while(wanted)
    }

    /// Notes a change of what steers the run: a line in `control.jsonl`, and each text under
    /// `control/SHA256.lua`.
    pub fn steered(&mut self, event: &Event) -> Result<()> {
        self.texts.extend_from_slice(event.sources());
        let noted = self.controls.append(&event.line());
        self.write_texts().and(noted)
    }

    /// Writes the texts that wait.
    fn write_texts(&mut self) -> Result<()> {
        let folder = self.path.join(steering::TEXTS);
        while let Some(source) = self.texts.last() {
            let copy = folder.join(format!("{}.lua", source.sha256));
            if !copy.exists() {
                fs::create_dir_all(&folder).at(folder.display())?;
                write_atomic(&copy, source.text.as_bytes())?;
            }
            self.texts.pop();
        }
        Ok(())
    }

    /// Writes the lines that could not be written before.
    pub fn catch_up(&mut self) -> Result<()> {
        self.write_texts()?;
        [&mut self.metrics, &mut self.evaluations, &mut self.controls]
            .into_iter()
            .try_for_each(JsonLines::flush)
    }

    /// Writes `result.json`, which marks the run as finished.
    pub fn result(&self, result: &Value) -> Result<()> {
        write_json(&self.path.join(RESULT), result)
    }
}

/// The path itself, or the first of `PATH-2`, `PATH-3` ... that holds no run.
fn free(path: &Path) -> PathBuf {
    let holds_run = |p: &Path| p.join(CONFIG).exists() || p.join(RESULT).exists();
    let numbered = (2..).map(|n| {
        let mut name = path.as_os_str().to_os_string();
        name.push(format!("-{n}"));
        PathBuf::from(name)
    });
    std::iter::once(path.to_path_buf())
        .chain(numbered)
        .find(|p| !holds_run(p))
        .expect("some number is free")
}

#[cfg(test)]
mod tests {
    use super::super::steering::Change;
    use super::*;
    use serde_json::json;

    fn create(path: &Path) -> Result<RunFolder> {
        let (config, empty) = (json!({ "epochs": 30 }), json!({}));
        let script = Some("print(1)");
        let start = Start { config: &config, environment: &empty, script, session: &empty };
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
                ..event(4, Change::Operator { name: "o".into(), source: control.clone() })
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
        assert_eq!(steering::read(run.path()).unwrap(), events);
        assert!(read("result.json").contains("80.0"));
        run.back_to(1).unwrap();
        assert_eq!(read("metrics.jsonl"), "{\"step\":1,\"loss\":2.5}\n");

        let copy = run.path().join(format!("control/{}.lua", control.sha256));
        fs::write(copy, "return { }").unwrap();
        let text = steering::read(run.path()).unwrap_err().to_string();
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
    fn nothing_is_left_of_a_run_that_cannot_start() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("runs/a");
        fs::write(folder.path().join("runs"), "a file").unwrap();
        let text = create(&path).err().unwrap().to_string();
        assert!(text.contains("runs: it is a file, not a folder"), "{text}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
