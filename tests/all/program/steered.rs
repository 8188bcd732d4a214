//! A run whose control file is edited while it trains.

use super::{Study, compt};
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

pub const STUDY: &str = r#"
local compt, small = require "compt", require "small"
local t = compt.trainer {
  backbone = small.backbone { dropout_rate = 0.1 }, tasks = small.tasks(),
  method = compt.methods.ssum { sources = 2, length = 3, compose = compt.args.compose },
  steps = 2000000, batch_size = 4, progress = false, control = "control.lua",
}
t:run()
"#;

pub const CONTROL: &str = r#"local s = require "compt.schedule"
return {
  temperature = s.linear(5, 0.001),
  lr = { router = 0.01, source = 0.01, private = 0.01 },
}
"#;

/// A run under way, and what it says.
pub struct Run {
    child: Child,
    said: Receiver<(Instant, String)>,
    pub all: String,
}

impl Run {
    pub fn start(study: &Study, arguments: &[&str]) -> Run {
        let mut command = compt(arguments);
        command.current_dir(study.0.path()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (sender, said) = channel();
        std::thread::spawn(move || {
            lines.for_each(|line| drop(sender.send((Instant::now(), line.unwrap()))));
        });
        Run { child, said, all: String::new() }
    }

    /// Waits until it says something with these words; tells when.
    pub fn hear(&mut self, words: &str) -> Instant {
        self.hear_any(&[words])
    }

    pub fn hear_any(&mut self, words: &[&str]) -> Instant {
        loop {
            match self.said.recv_timeout(Duration::from_secs(60)) {
                Ok((when, line)) => {
                    self.all.push_str(&line);
                    self.all.push('\n');
                    if words.iter().any(|words| line.contains(words)) {
                        return when;
                    }
                }
                Err(_) => panic!("it did not say any of {words:?}, but:\n{}", self.all),
            }
        }
    }

    /// The number of threads of the process.
    pub fn threads(&self) -> usize {
        let folder = format!("/proc/{}/task", self.child.id());
        fs::read_dir(folder).unwrap().count()
    }

    /// Waits until the run has made another step.
    pub fn wait_for_steps(&self, folder: &Path, more: usize) {
        let made =
            || fs::read_to_string(folder.join("metrics.jsonl")).map_or(0, |t| t.lines().count());
        let before = made();
        while made() < before + more {
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    pub fn end(mut self) -> (i32, String) {
        while let Ok((_, line)) = self.said.recv() {
            self.all.push_str(&line);
            self.all.push('\n');
        }
        (self.child.wait().unwrap().code().unwrap_or(-1), self.all)
    }

    pub fn terminate(self) -> (i32, String) {
        // SAFETY: the child is ours and not waited for yet.
        unsafe { libc::kill(self.child.id() as i32, libc::SIGTERM) };
        self.end()
    }
}

pub fn lines(path: &Path) -> Vec<Value> {
    fs::read_to_string(path)
        .unwrap_or_default()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

pub fn losses(run: &Path) -> Vec<f64> {
    lines(&run.join("metrics.jsonl")).iter().map(|line| line["loss"].as_f64().unwrap()).collect()
}

pub fn study() -> Study {
    let study = Study::small(STUDY);
    fs::write(study.path("control.lua"), CONTROL).unwrap();
    study
}

/// Ways of saving a file, as editors and shells have them.
pub fn save(study: &Study, way: usize, name: &str, text: &str) {
    let path = study.path(name);
    match way % 4 {
        0 => fs::write(&path, text).unwrap(),
        1 => {
            fs::write(study.path("#control.tmp#"), text).unwrap();
            fs::rename(study.path("#control.tmp#"), &path).unwrap();
        }
        2 => {
            fs::rename(&path, study.path("control.lua~")).unwrap();
            fs::write(&path, text).unwrap();
            fs::remove_file(study.path("control.lua~")).unwrap();
        }
        _ => {
            fs::remove_file(&path).unwrap();
            std::thread::sleep(Duration::from_millis(20));
            fs::write(&path, text).unwrap();
        }
    }
}
