//! Rows out of files, one by one: JSON Lines, TSV and CSV, each plain or gzip-compressed, and Parquet.

use super::parquet;
use crate::error::Context;
use crate::{Error, Result};
use flate2::read::MultiGzDecoder;
use serde_json::Value;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// One row: column -> value.
pub type Row = serde_json::Map<String, Value>;

/// A row with the line it begins on, or its number where a file has no lines; both from 1.
pub type Numbered = (usize, Row);

/// The rows of a file as they are read, so that a file may be larger than memory.
pub type Rows = Box<dyn Iterator<Item = Result<Numbered>>>;

/// More than a row of text ever needs: what is longer is no row, or a file of another kind.
const LONGEST_LINE: u64 = 4 << 20;

/// Reads `.jsonl`, `.tsv` or `.csv`, a further `.gz` meaning gzip, or `.parquet`.
///
/// TSV is taken as it stands (no quoting, as GLUE's files are written); CSV has the usual
/// double quotes; both begin with a header row. Cells are strings. Errors name file and line.
pub fn rows(path: &Path) -> Result<Rows> {
    let place = path.display().to_string();
    let mut rows = open(path).at(&place)?.peekable();
    if rows.peek().is_none() {
        return Err(Error::new("the file holds no row").at(&place));
    }
    Ok(Box::new(rows.map(move |row| row.at(&place))))
}

fn open(path: &Path) -> Result<Rows> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let (stem, compressed) = match name.strip_suffix(".gz") {
        Some(stem) => (stem, true),
        None => (&*name, false),
    };
    let parse: fn(Box<dyn Read>) -> Result<Rows> = match stem.rsplit_once('.') {
        Some((_, "jsonl" | "json")) => json_lines,
        Some((_, "tsv")) => |input| table(input, b'\t'),
        Some((_, "csv")) => |input| table(input, b','),
        Some((_, "parquet")) if !compressed => return parquet::rows(File::open(path)?),
        _ => {
            return Err(Error::new("unknown kind of file").hint(
                "rows are read from .jsonl, .tsv or .csv, each also with .gz, and .parquet",
            ));
        }
    };
    let file = File::open(path)?;
    parse(if compressed { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) })
}

fn json_lines(input: Box<dyn Read>) -> Result<Rows> {
    let mut input = BufReader::new(input);
    let lines = std::iter::from_fn(move || line(&mut input).transpose());
    let rows = (1..).zip(lines).map(|(number, text)| {
        let text = text.map_err(|e| e.at(format!("line {number}")))?;
        if text.trim().is_empty() {
            return Ok(None);
        }
        let row = serde_json::from_str(&text).map_err(|e| {
            Error::new(format!("not a JSON object: {e}")).hint("JSON Lines hold one object a line")
        });
        row.map(|row| Some((number, row))).map_err(|e: Error| e.at(format!("line {number}")))
    });
    Ok(Box::new(rows.filter_map(Result::transpose)))
}

/// The next line, without its end.
fn line(input: &mut impl BufRead) -> Result<Option<String>> {
    let mut line = String::new();
    let read = input.take(LONGEST_LINE).read_line(&mut line).map_err(io_error)?;
    match read as u64 {
        0 => Ok(None),
        LONGEST_LINE => Err(Error::new(format!("longer than {} MiB", LONGEST_LINE >> 20))),
        _ => Ok(Some(line)),
    }
}

fn table(input: Box<dyn Read>, delimiter: u8) -> Result<Rows> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .quoting(delimiter == b',')
        .from_reader(input);
    let header = reader.headers().map_err(csv_error)?.clone();
    Ok(Box::new(reader.into_records().map(move |record| {
        let record = record.map_err(csv_error)?;
        let line = record.position().map_or(0, |position| position.line() as usize);
        let cells = record.iter().map(|cell| Value::String(cell.to_string()));
        Ok((line, header.iter().map(String::from).zip(cells).collect()))
    })))
}

fn csv_error(error: csv::Error) -> Error {
    let line = error.position().map(|position| position.line());
    let what = match error.into_kind() {
        csv::ErrorKind::Io(e) => io_error(e),
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            Error::new(format!("{len} cells under a header of {expected_len}"))
        }
        csv::ErrorKind::Utf8 { err, .. } => Error::new(format!("not UTF-8: {err}")),
        other => Error::new(format!("{other:?}")),
    };
    match line {
        Some(line) => what.at(format!("line {line}")),
        None => what,
    }
}

fn io_error(error: std::io::Error) -> Error {
    match error.kind() {
        std::io::ErrorKind::UnexpectedEof => Error::new("the compressed file ends too early")
            .hint("it was cut off while it was written or copied: fetch it again"),
        _ => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

    const LINES: &str =
        "{\"text\": \"a \\\"b\\\"\", \"label\": 1}\n\n{\"text\": \"c\", \"label\": 0}\n";

    fn read(name: &str, bytes: &[u8]) -> Result<Vec<Numbered>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        rows(&path)?.collect()
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn error(name: &str, bytes: &[u8]) -> String {
        read(name, bytes).unwrap_err().to_string()
    }

    #[test]
    fn every_kind_of_file_gives_the_same_rows() {
        let files: [(&str, Vec<u8>); 5] = [
            ("a.jsonl", LINES.into()),
            ("a.jsonl.gz", gzip(LINES.as_bytes())),
            ("a.tsv", b"text\tlabel\na \"b\"\t1\nc\t0\n".into()),
            ("a.csv", b"text,label\n\"a \"\"b\"\"\",1\nc,0\n".into()),
            ("a.csv.gz", gzip(b"text,label\n\"a \"\"b\"\"\",1\nc,0\n")),
        ];
        for (name, bytes) in files {
            let rows = read(name, &bytes).unwrap();
            let texts: Vec<_> = rows.iter().map(|(_, row)| row["text"].as_str().unwrap()).collect();
            assert_eq!(texts, ["a \"b\"", "c"], "{name}");
            let labels: Vec<_> =
                rows.iter().map(|(_, row)| row["label"].to_string().replace('"', "")).collect();
            assert_eq!(labels, ["1", "0"], "{name}");
        }
    }

    #[test]
    fn lines_are_counted_as_an_editor_does() {
        let lines = |rows: Vec<Numbered>| rows.iter().map(|row| row.0).collect::<Vec<_>>();
        assert_eq!(lines(read("a.jsonl", LINES.as_bytes()).unwrap()), [1, 3]);
        assert_eq!(lines(read("a.csv", b"text\n\"two\nlines\"\nb\n").unwrap()), [2, 4]);
    }

    #[test]
    fn a_broken_file_is_named_with_its_line() {
        let text = error("a.jsonl", b"{\"text\": 1}\n{\"text\":\n");
        assert!(text.contains("a.jsonl: line 2: not a JSON object"), "{text}");
        let text = error("a.jsonl", b"[1, 2]\n");
        assert!(text.contains("a.jsonl: line 1: not a JSON object"), "{text}");
        let text = error("a.csv", b"text,label\na,1\nb\n");
        assert!(text.contains("a.csv: line 3: 1 cells under a header of 2"), "{text}");
        let text = error("a.jsonl", b"{\"text\": \"\xff\"}\n");
        assert!(text.contains("a.jsonl: line 1: ") && text.contains("UTF-8"), "{text}");
    }

    #[test]
    fn a_truncated_archive_says_so() {
        let whole = gzip(LINES.repeat(500).as_bytes());
        for name in ["a.jsonl.gz", "a.tsv.gz"] {
            let text = error(name, &whole[..whole.len() - 9]);
            assert!(text.contains("the compressed file ends too early"), "{text}");
            assert!(text.contains(name), "{text}");
        }
    }

    #[test]
    fn empty_missing_and_unknown_files_are_refused() {
        assert!(error("a.jsonl", b"\n").contains("a.jsonl: the file holds no row"));
        assert!(error("a.tsv", b"text\tlabel\n").contains("a.tsv: the file holds no row"));
        assert!(error("a.arrow", b"PAR1").contains("unknown kind of file"));
        assert!(error("a.parquet", b"PAR1").contains("is it a whole Parquet file?"));
        let text = rows(Path::new("/nowhere/a.jsonl")).err().unwrap().to_string();
        assert!(text.contains("/nowhere/a.jsonl: No such file"), "{text}");
    }
}
