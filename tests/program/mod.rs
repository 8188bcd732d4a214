//! The program as people run it, for the tests of what it prints and leaves behind.
#![allow(dead_code)] // Each test file uses a part of it.

pub mod cache;
pub mod cluster;
pub mod damage;
pub mod hub_server;
pub mod steered;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

pub fn compt(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_compt"));
    command.args(arguments).env("OMP_NUM_THREADS", "1");
    command
}

/// Exit code, standard output and standard error.
pub fn read(output: Output) -> (i32, String, String) {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

/// Says, whatever the test harness holds back, that something was not tested, and why.
pub fn skipped(why: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED: {why}");
}

/// The repository's root.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
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
        let small = include_str!("../lua/small.lua");
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
