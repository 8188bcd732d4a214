//! The files of a record: JSON, and JSON lines that survive a crash.

use crate::atomic::write_atomic;
use crate::error::Context;
use crate::{Error, Result};
use serde_json::Value;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// Writes a JSON value, indented, whole or not at all.
pub fn write_json(path: &Path, value: &Value) -> Result<()> {
    let mut text =
        serde_json::to_string_pretty(value).map_err(io::Error::from).at(path.display())?;
    text.push('\n');
    write_atomic(path, text.as_bytes())
}

/// A file of JSON values, one a line, that only grows.
pub struct JsonLines {
    file: File,
    name: String,
}

impl JsonLines {
    /// Opens or makes the file; a last line that was cut off is removed.
    pub fn open(path: &Path) -> Result<JsonLines> {
        let name = path.display().to_string();
        let open = || -> io::Result<File> {
            let file = OpenOptions::new().create(true).append(true).open(path)?;
            let content = fs::read(path)?;
            let whole = content.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            if whole < content.len() {
                file.set_len(whole as u64)?;
            }
            Ok(file)
        };
        Ok(JsonLines { file: open().at(&name)?, name })
    }

    /// Appends one line, in one write.
    pub fn append(&mut self, value: &Value) -> Result<()> {
        self.file.write_all(format!("{value}\n").as_bytes()).at(&self.name)
    }
}

/// Refuses a folder that could not be made or written to, without leaving anything behind.
pub fn check_writable(folder: &Path) -> Result<()> {
    let existing = folder.ancestors().find(|a| a.exists()).unwrap_or(Path::new("."));
    let existing = if existing.as_os_str().is_empty() { Path::new(".") } else { existing };
    if !existing.is_dir() {
        return Err(Error::new("it is a file, not a folder").at(existing.display()));
    }
    tempfile::tempfile_in(existing)
        .map(drop)
        .map_err(|e| Error::from(e).at(format!("cannot write in {}", existing.display())))
        .map_err(|e| e.hint("choose an output folder you may write to"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn json_is_written_indented_with_a_last_line_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("result.json");
        write_json(&path, &json!({ "a": 1 })).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "{\n  \"a\": 1\n}\n");
    }

    #[test]
    fn a_line_cut_off_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.jsonl");
        fs::write(&path, "{\"step\":1}\n{\"ste").unwrap();
        JsonLines::open(&path).unwrap().append(&json!({ "step": 2 })).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "{\"step\":1}\n{\"step\":2}\n");
    }

    #[test]
    fn a_folder_below_a_file_cannot_be_written() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let text = check_writable(&file.join("runs/1")).unwrap_err().to_string();
        assert!(text.contains("it is a file, not a folder"), "{text}");
        check_writable(&folder.path().join("runs/1")).unwrap();
        assert!(!folder.path().join("runs").exists());
    }
}
