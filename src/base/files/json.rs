//! The file formats of records: JSON, and JSON lines that survive a crash.

use crate::files::atomic::write_atomic;
use crate::files::bounded;
use crate::memory::Kept;
use crate::{Error, Result, stop};
use compt_error::Context;
use serde_json::Value;
use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// Writes a JSON value, indented, atomically. Errors: the file cannot be written; it is named.
pub fn write_json(path: &Path, value: &Value) -> Result<()> {
    let mut text =
        serde_json::to_string_pretty(value).map_err(io::Error::from).at(path.display())?;
    text.push('\n');
    write_atomic(path, text.as_bytes())
}

/// Reads a JSON value. Errors: the file does not exist or is not JSON; it is named.
pub fn read_json(path: &Path) -> Result<Value> {
    let text = bounded::read(path, bounded::JSON)?;
    serde_json::from_slice(&text).map_err(io::Error::from).at(path.display())
}

/// Reads a file of JSON values, one per line; empty if there is no file. An incomplete last line
/// is ignored. Errors: a line is not JSON; file and line are named.
pub fn read_json_lines(path: &Path) -> Result<Vec<Value>> {
    let file = match File::open(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        file => file.at(path.display())?,
    };
    let mut input = BufReader::new(file);
    let (mut values, mut kept, mut line) = (Vec::new(), Kept::default(), Vec::new());
    for number in 1.. {
        stop::check()?;
        line.clear();
        let place = || format!("{}:{number}", path.display());
        input.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line).at(place())?;
        if line.len() as u64 == LONGEST_LINE {
            return Err(Error::new(format!("longer than {} MiB", LONGEST_LINE >> 20)).at(place()));
        }
        let Some(text) = line.strip_suffix(b"\n") else { break };
        if !text.is_empty() {
            kept.add(EXPANSION * line.len() as u64, 0).at(place())?;
            values.push(serde_json::from_slice(text).map_err(io::Error::from).at(place())?);
        }
    }
    Ok(values)
}

/// The maximum length of a line.
const LONGEST_LINE: u64 = 16 << 20;
/// What a JSON text usually takes in memory, relative to its length.
const EXPANSION: u64 = 8;

/// The length of the complete lines, read from the end.
fn whole_lines(file: &mut File, length: u64) -> io::Result<u64> {
    let mut piece = [0; 4096];
    let mut end = length;
    while end > 0 {
        let start = end.saturating_sub(piece.len() as u64);
        let part = &mut piece[..(end - start) as usize];
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(part)?;
        if let Some(at) = part.iter().rposition(|byte| *byte == b'\n') {
            return Ok(start + at as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

/// A file of JSON values, one per line. Lines that cannot be written are kept and retried with the next
/// line, in order.
pub struct JsonLines {
    path: PathBuf,
    /// The length of the complete lines in the file.
    written: u64,
    waiting: VecDeque<Waiting>,
    /// Whether there are writes since the last sync.
    unsynced: bool,
}

/// The function that returns the number of a line.
pub type Number = fn(&Value) -> Option<u64>;

enum Waiting {
    Lines(String),
    /// Removes the lines whose number is above this.
    BackTo(Number, u64),
}

impl JsonLines {
    /// Opens or creates the file; an incomplete last line is removed.
    /// Errors: the file cannot be created or read.
    pub fn open(path: &Path) -> Result<JsonLines> {
        let open = || -> io::Result<u64> {
            let mut file = OpenOptions::new().create(true).append(true).read(true).open(path)?;
            let length = file.metadata()?.len();
            let whole = whole_lines(&mut file, length)?;
            if whole < length {
                file.set_len(whole)?;
            }
            Ok(whole)
        };
        let written = open().at(path.display())?;
        let (path, waiting) = (path.to_path_buf(), VecDeque::new());
        Ok(JsonLines { path, written, waiting, unsynced: true })
    }

    /// Appends one line, after pending ones. Errors: the write fails; the line stays pending.
    pub fn append(&mut self, value: &Value) -> Result<()> {
        match self.waiting.back_mut() {
            Some(Waiting::Lines(lines)) => lines.push_str(&format!("{value}\n")),
            _ => self.waiting.push_back(Waiting::Lines(format!("{value}\n"))),
        }
        self.flush()
    }

    /// Removes the first line whose number is above `last`, and all after it.
    /// Errors: the file cannot be read or written.
    pub fn back_to(&mut self, number: Number, last: u64) -> Result<()> {
        self.waiting.push_back(Waiting::BackTo(number, last));
        self.flush()
    }

    /// Writes pending lines. Errors: the write fails; the lines stay pending.
    pub fn flush(&mut self) -> Result<()> {
        while let Some(first) = self.waiting.front() {
            self.written = match first {
                Waiting::Lines(lines) => self.write(lines).at(self.path.display())?,
                Waiting::BackTo(number, last) => self.cut(*number, *last)?,
            };
            self.unsynced = true;
            self.waiting.pop_front();
        }
        Ok(())
    }

    /// Writes pending lines and flushes them to disk. Errors: the write fails.
    pub fn sync(&mut self) -> Result<()> {
        self.flush()?;
        if self.unsynced {
            File::open(&self.path).and_then(|file| file.sync_all()).at(self.path.display())?;
            self.unsynced = false;
        }
        Ok(())
    }

    /// Appends the lines and returns the new length.
    fn write(&self, lines: &str) -> io::Result<u64> {
        // Opened each time, to notice a folder that was removed or mounted again.
        let mut file = OpenOptions::new().append(true).open(&self.path)?;
        file.set_len(self.written)?;
        file.write_all(lines.as_bytes())?;
        Ok(self.written + lines.len() as u64)
    }

    /// Removes lines and returns the new length.
    fn cut(&self, number: Number, last: u64) -> Result<u64> {
        let is_kept = |line: &&Value| number(line).is_some_and(|n| n <= last);
        let lines = read_json_lines(&self.path)?;
        let kept: usize =
            lines.iter().take_while(is_kept).map(|line| format!("{line}\n").len()).sum();
        let cut = || OpenOptions::new().append(true).open(&self.path)?.set_len(kept as u64);
        cut().at(self.path.display())?;
        Ok(kept as u64)
    }
}

/// A path as JSON: text, or `{ "bytes": [...] }` for a path that is not UTF-8.
pub fn path_value(path: &Path) -> Value {
    match path.to_str() {
        Some(text) => text.into(),
        None => serde_json::json!({ "bytes": path.as_os_str().as_bytes() }),
    }
}

/// The path of [`path_value`].
pub fn value_path(value: &Value) -> Option<PathBuf> {
    if let Some(text) = value.as_str() {
        return Some(text.into());
    }
    let byte = |value: &Value| value.as_u64()?.try_into().ok();
    let bytes: Option<Vec<u8>> = value.get("bytes")?.as_array()?.iter().map(byte).collect();
    Some(OsString::from_vec(bytes?).into())
}

/// Checks that a folder can be created and written to, without leaving anything behind.
/// Errors: the folder cannot be created or written; it is named.
pub fn check_writable(folder: &Path) -> Result<()> {
    let existing = folder.ancestors().find(|a| a.exists()).unwrap_or(Path::new("."));
    let existing = if existing.as_os_str().is_empty() { Path::new(".") } else { existing };
    if !existing.is_dir() {
        return Err(Error::new("it is a file, not a folder").at(existing.display()));
    }
    tempfile::tempfile_in(existing)
        .map(drop)
        .map_err(|e| Error::from(e).at(format!("cannot write in {}", existing.display())))
        .map_err(|e| e.hint("choose an output folder with write permission"))
}

/// Removes a file if it exists. Errors: it cannot be removed; it is named.
pub fn remove_if_there(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::from(e).at(path.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::fs;

    #[test]
    fn json_is_written_indented_with_a_last_line_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("result.json");
        write_json(&path, &json!({ "a": 1 })).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "{\n  \"a\": 1\n}\n");
    }

    #[test]
    fn any_path_is_json_and_back() {
        for bytes in [&b"a/b"[..], b"a/\xff", b""] {
            let path = PathBuf::from(OsString::from_vec(bytes.to_vec()));
            assert_eq!(value_path(&path_value(&path)), Some(path));
        }
        assert_eq!(value_path(&json!({ "bytes": [256] })), None);
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
        let line = |n: u64| json!({ "step": n });
        lines.append(&line(1)).unwrap();
        let away = folder.path().join("away");
        fs::rename(&below, &away).unwrap();
        assert!(lines.append(&line(2)).is_err());
        assert!(lines.append(&line(3)).is_err());
        assert!(lines.back_to(|line| line["step"].as_u64(), 2).is_err());
        fs::rename(&away, &below).unwrap();
        // The remains of an interrupted write.
        OpenOptions::new().append(true).open(&path).unwrap().write_all(b"2\n{").unwrap();
        lines.append(&line(4)).unwrap();
        lines.sync().unwrap();
        assert_eq!(read_json_lines(&path).unwrap(), [line(1), line(2), line(4)]);
        lines.back_to(|line| line["step"].as_u64(), 2).unwrap();
        lines.append(&line(5)).unwrap();
        assert_eq!(read_json_lines(&path).unwrap(), [line(1), line(2), line(5)]);
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
