//! The folder of one run: what it was made from, what happened, what came out.

use super::files::{JsonLines, check_writable, write_json};
use super::source::Source;
use crate::Result;
use crate::atomic::write_atomic;
use crate::error::Context;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

/// What is known of a run before its first step.
pub struct Start<'a> {
    /// Every setting as it was resolved.
    pub config: &'a Value,
    /// See [`super::environment`].
    pub environment: &'a Value,
    /// The script's text, kept as `script.lua`.
    pub script: Option<&'a str>,
}

/// A folder with `config.json`, `environment.json`, `script.lua`, `metrics.jsonl` (one line a
/// step), `control.jsonl` and `control/` (the accepted versions of the control file), and at the
/// end `result.json`.
pub struct RunFolder {
    path: PathBuf,
    metrics: JsonLines,
    controls: JsonLines,
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
        write_json(&path.join("config.json"), start.config)?;
        write_json(&path.join("environment.json"), start.environment)?;
        if let Some(script) = start.script {
            write_atomic(&path.join("script.lua"), script.as_bytes())?;
        }
        Ok(RunFolder {
            path: path.to_path_buf(),
            metrics: JsonLines::open(&path.join("metrics.jsonl"))?,
            controls: JsonLines::open(&path.join("control.jsonl"))?,
        })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends a line to `metrics.jsonl`.
    pub fn metrics(&mut self, line: &Value) -> Result<()> {
        self.metrics.append(line)
    }

    /// Notes the version of a control file that takes effect at `step`: a line in `control.jsonl`,
    /// and each text under `control/SHA256.lua`. The control file is the first source; those it
    /// requires follow.
    pub fn control(&mut self, step: u64, sources: &[Source]) -> Result<()> {
        let Some((file, required)) = sources.split_first() else { return Ok(()) };
        let texts = self.path.join("control");
        fs::create_dir_all(&texts).at(texts.display())?;
        for source in sources {
            let copy = texts.join(format!("{}.lua", source.sha256));
            write_atomic(&copy, source.text.as_bytes())?;
        }
        let required: Vec<Value> =
            required.iter().map(|s| json!({ "sha256": s.sha256, "file": s.path })).collect();
        let mut line = json!({ "step": step, "sha256": file.sha256, "file": file.path });
        if !required.is_empty() {
            line["requires"] = Value::Array(required);
        }
        self.controls.append(&line)
    }

    /// Writes `result.json`, which marks the run as finished.
    pub fn result(&self, result: &Value) -> Result<()> {
        write_json(&self.path.join("result.json"), result)
    }
}

/// The path itself, or the first of `PATH-2`, `PATH-3` ... that holds no run.
fn free(path: &Path) -> PathBuf {
    let holds_run = |p: &Path| p.join("config.json").exists() || p.join("result.json").exists();
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
    use super::*;

    fn create(path: &Path) -> Result<RunFolder> {
        let (config, environment) = (json!({ "epochs": 30 }), json!({}));
        let start = Start { config: &config, environment: &environment, script: Some("print(1)") };
        RunFolder::create(path, &start)
    }

    #[test]
    fn a_run_is_recorded() {
        let folder = tempfile::tempdir().unwrap();
        let mut run = create(&folder.path().join("runs/a")).unwrap();
        run.metrics(&json!({ "step": 1, "loss": 2.5 })).unwrap();
        run.metrics(&json!({ "step": 2, "loss": 2.0 })).unwrap();
        let control = Source::new("control.lua".into(), "return {}".into());
        let extra = Source::new("extra.lua".into(), "return 1".into());
        run.control(1, &[control.clone(), extra]).unwrap();
        run.result(&json!({ "average": 80.0 })).unwrap();

        let read = |name: &str| fs::read_to_string(run.path().join(name)).unwrap();
        assert_eq!(read("script.lua"), "print(1)");
        assert_eq!(read("metrics.jsonl").lines().count(), 2);
        let line: Value = serde_json::from_str(&read("control.jsonl")).unwrap();
        assert_eq!((&line["step"], &line["file"]), (&json!(1), &json!("control.lua")));
        assert_eq!(line["requires"][0]["file"], "extra.lua");
        assert_eq!(read(&format!("control/{}.lua", control.sha256)), "return {}");
        assert!(read("result.json").contains("80.0"));
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
