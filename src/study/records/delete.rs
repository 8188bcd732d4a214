//! Deleting runs: only folders that compt wrote, and that no process writes to.

use super::catalog::{Entry, find};
use super::claim::{Claim, Taken, claim};
use super::folder::{CELL, CONFIG, ENVIRONMENT, METRICS, SESSION};
use crate::{Error, Result};
use compt_base::files::json::read_json;
use compt_error::Context;
use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The prefix of the name that a folder has while its files are removed.
const GOING: &str = ".compt-deleted-";

/// A run that no other process can open until it is deleted or this is dropped.
pub struct Deletion {
    pub entry: Entry,
    /// The runs below it, which are deleted, too.
    pub below: Vec<PathBuf>,
    _claims: Vec<Claim>,
    _locks: Vec<File>,
}

impl Deletion {
    /// Takes hold of the run in exactly this folder.
    ///
    /// # Errors
    /// There is no folder; compt did not write it; it is a link; a process works on it or on a run below it.
    pub fn of(folder: &Path) -> Result<Deletion> {
        let at = || folder.display();
        let found = folder.symlink_metadata().at(at())?;
        if found.is_symlink() {
            let target = fs::read_link(folder).unwrap_or_default();
            return Err(Error::new(format!("it is a link to {}", target.display()))
                .at(at())
                .hint("give the folder of the run itself"));
        }
        if !is_ours(folder) {
            let none = Error::new("this is not the folder of a run").at(at());
            return Err(none.hint(format!(
                "only folders with the {SESSION} or {CELL} of compt are deleted; `compt runs` lists runs"
            )));
        }
        let entry = Entry::read(folder)
            .ok_or_else(|| Error::new("this is not the folder of a run").at(folder.display()))?;
        let below = runs_below(folder)?;
        let (mut claims, mut locks) = (Vec::new(), Vec::new());
        for path in below.iter().map(PathBuf::as_path).chain([folder]) {
            claims.extend(claimed(path)?);
            locks.extend(locked(path)?);
        }
        Ok(Deletion { entry, below, _claims: claims, _locks: locks })
    }

    /// Deletes it: in one step it is no run any more, then its files are removed.
    ///
    /// # Errors
    /// The folder cannot be renamed, or a file cannot be removed.
    pub fn carry_out(self) -> Result<()> {
        let path = &self.entry.path;
        let going = (0..).map(|n| going(path, n)).find(|path| !path.exists());
        let going = going.expect("some number is free");
        fs::rename(path, &going).at(path.display())?;
        finish(path).map(drop)
    }
}

/// Removes what interrupted deletions of this folder left. Returns whether there was something.
///
/// # Errors
/// A file cannot be removed.
pub fn finish(folder: &Path) -> Result<bool> {
    let left: Vec<PathBuf> =
        (0..).map(|n| going(folder, n)).take_while(|path| path.is_dir()).collect();
    left.iter().try_for_each(|path| fs::remove_dir_all(path).at(path.display()))?;
    Ok(!left.is_empty())
}

fn going(folder: &Path, number: u64) -> PathBuf {
    let mut name = std::ffi::OsString::from(GOING);
    name.push(folder.file_name().unwrap_or_default());
    if number > 0 {
        name.push(format!("-{number}"));
    }
    folder.with_file_name(name)
}

/// Whether compt wrote a folder: it has records that no other program writes.
fn is_ours(folder: &Path) -> bool {
    let has = |name: &str| folder.join(name).is_file();
    let holds = |name: &str, keys: &[&str]| {
        let record = read_json(&folder.join(name)).unwrap_or_default();
        keys.iter().all(|key| record.get(key).is_some())
    };
    holds(SESSION, &["session", "trainer"])
        || holds(CELL, &["settings", "code_sha256"])
        || holds(CONFIG, &["format", "method", "backbone", "checkpoints"])
        // The record is damaged, and the others are there.
        || (has(SESSION) && has(CONFIG) && has(ENVIRONMENT) && has(METRICS))
        || (has(CELL) && folder.join("claims").is_dir())
}

fn runs_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut runs = Vec::new();
    for entry in fs::read_dir(folder).at(folder.display())?.flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            let below = find(&[entry.path()])?.into_iter().map(|entry| entry.path);
            runs.extend(below.filter(|path| is_ours(path)));
        }
    }
    Ok(runs)
}

fn is_running(folder: &Path) -> Error {
    Error::new("a process works on it").at(folder.display()).hint("stop it first")
}

fn claimed(folder: &Path) -> Result<Option<Claim>> {
    if !folder.join(CELL).is_file() {
        return Ok(None);
    }
    match claim(folder)? {
        Taken::Mine(claim) => Ok(Some(claim)),
        Taken::Finished => Ok(None),
        Taken::Held => Err(is_running(folder)),
    }
}

fn locked(folder: &Path) -> Result<Option<File>> {
    let path = folder.join(CONFIG);
    let lock = match File::open(&path) {
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        lock => lock.at(path.display())?,
    };
    match lock.try_lock() {
        Err(TryLockError::WouldBlock) => Err(is_running(folder)),
        _ => Ok(Some(lock)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::folder::{Provenance, RunFolder, Start};
    use super::*;
    use serde_json::json;

    fn run(path: &Path) -> RunFolder {
        let session = json!({ "session": "1", "trainer": 1 });
        let provenance = Provenance { session, ..Provenance::default() };
        let start = Start {
            config: &json!({ "format": 2 }),
            environment: &json!({}),
            provenance: &provenance,
        };
        RunFolder::create(path, &start).unwrap()
    }

    #[track_caller]
    fn refused(folder: &Path, words: &str) {
        let text = Deletion::of(folder).err().expect("refused").to_string();
        assert!(text.contains(words), "{text}");
        assert!(folder.exists());
    }

    #[test]
    fn only_what_compt_wrote_and_nobody_uses_is_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("model")).unwrap();
        fs::write(at("model/config.json"), "{ \"model_type\": \"t5\" }").unwrap();
        refused(&at("model"), "not the folder of a run");
        fs::write(at("model/session.json"), "{ \"kernel\": 3 }").unwrap();
        refused(&at("model"), "not the folder of a run");

        let running = run(&at("a"));
        running.result(&json!({ "steps": 3, "error": "an earlier one" })).unwrap();
        refused(&at("a"), "a process works on it");
        let below = run(&at("a/below"));
        drop(running);
        refused(&at("a"), "below: a process works on it");
        drop(below);
        std::os::unix::fs::symlink("a", at("link")).unwrap();
        refused(&at("link"), "it is a link to a");

        let deletion = Deletion::of(&at("a")).unwrap();
        assert_eq!(deletion.below, [at("a/below")]);
        assert!(RunFolder::open(&at("a")).is_err(), "nobody opens it now");
        deletion.carry_out().unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn the_rest_of_an_interrupted_deletion_is_no_run() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        drop(run(&path));
        fs::rename(&path, going(&path, 0)).unwrap();
        assert_eq!(find(&[folder.path().into()]).unwrap()[0].path, folder.path());
        drop(run(&path));
        Deletion::of(&path).unwrap().carry_out().unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "both are gone");
        fs::create_dir(going(&path, 0)).unwrap();
        assert!(finish(&path).unwrap() && !finish(&path).unwrap());
    }

    #[test]
    fn a_damaged_run_is_still_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        drop(run(&path));
        fs::write(path.join("session.json"), "{ \"sess").unwrap();
        fs::write(path.join("result.json"), "5").unwrap();
        Deletion::of(&path).unwrap().carry_out().unwrap();
        assert!(!path.exists());
    }
}
