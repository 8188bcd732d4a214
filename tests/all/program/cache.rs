//! A home of the hub's cache, and the program with it.

use super::hub_server::Server;
use super::{compt, read};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

pub struct Home(TempDir);

impl Home {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Home {
        Home(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn hub(&self) -> PathBuf {
        self.0.path().join("hub")
    }

    pub fn snapshot(&self, folder: &str, commit: &str) -> PathBuf {
        self.hub().join(folder).join("snapshots").join(commit)
    }

    /// A file of the only snapshot of org/t5.
    pub fn content(&self, name: &str) -> Vec<u8> {
        let snapshots = self.hub().join("models--org--t5/snapshots");
        let snapshot = fs::read_dir(snapshots).unwrap().next().unwrap().unwrap().path();
        fs::read(snapshot.join(name)).unwrap()
    }

    pub fn compt(&self, server: &Server, arguments: &[&str]) -> Command {
        let mut command = compt(arguments);
        command.env("HF_HOME", self.path()).env("HF_ENDPOINT", format!("{}/", server.url));
        command
    }

    pub fn run(&self, server: &Server, arguments: &[&str]) -> (i32, String, String) {
        read(self.compt(server, arguments).output().unwrap())
    }

    pub fn fetch(&self, server: &Server, arguments: &[&str]) -> (i32, String, String) {
        self.run(server, &[&["fetch"], arguments].concat())
    }
}

/// All files below a folder, by their paths below it, sorted.
pub fn files_below(folder: &Path) -> Vec<String> {
    fn walk(folder: &Path, base: &Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.symlink_metadata().unwrap().is_dir() {
                walk(&path, base, found);
            } else {
                found.push(path.strip_prefix(base).unwrap().to_str().unwrap().to_string());
            }
        }
    }
    let mut found = Vec::new();
    walk(folder, folder, &mut found);
    found.sort();
    found
}
