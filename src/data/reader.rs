//! Rows out of files: JSON Lines, TSV and CSV, each plain or gzip-compressed, and Parquet.

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

/// The rows of one file, each with the line it begins on, from 1.
#[derive(Debug)]
pub struct Rows {
    /// What errors call the place: the path.
    pub place: String,
    pub rows: Vec<(usize, Row)>,
}

impl Rows {
    /// Reads `.jsonl`, `.tsv` or `.csv`, a further `.gz` meaning gzip, or `.parquet`.
    ///
    /// TSV is taken as it stands (no quoting, as GLUE's files are written); CSV has the usual
    /// double quotes; both begin with a header row. Cells are strings. Errors name file and line.
    pub fn read(path: &Path) -> Result<Self> {
        let place = path.display().to_string();
        let rows = read(path).at(&place)?;
        if rows.is_empty() {
            return Err(Error::new("the file holds no row").at(&place));
        }
        Ok(Rows { place, rows })
    }

    /// Rows given directly; their number, from 1, takes the place of the line.
    pub fn given(place: impl Into<String>, rows: Vec<Row>) -> Self {
        Rows { place: place.into(), rows: rows.into_iter().zip(1..).map(|(r, n)| (n, r)).collect() }
    }
}

/// Reads numbered rows of one kind of file.
type Parser = fn(Box<dyn Read>) -> Result<Vec<(usize, Row)>>;

fn read(path: &Path) -> Result<Vec<(usize, Row)>> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let (stem, compressed) = match name.strip_suffix(".gz") {
        Some(stem) => (stem, true),
        None => (&*name, false),
    };
    let parse: Parser = match stem.rsplit_once('.') {
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

fn json_lines(input: Box<dyn Read>) -> Result<Vec<(usize, Row)>> {
    let mut rows = Vec::new();
    for (line, text) in (1..).zip(BufReader::new(input).lines()) {
        let text = text.map_err(|e| io_error(e).at(format!("line {line}")))?;
        if text.trim().is_empty() {
            continue;
        }
        let row = serde_json::from_str(&text).map_err(|e| {
            Error::new(format!("not a JSON object: {e}"))
                .at(format!("line {line}"))
                .hint("JSON Lines hold one object a line")
        })?;
        rows.push((line, row));
    }
    Ok(rows)
}

fn table(input: Box<dyn Read>, delimiter: u8) -> Result<Vec<(usize, Row)>> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .quoting(delimiter == b',')
        .from_reader(input);
    let header = reader.headers().map_err(csv_error)?.clone();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(csv_error)?;
        let line = record.position().map_or(0, |position| position.line() as usize);
        let cells = record.iter().map(|cell| Value::String(cell.to_string()));
        rows.push((line, header.iter().map(String::from).zip(cells).collect()));
    }
    Ok(rows)
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

    fn read(name: &str, bytes: &[u8]) -> Result<Rows> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        Rows::read(&path)
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
            let rows = read(name, &bytes).unwrap().rows;
            let texts: Vec<_> = rows.iter().map(|(_, row)| row["text"].as_str().unwrap()).collect();
            assert_eq!(texts, ["a \"b\"", "c"], "{name}");
            let labels: Vec<_> =
                rows.iter().map(|(_, row)| row["label"].to_string().replace('"', "")).collect();
            assert_eq!(labels, ["1", "0"], "{name}");
        }
    }

    #[test]
    fn lines_are_counted_as_an_editor_does() {
        let lines = |rows: Rows| rows.rows.iter().map(|(line, _)| *line).collect::<Vec<_>>();
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
        let text = Rows::read(Path::new("/nowhere/a.jsonl")).unwrap_err().to_string();
        assert!(text.contains("/nowhere/a.jsonl: No such file"), "{text}");
    }
}
