//! Predictions of an evaluation on disk: `*.jsonl.gz`, one line per task.

use crate::files::atomic::write_atomic;
use crate::{Error, Result, memory};
use compt_error::Context;
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;

/// The rows of a task with their predictions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Predictions {
    pub task: String,
    /// The label words; empty for numbers.
    pub labels: Vec<String>,
    /// The input texts.
    pub text: Vec<String>,
    /// The target of each row.
    pub label: Vec<String>,
    /// The decoded text of each row.
    pub prediction: Vec<String>,
    /// All texts that are right for each row, if a row has several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Vec<String>>,
}

impl Predictions {
    /// The texts that are right for each row.
    pub fn right(&self) -> Vec<Vec<String>> {
        match &self.references[..] {
            [] => self.label.iter().map(|label| vec![label.clone()]).collect(),
            several => several.to_vec(),
        }
    }
}

/// Writes a file atomically; its folder is created.
/// Errors: the file cannot be written; it is named.
pub fn write(path: &Path, tasks: &[Predictions]) -> Result<()> {
    let packed = || -> io::Result<Vec<u8>> {
        let mut out = GzEncoder::new(Vec::new(), Compression::default());
        for task in tasks {
            serde_json::to_writer(&mut out, task)?;
            out.write_all(b"\n")?;
        }
        out.finish()
    };
    // Parent folders are not created, because the user may have removed them.
    if let Some(folder) = path.parent() {
        match std::fs::create_dir(folder) {
            Err(e) if e.kind() != io::ErrorKind::AlreadyExists => {
                return Err(Error::from(e).at(folder.display()));
            }
            _ => {}
        }
    }
    write_atomic(path, &packed().at(path.display())?)
}

/// Reads a file. Errors: the file does not exist or is damaged; file and line are named.
pub fn read(path: &Path) -> Result<Vec<Predictions>> {
    let file = File::open(path).at(path.display())?;
    let most = file.metadata().at(path.display())?.len().saturating_mul(MOST_EXPANSION) + SMALL;
    let mut input = BufReader::new(MultiGzDecoder::new(file)).take(most);
    let (mut tasks, mut line) = (Vec::new(), Vec::new());
    for number in 1.. {
        line.clear();
        let place = || format!("{}:{number}", path.display());
        input.read_until(b'\n', &mut line).at(place())?;
        memory::check(EXPANSION * line.len() as u64).at(place())?;
        if input.limit() == 0 {
            let what = "it unpacks to more than predictions can be";
            return Err(Error::new(what).hint("evaluate the run again").at(path.display()));
        }
        if line.is_empty() {
            break;
        }
        let task: Predictions =
            serde_json::from_slice(&line).map_err(|e| Error::new(e.to_string()).at(place()))?;
        let rows = task.text.len();
        let others = task.references.len();
        if task.label.len() != rows
            || task.prediction.len() != rows
            || others != 0 && others != rows
        {
            let what = "texts, labels and predictions differ in number";
            return Err(Error::new(what).at(place()));
        }
        tasks.push(task);
    }
    Ok(tasks)
}

/// Text usually compresses to a tenth, and equal predictions of short rows better.
const MOST_EXPANSION: u64 = 100;
const SMALL: u64 = 64 << 20;
/// What a list of short texts takes in memory, relative to its JSON.
const EXPANSION: u64 = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("predictions/test.jsonl.gz");
        let words = |words: [&str; 2]| words.map(String::from).to_vec();
        let task = Predictions {
            task: "nli".into(),
            labels: words(["yes", "no"]),
            text: words(["a \"b\"", "ü"]),
            label: words(["yes", "no"]),
            prediction: words(["yes", ""]),
            references: Vec::new(),
        };
        let references = vec![words(["yes", "ja"]), words(["no", ""])];
        let several = Predictions { task: "qa".into(), references, ..task.clone() };
        assert_eq!(task.right(), [["yes"], ["no"]]);
        let tasks = [task, several];
        write(&path, &tasks).unwrap();
        assert_eq!(read(&path).unwrap(), tasks);
        std::fs::write(&path, "no gzip").unwrap();
        assert!(read(&path).is_err());
    }
}
