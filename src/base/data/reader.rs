//! Reads rows from files one by one: JSON Lines or an array, TSV and CSV, each plain or gzip-compressed,
//! and Parquet.

use super::encoding::{Origin, unmarked};
use super::layout::Layout;
use super::rows::{Opened, Wanted};
use super::table::{self, Reading};
use super::{json_rows, parquet};
use crate::{Error, Result, files::intact, stop, stop::Stoppable};
use compt_error::Context;
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek};
use std::path::Path;

/// Reads `.jsonl`, `.json`, `.tsv` or `.csv`, optionally with `.gz`, or `.parquet`; with a
/// delimiter, any other file as a table.
///
/// TSV is read without quoting, like GLUE's files; CSV has the usual
/// double quotes; both begin with a header row. Cells are strings. Errors name file and line.
pub fn open(path: &Path, wanted: &Wanted) -> Result<Opened> {
    let place = path.display().to_string();
    let opened = open_kind(path, wanted).at(&place)?;
    let mut rows = opened.rows.peekable();
    if rows.peek().is_none() {
        return Err(Error::new("the file has no rows").at(&place));
    }
    Ok(Opened { rows: Box::new(rows.map(move |row| stop::check().and(row).at(&place))), ..opened })
}

enum Kind {
    Json,
    Parquet,
    /// With the delimiter and whether cells may be quoted.
    Table(u8, bool),
}

fn kind(stem: &str, compressed: bool, layout: &Layout) -> Result<Kind> {
    let kind = match (stem.rsplit_once('.').map(|(_, kind)| kind), layout.delimiter) {
        (Some("jsonl" | "json"), _) => Kind::Json,
        (Some("parquet"), _) if !compressed => Kind::Parquet,
        (Some("csv"), delimiter) => Kind::Table(delimiter.unwrap_or(b','), true),
        (Some("tsv"), delimiter) => Kind::Table(delimiter.unwrap_or(b'\t'), false),
        (_, Some(delimiter)) => Kind::Table(delimiter, delimiter != b'\t'),
        _ => {
            return Err(Error::new("unknown file type").hint(
                "rows are read from .jsonl, .json, .tsv or .csv, each also with .gz, and .parquet; \
                 with 'delimiter', any other file is read as a table",
            ));
        }
    };
    match (&kind, layout.given()) {
        (Kind::Json | Kind::Parquet, Some(option)) => {
            Err(Error::new(format!("{option} is for tables, and this file is not a table")))
        }
        _ => Ok(kind),
    }
}

/// Opens a file, and refuses placeholders such as pointers.
fn itself(path: &Path) -> Result<File> {
    intact::is_there(path)?;
    let mut file = File::open(path)?;
    let mut start = [0; 64];
    let length = file.read(&mut start)?;
    intact::check_start(&start[..length])?;
    file.rewind()?;
    Ok(file)
}

fn open_kind(path: &Path, wanted: &Wanted) -> Result<Opened> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let (stem, compressed) = match name.strip_suffix(".gz") {
        Some(stem) => (stem, true),
        None => (&*name, false),
    };
    let kind = kind(stem, compressed, &wanted.layout)?;
    let file = itself(path)?;
    if let Kind::Parquet = kind {
        return parquet::open(file, wanted);
    }
    let (input, origin): (Box<dyn BufRead>, _) = match compressed {
        true => (
            Box::new(BufReader::new(MultiGzDecoder::new(Stoppable(file)))),
            Origin::Gzip(path.into()),
        ),
        false => (Box::new(BufReader::new(Stoppable(file))), Origin::File(path.into())),
    };
    let input = unmarked(input, &origin)?;
    let columns = wanted.columns.clone();
    let rows = match kind {
        Kind::Table(delimiter, quotes) => {
            let reading = Reading {
                delimiter,
                quotes: wanted.layout.quotes.unwrap_or(quotes),
                delimiter_said: wanted.layout.delimiter.is_some(),
                quotes_said: wanted.layout.quotes.is_some(),
                positions: wanted.layout.positions.clone(),
                note: wanted.note.clone(),
            };
            table::rows(input, reading, columns, origin)?
        }
        Kind::Json | Kind::Parquet => json_rows::rows(input, columns, origin)?,
    };
    Ok(Opened { rows, class_names: None, unit: "line" })
}

#[cfg(test)]
mod tests {
    use super::super::rows::{Columns, Numbered};
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;
    use std::rc::Rc;

    const LINES: &str =
        "{\"text\": \"a \\\"b\\\"\", \"label\": 1}\n\n{\"text\": \"c\", \"label\": 0}\n";

    fn wanted(layout: Layout) -> Wanted {
        let columns = Columns::of(["text".to_string()]);
        Wanted { columns, label: "label".into(), layout, note: Rc::new(drop) }
    }

    fn read_with(name: &str, bytes: &[u8], wanted: &Wanted) -> Result<Vec<Numbered>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        open(&path, wanted)?.rows.collect()
    }

    fn read(name: &str, bytes: &[u8]) -> Result<Vec<Numbered>> {
        let columns = Columns::all();
        read_with(name, bytes, &Wanted { columns, ..wanted(Layout::default()) })
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
        let array =
            "[{\"text\": \"a \\\"b\\\"\", \"label\": 1},\n{\"text\": \"c\", \"label\": 0}]\n";
        let files: [(&str, Vec<u8>); 9] = [
            ("a.jsonl", LINES.into()),
            ("a.jsonl.gz", gzip(LINES.as_bytes())),
            ("a.tsv", b"text\tlabel\na \"b\"\t1\nc\t0\n".into()),
            ("a.csv", b"text,label\n\"a \"\"b\"\"\",1\nc,0\n".into()),
            ("a.csv.gz", gzip(b"text,label\n\"a \"\"b\"\"\",1\nc,0\n")),
            ("a.csv", b"\xef\xbb\xbftext,label\r\n\"a \"\"b\"\"\",1\r\nc,0\r\n".into()),
            ("a.json", array.into()),
            ("a.json.gz", gzip(&[b"\xef\xbb\xbf", array.as_bytes()].concat())),
            ("A.JSONL", [b"\xef\xbb\xbf", LINES.as_bytes()].concat()),
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
    fn what_stands_in_place_of_a_file_is_named() {
        let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n";
        for name in ["a.jsonl", "a.csv", "a.parquet", "a.tsv.gz"] {
            let text = error(name, pointer);
            assert!(text.contains(&format!("{name}: a pointer of git-lfs")), "{text}");
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jsonl");
        std::os::unix::fs::symlink("gone", &path).unwrap();
        let text = itself(&path).unwrap_err().to_string();
        assert!(text.contains("a link to 'gone', which does not exist"), "{text}");
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
        assert!(error("a.jsonl", b"\n").contains("a.jsonl: the file has no rows"));
        assert!(error("a.tsv", b"text\tlabel\n").contains("a.tsv: the file has no rows"));
        assert!(error("a.arrow", b"PAR1").contains("unknown file type"));
        assert!(error("a.parquet", b"PAR1").contains("is it a complete Parquet file?"));
        let nowhere = open(Path::new("/nowhere/a.jsonl"), &wanted(Layout::default()));
        let text = nowhere.err().unwrap().to_string();
        assert!(text.contains("/nowhere/a.jsonl: No such file"), "{text}");
    }

    #[test]
    fn what_is_said_of_tables_is_for_tables() {
        let semicolon = Layout { delimiter: Some(b';'), ..Layout::default() };
        for name in ["rows", "rows.txt", "rows.data.gz", "rows.csv"] {
            let bytes = b"text;label\n\"a\";1\n".to_vec();
            let bytes = if name.ends_with("gz") { gzip(&bytes) } else { bytes };
            let rows = read_with(name, &bytes, &wanted(semicolon.clone())).unwrap();
            assert_eq!(rows[0].1["text"], "a", "{name}");
        }
        let refused = |layout| {
            read_with("a.jsonl", LINES.as_bytes(), &wanted(layout)).unwrap_err().to_string()
        };
        let text = refused(semicolon);
        assert!(text.contains("a.jsonl: 'delimiter' is for tables"), "{text}");
        let text = refused(Layout { positions: Some([].into()), ..Layout::default() });
        assert!(text.contains("a.jsonl: 'columns' by position is for tables"), "{text}");
        let text = error("rows.txt", b"text,label\na,1\n");
        assert!(text.contains("with 'delimiter', any other file is read as a table"), "{text}");
    }

    #[test]
    fn another_encoding_is_named_with_the_file() {
        let wide: Vec<u8> = "\u{feff}text\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let text = error("a.tsv.gz", &gzip(&wide));
        assert!(text.contains("a.tsv.gz: it is UTF-16"), "{text}");
        let text = error("a.jsonl", b"{\"text\": \"caf\xe9\"}\n");
        assert!(
            text.contains("a.jsonl: line 1: not UTF-8 (byte 0xE9); it looks like Lat"),
            "{text}"
        );
    }
}
