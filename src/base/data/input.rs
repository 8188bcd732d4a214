//! The input of `compt predict`: rows as JSON or, for a task with one field, lines of text.

use super::encoding::{Lines, MARK, Marked, Origin, split_end, unmarked, utf8};
use super::json_rows;
use super::rows::{Columns, Row, Rows};
use crate::Result;
use compt_error::Context;
use std::io::{BufRead, Cursor, Read};

/// A line of the input, or an element of its array.
#[derive(Debug, Clone, PartialEq)]
pub enum Given {
    Row(Row),
    Text(String),
}

type Bytes = Box<dyn BufRead>;

/// Rows and lines in input order.
pub struct Input(Source);

enum Source {
    Unread(Lines<Marked<Bytes>>),
    Lines(Lines<Marked<Bytes>>),
    Array(Rows),
    Ended,
}

impl Input {
    /// Errors: the input cannot be read.
    pub fn new(input: Bytes) -> Result<Self> {
        let input = unmarked(input, &Origin::Stdin).at("the input")?;
        Ok(Input(Source::Unread(Lines::new(input, 0, &Origin::Stdin))))
    }

    /// The next row or line with its number; errors name it.
    pub fn read(&mut self) -> Result<Option<(usize, Given)>> {
        let mut lines = match std::mem::replace(&mut self.0, Source::Ended) {
            Source::Ended => return Ok(None),
            Source::Array(mut rows) => {
                let row = rows.next().transpose()?;
                self.0 = Source::Array(rows);
                return Ok(row.map(|(line, row)| (line, Given::Row(row))));
            }
            Source::Lines(lines) => lines,
            Source::Unread(mut lines) => {
                let Some((number, line)) = lines.next()? else { return Ok(None) };
                if is_array(&line) {
                    let all: Bytes = Box::new(Cursor::new(line).chain(lines.into_rest()));
                    self.0 = Source::Array(json_rows::rows(all, Columns::all(), Origin::Stdin)?);
                    return self.read();
                }
                self.0 = Source::Lines(lines);
                return given(number, &line).map(Some);
            }
        };
        let line = lines.next()?;
        self.0 = Source::Lines(lines);
        line.map(|(number, line)| given(number, &line)).transpose()
    }
}

/// Whether an array of JSON rows begins here, as opposed to a line of text.
fn is_array(line: &[u8]) -> bool {
    let rest = line.trim_ascii().strip_prefix(b"[").map(<[u8]>::trim_ascii_start);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"{"))
}

fn given(number: usize, line: &[u8]) -> Result<(usize, Given)> {
    let line = line.strip_prefix(MARK).unwrap_or(line);
    if line.trim_ascii_start().starts_with(b"{") {
        let row = json_rows::parse(line, number, &Columns::all(), &Origin::Stdin)?;
        return Ok((number, Given::Row(row)));
    }
    let text = utf8(split_end(line).0, &Origin::Stdin);
    Ok((number, Given::Text(text.map_err(|e| e.at(Origin::Stdin.place(number)))?.to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &'static [u8]) -> Result<Vec<(usize, Given)>> {
        let mut input = Input::new(Box::new(text))?;
        std::iter::from_fn(|| input.read().transpose()).collect()
    }

    fn rows(text: &'static [u8]) -> Vec<usize> {
        let given = read(text).unwrap();
        assert!(given.iter().all(|given| matches!(given.1, Given::Row(_))), "{given:?}");
        given.into_iter().map(|given| given.0).collect()
    }

    #[test]
    fn rows_and_lines_are_told_apart() {
        let lines = read(b"\xef\xbb\xbfa\r\n\n [Music]\n{\"text\": NaN}").unwrap();
        let text = |text: &str| Given::Text(text.into());
        assert_eq!(lines[..3], [(1, text("a")), (2, text("")), (3, text(" [Music]"))]);
        assert!(matches!(&lines[3].1, Given::Row(row) if row["text"].is_null()));
        assert_eq!(rows(b"\xef\xbb\xbf{\"text\": 1}\r\n{\"text\": 2}"), [1, 2]);
        assert_eq!(rows(b"[\n {\"text\": 1},\n {\"text\": 2}\n]\n"), [2, 3]);
        assert_eq!(rows(b"[{\"text\": 1}, {\"text\": 2}]"), [1, 1]);
        assert!(read(b"").unwrap().is_empty());
    }

    #[test]
    fn errors_name_the_line_of_the_input() {
        let text = read(b"a\ncaf\xe9\n").unwrap_err().to_string();
        assert!(text.starts_with("line 2 of the input: not UTF-8 (byte 0xE9)"), "{text}");
        assert!(text.contains("iconv -f WINDOWS-1252 -t UTF-8 INPUT | compt predict"), "{text}");
        let text = read(b"{\"text\": 1}\n{\"text\"}\n").unwrap_err().to_string();
        assert!(text.starts_with("line 2 of the input: not a JSON object"), "{text}");
        let text = read(b"\xff\xfea\0\n\0").unwrap_err().to_string();
        assert!(text.starts_with("the input: it is UTF-16"), "{text}");
    }
}
