//! The program as people run it, for the tests of what it prints and leaves behind.

pub mod cache;
pub mod cluster;
mod command;
pub mod damage;
pub mod hub_server;
pub mod pages;
pub mod steered;
pub mod terminal;

pub use command::{apart, compt, read, root};

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;
use tempfile::TempDir;

/// Something that is not installed was not tested. Under CI that is a failure.
pub fn skipped(what: &str) {
    let is_ci = std::env::var("CI").is_ok_and(|value| !["", "0", "false"].contains(&&*value));
    assert!(!is_ci, "CI is set, and a test would be skipped: {what}");
    say(what);
}

/// Past what the test harness holds back.
fn say(what: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED: {what}");
}

/// A folder of data that are no part of the project, below `COMPT_SHARED`: None, said aloud, where
/// they are not, CI or not.
pub fn shared(name: &str) -> Option<PathBuf> {
    let shared =
        std::env::var_os("COMPT_SHARED").map_or_else(|| root().join("../shared"), PathBuf::from);
    let folder = shared.join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    say(&format!("there is no {} (COMPT_SHARED)", folder.display()));
    None
}

/// Python with this package.
pub fn python(package: &str) -> Option<Command> {
    let found = apart("python3").args(["-c", &format!("import {package}")]).output();
    if found.is_ok_and(|output| output.status.success()) {
        return Some(apart("python3"));
    }
    skipped(&format!("python3 has no package '{package}'"));
    None
}

/// Runs a test in a process of its own, because it changes or measures what all threads share: the
/// interrupt flag, torch's generator, memory.
pub fn alone(body: impl FnOnce()) {
    const ALONE: &str = "COMPT_TEST_ALONE";
    if std::env::var_os(ALONE).is_some() {
        return body();
    }
    let thread = std::thread::current();
    let test = thread.name().expect("each test is a thread with its name");
    let mut command = apart(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--nocapture"]).env(ALONE, "1");
    let (code, out, err) = read(command.output().unwrap());
    print!("{out}");
    eprint!("{err}");
    assert!(code == 0 && out.contains("1 passed"), "{test} fails in a process of its own");
}

/// A folder with `study.lua` and other files, and the program run in it.
pub struct Study(pub TempDir);

impl Study {
    pub fn new(files: &[(&str, &str)]) -> Study {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Study(folder)
    }

    /// `study.lua` beside `small.lua`, the small backbone and tasks of the Lua tests.
    pub fn small(script: &str) -> Study {
        let small = include_str!("../../lua/small.lua");
        Study::new(&[("study.lua", script), ("small.lua", small)])
    }

    pub fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        read(compt(arguments).current_dir(self.0.path()).output().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    pub fn json(&self, name: &str) -> serde_json::Value {
        serde_json::from_str(&self.text(name)).unwrap()
    }

    /// The names of all files and folders, sorted.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.0.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}
