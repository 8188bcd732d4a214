//! Rows from JSON: one object per line, or an array of objects.

use super::encoding::{LONGEST, Lines, MARK, Origin, io_error, returns, utf8};
use super::rows::{Columns, Numbered, Row, Rows, until_broken};
use crate::{Error, Result};
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use std::fmt;
use std::io::BufRead;

/// The rows of JSON Lines, or of an array if the text begins with `[`. Errors: as in [`parse`], for
/// each row.
pub fn rows(mut input: impl BufRead + 'static, columns: Columns, origin: Origin) -> Result<Rows> {
    let mut newlines = 0;
    let is_array = loop {
        let place = |e| io_error(e).at(origin.place(newlines + 1));
        match input.fill_buf().map_err(place)?.first() {
            Some(space) if space.is_ascii_whitespace() => {
                newlines += usize::from(*space == b'\n');
                input.consume(1);
            }
            first => break first == Some(&b'['),
        }
    };
    if is_array {
        input.consume(1);
        let mut elements =
            Elements { input, line: newlines + 1, state: State::First, origin: origin.clone() };
        let next = move || -> Result<Option<Numbered>> {
            let Some((line, text)) = elements.next()? else { return Ok(None) };
            Ok(Some((line, parse(&text, line, &columns, &origin)?)))
        };
        return Ok(until_broken(next));
    }
    let mut lines = Lines::new(input, newlines, &origin);
    Ok(until_broken(move || {
        while let Some((number, line)) = lines.next()? {
            let line = line.strip_prefix(MARK).unwrap_or(&line);
            if !line.trim_ascii().is_empty() {
                return Ok(Some((number, parse(line, number, &columns, &origin)?)));
            }
        }
        Ok(None)
    }))
}

/// A row that begins on this line. Python's `NaN` becomes null, `Infinity` text. Errors: no JSON
/// object, a repeated column, or a requested column that is missing.
pub fn parse(text: &[u8], line: usize, columns: &Columns, origin: &Origin) -> Result<Row> {
    let row = object(text, columns).or_else(|e| match without_nan(text) {
        Some(text) => object(&text, columns),
        None => Err(e),
    });
    row.map_err(|e| {
        let place = |error: Error| error.at(origin.place(line + e.line().saturating_sub(1)));
        if let Err(error) = utf8(text, origin) {
            return place(error);
        }
        let all = e.to_string();
        let what = all.rsplit_once(" at line ").map_or(&*all, |(what, _)| what);
        if what.contains("EOF while parsing") {
            return Error::new("not a JSON object: it does not end on its line")
                .hint(
                    "JSON Lines have one complete object per line; `jq -c . OLD.json > NEW.jsonl` \
                     converts objects that span several lines",
                )
                .at(origin.place(line));
        }
        if what.starts_with("trailing characters") && text.trim_ascii().contains(&b'\r') {
            return place(returns());
        }
        let column = e.column();
        place(
            Error::new(format!("not a JSON object: {what} (column {column})"))
                .hint("JSON Lines have one object per line"),
        )
    })
}

fn object(text: &[u8], columns: &Columns) -> serde_json::Result<Row> {
    let mut json = serde_json::Deserializer::from_slice(text);
    let row = Object(columns).deserialize(&mut json)?;
    json.end().map(|()| row)
}

/// An object of which only the requested columns are parsed; the others are null.
struct Object<'a>(&'a Columns);

impl<'de> DeserializeSeed<'de> for Object<'_> {
    type Value = Row;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> std::result::Result<Row, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Object<'_> {
    type Value = Row;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Row, A::Error> {
        let mut row = Row::new();
        while let Some(name) = map.next_key::<String>()? {
            if !self.0.read(&name) {
                map.next_value::<IgnoredAny>()?;
                row.insert(name, Value::Null);
            } else if row.contains_key(&name) {
                return Err(A::Error::custom(format!("'{name}' occurs twice")));
            } else {
                let value = map.next_value();
                // The location at the end of serde's message is removed later.
                let value = value.map_err(|e| A::Error::custom(format!("column '{name}': {e}")))?;
                row.insert(name, value);
            }
        }
        Ok(row)
    }
}

/// Replaces `NaN`, `Infinity` and `-Infinity` outside of strings by null and text; `None` if there are none.
fn without_nan(text: &[u8]) -> Option<Vec<u8>> {
    const WORDS: [(&[u8], &[u8]); 3] =
        [(b"NaN", b"null"), (b"-Infinity", b"\"-Infinity\""), (b"Infinity", b"\"Infinity\"")];
    let mut changed = Vec::new();
    let (mut at, mut inside, mut any) = (0, false, false);
    while at < text.len() {
        let word = WORDS.iter().find(|(word, _)| !inside && text[at..].starts_with(word));
        if let Some((word, instead)) = word {
            changed.extend_from_slice(instead);
            at += word.len();
            any = true;
            continue;
        }
        // A character after a backslash does not end a string.
        let taken = 1 + usize::from(inside && text[at] == b'\\');
        inside ^= text[at] == b'"';
        changed.extend_from_slice(&text[at..text.len().min(at + taken)]);
        at += taken;
    }
    any.then_some(changed)
}

/// The elements of an array, one by one.
struct Elements<R> {
    input: R,
    line: usize,
    state: State,
    origin: Origin,
}

#[derive(PartialEq)]
enum State {
    First,
    Later,
    Ended,
}

impl<R: BufRead> Elements<R> {
    /// The next element and its first line.
    fn next(&mut self) -> Result<Option<(usize, Vec<u8>)>> {
        if self.state == State::Ended {
            return Ok(None);
        }
        let (mut element, mut begun) = (Vec::new(), self.line);
        let (mut depth, mut inside, mut escaped) = (0usize, false, false);
        while let Some(byte) = self.byte()? {
            let ends = depth == 0 && !inside && matches!(byte, b',' | b']');
            if ends && !element.is_empty() {
                self.state = if byte == b']' { State::Ended } else { State::Later };
                if self.state == State::Ended {
                    self.nothing_more()?;
                }
                return Ok(Some((begun, element)));
            }
            if ends {
                let empty = byte == b']' && self.state == State::First;
                self.state = State::Ended;
                return match empty {
                    true => self.nothing_more().map(|()| None),
                    false => Err(self.error("a comma without a row after it")),
                };
            }
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = inside,
                b'"' => inside = !inside,
                b'{' | b'[' if !inside => depth += 1,
                b'}' | b']' if !inside => depth = depth.saturating_sub(1),
                _ => {}
            }
            if element.is_empty() {
                if byte.is_ascii_whitespace() {
                    continue;
                }
                begun = self.line;
            }
            element.push(byte);
            if element.len() as u64 >= LONGEST {
                let long = Error::new(format!("a row longer than {} MiB", LONGEST >> 20));
                return Err(long.at(self.origin.place(begun)));
            }
        }
        Err(self
            .error("the array of rows does not end")
            .hint("is the file truncated? download it again"))
    }

    /// Only white space may follow the array.
    fn nothing_more(&mut self) -> Result<()> {
        while let Some(byte) = self.byte()? {
            if !byte.is_ascii_whitespace() {
                return Err(self.error("something follows the end of the array of rows"));
            }
        }
        Ok(())
    }

    fn byte(&mut self) -> Result<Option<u8>> {
        let buffer = self.input.fill_buf().map_err(io_error);
        let byte = buffer.map_err(|e| e.at(self.origin.place(self.line)))?.first().copied();
        if byte.is_some() {
            self.input.consume(1);
        }
        self.line += usize::from(byte == Some(b'\n'));
        Ok(byte)
    }

    fn error(&self, what: &str) -> Error {
        Error::new(what).at(self.origin.place(self.line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &'static [u8], columns: &[&str]) -> Result<Vec<Numbered>> {
        let columns = Columns::of(columns.iter().map(|name| name.to_string()));
        rows(text, columns, Origin::File("a.json".into()))?.collect()
    }

    fn error(text: &'static [u8]) -> String {
        read(text, &["text"]).unwrap_err().to_string()
    }

    #[test]
    fn an_array_is_read_row_by_row_with_the_files_lines() {
        let text =
            b"\n[\n  {\n \"text\": \"a ], [ \\\" \\\\\",\n \"n\": [1]},\n\n {\"text\": \"b\"}\n]\n";
        let rows = read(text, &["text"]).unwrap();
        assert_eq!(rows.iter().map(|row| row.0).collect::<Vec<_>>(), [3, 7]);
        assert_eq!(rows[0].1["text"], "a ], [ \" \\");
        assert_eq!(read(b"[{\"text\": 1},{\"text\": 2}]", &["text"]).unwrap().len(), 2);
        assert!(read(b"[ ]", &["text"]).unwrap().is_empty());
    }

    #[test]
    fn a_broken_array_is_named_with_its_line() {
        let cases: [(&[u8], &str); 5] = [
            (b"[{\"text\": 1},\n {\"text\": 2}\n", "line 3: the array of rows does not end"),
            (b"[{\"text\": 1},\n]", "line 2: a comma without a row after it"),
            (b"[{\"text\": 1}]\n{}", "line 2: something follows the end of the array"),
            (b"[\n{\"text\":\n tru}]", "line 3: not a JSON object: column 'text': expected ident"),
            (b"[1]", "line 1: not a JSON object: invalid type: integer `1`, expected an object"),
        ];
        for (text, expected) in cases {
            let found = error(text);
            assert!(found.contains(expected), "{found}");
        }
    }

    #[test]
    fn objects_over_several_lines_and_returns_as_line_ends_are_told() {
        let text = error(b"{\"text\": \"a\"}\n\n{\n  \"text\": \"b\"\n}\n");
        assert!(text.contains("line 3: not a JSON object: it does not end on its line"), "{text}");
        assert!(text.contains("jq -c"), "{text}");
        let text = error(b"{\"text\": \"a\"}\r{\"text\": \"b\"}\r");
        assert!(text.contains("line 1: its lines end with carriage returns only"), "{text}");
        assert_eq!(read(b"{\"text\": \"a\"}\r\n\r\n{\"text\": \"b\"}\r\n", &[]).unwrap()[1].0, 3);
    }

    #[test]
    fn only_columns_that_are_read_must_be_readable() {
        let odd = b"{\"n\": NaN, \"big\": 1e999, \"s\": \"\\ud800\", \"b\": \"\xff\", \"text\": \"NaN \\\"\"}\n";
        let rows = read(odd, &["text"]).unwrap();
        assert_eq!(rows[0].1["text"], "NaN \"");
        assert!(rows[0].1.contains_key("big"));
        let text = read(b"{\"n\": 1e999}", &["n"]).unwrap_err().to_string();
        assert!(text.contains("column 'n': number out of range"), "{text}");
        let text = read(b"{\"n\": 1, \"n\": 2}", &["n"]).unwrap_err().to_string();
        assert!(text.contains("'n' occurs twice"), "{text}");
        assert!(read(b"{\"n\": 1, \"n\": 2}", &["text"]).is_ok());
        let rows = read(b"{\"n\": NaN, \"m\": -Infinity}", &["n", "m"]).unwrap();
        assert_eq!((&rows[0].1["n"], &rows[0].1["m"]), (&Value::Null, &"-Infinity".into()));
    }

    #[test]
    fn a_mark_before_a_later_line_is_passed_over() {
        let rows = read(b"{\"text\": 1}\n\xef\xbb\xbf{\"text\": 2}\n", &["text"]).unwrap();
        assert_eq!(rows.len(), 2);
    }
}
