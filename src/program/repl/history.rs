//! The inputs of earlier sessions: one line of JSON per input, in one file for all sessions.

use compt_base::output;
use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

/// The maximum number of inputs.
const MOST: usize = 10_000;

/// The inputs of all sessions, the newest last, without duplicates.
pub struct History {
    path: Option<PathBuf>,
    entries: Vec<String>,
}

impl History {
    /// Reads the file; if there is none and it cannot be created, the history ends with the session.
    pub fn open(path: Option<PathBuf>) -> History {
        let text = path.as_ref().and_then(|path| fs::read_to_string(path).ok()).unwrap_or_default();
        let lines = text.lines().count();
        let history = History { path, entries: newest(&text) };
        if lines > 2 * MOST {
            history.rewrite();
        }
        history
    }

    /// `$COMPT_HISTORY`, or a file in the system's state folder.
    pub fn path() -> Option<PathBuf> {
        if let Some(path) = std::env::var_os("COMPT_HISTORY") {
            return (!path.is_empty()).then(|| path.into());
        }
        let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from);
        let state = state.or_else(|| std::env::home_dir().map(|home| home.join(".local/state")));
        Some(state?.join("compt/history"))
    }

    pub fn entries(&self) -> &[String] {
        &self.entries
    }

    /// Adds an input, also to the file. Returns whether it was already present further up.
    pub fn add(&mut self, entry: &str) -> bool {
        let known = self.entries.iter().any(|old| old == entry);
        self.push(entry.to_string());
        if let Some(path) = &self.path
            && append(path, entry).is_err()
        {
            self.path = None;
            output::error("note: the history cannot be saved to a file");
        }
        known
    }

    fn push(&mut self, entry: String) {
        self.entries.retain(|old| *old != entry);
        self.entries.push(entry);
        if self.entries.len() > MOST {
            self.entries.remove(0);
        }
    }

    fn rewrite(&self) {
        let Some(path) = &self.path else { return };
        let lines = self.entries.iter().filter_map(|e| serde_json::to_string(e).ok());
        let text: String = lines.map(|line| line + "\n").collect();
        let _ = compt_base::files::atomic::write_atomic(path, text.as_bytes());
    }
}

/// The inputs in the file's text, each at its last occurrence.
fn newest(text: &str) -> Vec<String> {
    let mut seen = HashSet::new();
    let entries = text.lines().rev().filter_map(|line| serde_json::from_str::<String>(line).ok());
    let mut entries: Vec<String> =
        entries.filter(|entry| seen.insert(entry.clone())).take(MOST).collect();
    entries.reverse();
    entries
}

/// Writes one line in one call, so that parallel sessions do not mix their lines.
fn append(path: &Path, entry: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let line = serde_json::to_string(entry)? + "\n";
    open(path)?.write_all(line.as_bytes())
}

/// Readable by the owner only: inputs may contain tokens and paths.
fn open(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_of_many_lines_come_back_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = Some(folder.path().join("state/history"));
        let mut history = History::open(path.clone());
        assert!(!history.add("x = 1"));
        assert!(!history.add("for i = 1, 2 do\n  print(i)\nend"));
        assert!(history.add("x = 1"));
        let again = History::open(path);
        assert_eq!(again.entries(), ["for i = 1, 2 do\n  print(i)\nend", "x = 1"]);
    }

    #[test]
    fn the_newest_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history");
        let lines: String = (0..3 * MOST).map(|i| format!("\"x = {}\"\n", i % 15_000)).collect();
        fs::write(&path, lines).unwrap();
        let history = History::open(Some(path.clone()));
        let (first, last) = (&history.entries()[0], history.entries().last().unwrap());
        assert_eq!((first.as_str(), last.as_str()), ("x = 5000", "x = 14999"));
        assert_eq!(fs::read_to_string(path).unwrap().lines().count(), MOST);
    }

    #[test]
    fn without_a_file_the_session_goes_on() {
        let mut history = History::open(Some("/dev/null/x".into()));
        assert!(!history.add("a") && history.add("a"));
    }
}
