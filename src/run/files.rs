//! The files of a record: JSON, and JSON lines that survive a crash.

use crate::atomic::write_atomic;
use crate::error::Context;
use crate::{Error, Result};
use serde_json::Value;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Writes a JSON value, indented, whole or not at all.
pub fn write_json(path: &Path, value: &Value) -> Result<()> {
    let mut text =
        serde_json::to_string_pretty(value).map_err(io::Error::from).at(path.display())?;
    text.push('\n');
    write_atomic(path, text.as_bytes())
}

/// Reads a JSON value.
pub fn read_json(path: &Path) -> Result<Value> {
    let text = fs::read_to_string(path).at(path.display())?;
    serde_json::from_str(&text).map_err(io::Error::from).at(path.display())
}

/// Reads a file of JSON values, one a line; none where there is no file. A last line that was cut
/// off is left out.
pub fn read_json_lines(path: &Path) -> Result<Vec<Value>> {
    let content = match fs::read(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        content => content.at(path.display())?,
    };
    let whole = &content[..whole_lines(&content)];
    let lines = whole.split(|byte| *byte == b'\n').enumerate().filter(|(_, l)| !l.is_empty());
    lines
        .map(|(i, line)| {
            let value = serde_json::from_slice(line).map_err(io::Error::from);
            value.at(format!("{}:{}", path.display(), i + 1))
        })
        .collect()
}

/// The length of the lines that have an end.
fn whole_lines(content: &[u8]) -> usize {
    content.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1)
}

/// A file of JSON values, one a line, that only grows. Lines that cannot be written are kept and
/// tried again with the next one.
pub struct JsonLines {
    path: PathBuf,
    /// The length of what was written whole.
    written: u64,
    waiting: String,
}

impl JsonLines {
    /// Opens or makes the file; a last line that was cut off is removed.
    pub fn open(path: &Path) -> Result<JsonLines> {
        let open = || -> io::Result<u64> {
            let file = OpenOptions::new().create(true).append(true).open(path)?;
            let content = fs::read(path)?;
            let whole = whole_lines(&content);
            if whole < content.len() {
                file.set_len(whole as u64)?;
            }
            Ok(whole as u64)
        };
        let written = open().at(path.display())?;
        Ok(JsonLines { path: path.to_path_buf(), written, waiting: String::new() })
    }

    /// Appends one line, after those that wait.
    pub fn append(&mut self, value: &Value) -> Result<()> {
        self.waiting.push_str(&format!("{value}\n"));
        self.flush()
    }

    /// Writes the lines that wait.
    pub fn flush(&mut self) -> Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let write = || -> io::Result<()> {
            // Opened anew each time: a folder that is gone or mounted again is noticed.
            let mut file = OpenOptions::new().append(true).open(&self.path)?;
            file.set_len(self.written)?;
            file.write_all(self.waiting.as_bytes())
        };
        write().at(self.path.display())?;
        self.written += self.waiting.len() as u64;
        self.waiting.clear();
        Ok(())
    }

    /// Keeps the lines from the first one on that are wanted; none after the first that is not.
    pub fn keep_while(&mut self, wanted: impl Fn(&Value) -> bool) -> Result<()> {
        self.flush()?;
        let lines = read_json_lines(&self.path)?;
        let kept: usize =
            lines.iter().take_while(|line| wanted(line)).map(|l| format!("{l}\n").len()).sum();
        let file = OpenOptions::new().append(true).open(&self.path).at(self.path.display())?;
        file.set_len(kept as u64).at(self.path.display())?;
        self.written = kept as u64;
        Ok(())
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
    fn lines_that_cannot_be_written_wait() {
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path().join("run");
        fs::create_dir(&below).unwrap();
        let path = below.join("metrics.jsonl");
        let mut lines = JsonLines::open(&path).unwrap();
        lines.append(&json!(1)).unwrap();
        let away = folder.path().join("away");
        fs::rename(&below, &away).unwrap();
        assert!(lines.append(&json!(2)).is_err());
        assert!(lines.append(&json!(3)).is_err());
        fs::rename(&away, &below).unwrap();
        // What a write that broke off may have left.
        OpenOptions::new().append(true).open(&path).unwrap().write_all(b"2\n{").unwrap();
        lines.append(&json!(4)).unwrap();
        assert_eq!(read_json_lines(&path).unwrap(), [json!(1), json!(2), json!(3), json!(4)]);
        lines.keep_while(|line| line.as_u64() < Some(3)).unwrap();
        lines.append(&json!(5)).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "1\n2\n5\n");
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
