//! Rows from tables: TSV, CSV and tables with other delimiters.

use super::encoding::{Lines, Origin, returns, split_end, utf8};
use super::records::{Cells, Records, split};
use super::rows::{Columns, Numbered, Row, Rows, until_broken};
use super::template::missing;
use crate::{Error, Result};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::BufRead;
use std::rc::Rc;

/// The options of reading a table.
pub struct Reading {
    pub delimiter: u8,
    pub quotes: bool,
    /// Whether the delimiter was set explicitly or follows from the file extension.
    pub delimiter_said: bool,
    pub quotes_said: bool,
    pub positions: Option<BTreeMap<String, usize>>,
    /// Receives notes on the file that are not errors.
    pub note: Rc<dyn Fn(String)>,
}

const OTHERS: [u8; 4] = *b",;\t|";
const UNNAMED: &str = "";

/// The rows of a table; a first line `sep=;`, as written by spreadsheets, sets the delimiter. Errors:
/// an invalid header or record; the line is named.
pub fn rows(
    input: impl BufRead + 'static,
    mut reading: Reading,
    columns: Columns,
    origin: Origin,
) -> Result<Rows> {
    let mut records = Records::new(Lines::new(input, 0, &origin), reading.quotes);
    let mut first = records.lines.next()?;
    if let Some((_, line)) = &first
        && let [b's', b'e', b'p', b'=', delimiter] = *split_end(line).0
    {
        if reading.delimiter_said && reading.delimiter != delimiter {
            let (file, given) = (shown(delimiter), shown(reading.delimiter));
            return Err(Error::new(format!(
                "the file declares {file} as its delimiter, but 'delimiter' is {given}"
            ))
            .at("line 1"));
        }
        reading.delimiter = delimiter;
        first = records.lines.next()?;
    }
    records.delimiter = reading.delimiter;
    let mut first = match first {
        Some(line) => records.record(Some(line))?,
        None => None,
    };
    let mut check = Check { origin, columns, reading };
    let header = match (&check.reading.positions, &first) {
        (Some(_), _) | (None, None) => None,
        (None, Some((line, cells))) => {
            let header = check.header(cells).map_err(|e| e.at(format!("line {line}")))?;
            first = None;
            Some(header)
        }
    };
    let mut width = header.as_ref().map(Vec::len);
    Ok(until_broken(move || -> Result<Option<Numbered>> {
        let record = match first.take() {
            Some(record) => Some(record),
            None => records.record(None)?,
        };
        let Some((line, cells)) = record else { return Ok(None) };
        let row = check.row(header.as_deref(), &mut width, &cells);
        Ok(Some((line, row.map_err(|e| e.at(format!("line {line}")))?)))
    }))
}

/// Converts records to rows and refuses invalid ones.
struct Check {
    origin: Origin,
    columns: Columns,
    reading: Reading,
}

impl Check {
    /// The column names. White space around them is removed, unless it is requested.
    fn header(&self, cells: &Cells) -> Result<Vec<String>> {
        let name = |cell: &Vec<u8>| {
            let name = String::from_utf8_lossy(cell).into_owned();
            if self.columns.named(&name) { name } else { name.trim().to_string() }
        };
        let names: Vec<String> = cells.iter().map(name).collect();
        let twice = |(i, name): &(usize, &String)| {
            name.as_str() != UNNAMED && self.columns.read(name) && names[..*i].contains(name)
        };
        if let Some((_, name)) = names.iter().enumerate().find(twice) {
            return Err(Error::new(format!("two columns are called '{name}'"))
                .hint("a column that is read needs a unique name"));
        }
        if let Some(absent) = self.columns.absent(names.iter().map(String::as_str)) {
            if cells.iter().any(|cell| cell.contains(&b'\r')) {
                return Err(returns());
            }
            self.no_other_delimiter(cells, |cells| {
                let names =
                    cells.iter().map(|cell| String::from_utf8_lossy(cell).trim().to_string());
                self.columns.absent(names.collect::<Vec<_>>().iter().map(String::as_str)).is_none()
            })?;
            for cell in cells {
                utf8(cell, &self.origin)?;
            }
            let row = names.into_iter().map(|name| (name, Value::Null)).collect();
            let mut bare = format!("; of a table without a header row, to positions: {absent} = 1");
            let held = |d: &&u8| cells.len() == 1 && cells[0].contains(d);
            if let Some(&other) = OTHERS.iter().find(held) {
                bare += &format!(
                    "; if it is separated by {0:?}: delimiter = {0:?}",
                    char::from(other).to_string()
                );
            }
            return Err(missing(&row, absent, &bare));
        }
        if self.columns.is_all() && cells.len() == 1 {
            self.no_other_delimiter(cells, |cells| {
                cells.len() > 1 && cells.iter().all(|c| is_name(c))
            })?;
        }
        Ok(names)
    }

    /// Refuses a record that is valid with another delimiter.
    fn no_other_delimiter(&self, cells: &Cells, fits: impl Fn(&Cells) -> bool) -> Result<()> {
        let line = cells.join(&self.reading.delimiter);
        let others = OTHERS.into_iter().filter(|other| *other != self.reading.delimiter);
        let better = |delimiter: &u8| fits(&split(&line, *delimiter));
        match others.into_iter().find(better) {
            Some(found) => {
                let (found, given) = (shown(found), shown(self.reading.delimiter));
                Err(Error::new(format!("its cells are separated by {found}, not by {given}"))
                    .hint(format!("set delimiter = {found} in the task")))
            }
            None => Ok(()),
        }
    }

    fn row(
        &mut self,
        header: Option<&[String]>,
        width: &mut Option<usize>,
        cells: &Cells,
    ) -> Result<Row> {
        let Some(header) = header else { return self.row_by_position(width, cells) };
        if cells.len() != header.len() {
            return Err(self.unequal(cells, &format!("under a header of {}", header.len())));
        }
        let row = header.iter().zip(cells).map(|(name, cell)| {
            let value = if self.columns.read(name) { self.text(name, cell)? } else { Value::Null };
            Ok((name.clone(), value))
        });
        row.collect()
    }

    fn row_by_position(&mut self, width: &mut Option<usize>, cells: &Cells) -> Result<Row> {
        let positions = self.reading.positions.clone().unwrap_or_default();
        let expected = *width.get_or_insert(cells.len());
        if let Some((name, position)) = positions.iter().find(|(_, p)| **p > expected) {
            let last = positions.values().copied().max().unwrap_or(0);
            self.no_other_delimiter(cells, |cells| cells.len() >= last)?;
            let what = format!("{expected} cells, but '{name}' is column {position}");
            return Err(Error::new(what).hint("positions in 'columns' count from 1"));
        }
        if cells.len() != expected {
            return Err(self.unequal(cells, &format!("where the first line has {expected}")));
        }
        let row =
            positions.iter().map(|(name, at)| Ok((name.clone(), self.text(name, &cells[at - 1])?)));
        row.collect()
    }

    fn unequal(&self, cells: &Cells, against: &str) -> Error {
        let error = Error::new(format!("{} cells {against}", cells.len()));
        match cells.last() {
            Some(cell) if cell.is_empty() && cells.len() > 1 => error
                .hint(format!("the line may end with an extra {}", shown(self.reading.delimiter))),
            _ => error,
        }
    }

    fn text(&mut self, name: &str, cell: &[u8]) -> Result<Value> {
        let text = utf8(cell, &self.origin).map_err(|e| e.at(format!("column '{name}'")))?;
        if !self.reading.quotes_said && !self.reading.quotes && in_quotes(text) {
            self.reading.quotes_said = true;
            (self.reading.note)(format!(
                "a cell is in double quotes, which are read as part of the text because a .tsv has \
                 no quoting (column '{name}': {text}); quotes = true reads them as quoting, quotes = \
                 false as text without this note"
            ));
        }
        Ok(text.into())
    }
}

/// Whether a cell is quoted: double quotes around it, and those inside only in pairs.
fn in_quotes(cell: &str) -> bool {
    let inside = cell.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inside.is_some_and(|inside| !inside.replace("\"\"", "").contains('"'))
}

/// Whether a cell resembles a column name.
fn is_name(cell: &[u8]) -> bool {
    let text = String::from_utf8_lossy(cell);
    let plain = |c: char| c.is_alphanumeric() || " _-.".contains(c);
    !text.trim().is_empty() && text.chars().all(plain)
}

/// A delimiter in Lua notation.
fn shown(delimiter: u8) -> String {
    match delimiter {
        b'\t' => "\"\\t\"".to_string(),
        other => format!("\"{}\"", char::from(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    #[derive(Default)]
    struct Given {
        delimiter: Option<u8>,
        quotes: Option<bool>,
        positions: Vec<(&'static str, usize)>,
        all: bool,
    }

    type Texts = Vec<(usize, String, String)>;

    /// Line, text and label of each row, and the notes.
    fn read_with(text: &'static [u8], given: Given) -> Result<(Texts, Vec<String>)> {
        let columns = match given.all {
            true => Columns::all(),
            false => Columns::of(["text", "label"].map(String::from)),
        };
        let told = Rc::new(RefCell::new(Vec::new()));
        let note = told.clone();
        let positions: BTreeMap<_, _> =
            given.positions.into_iter().map(|(name, at)| (name.to_string(), at)).collect();
        let reading = Reading {
            delimiter: given.delimiter.unwrap_or(b','),
            quotes: given.quotes.unwrap_or(given.delimiter != Some(b'\t')),
            delimiter_said: given.delimiter.is_some(),
            quotes_said: given.quotes.is_some(),
            positions: (!positions.is_empty()).then_some(positions),
            note: Rc::new(move |text| note.borrow_mut().push(text)),
        };
        let rows = rows(text, reading, columns, Origin::File("a.csv".into()))?;
        let cell = |row: &Row, name: &str| row[name].as_str().unwrap_or_default().to_string();
        let row = |row: Result<Numbered>| {
            row.map(|(line, row)| (line, cell(&row, "text"), cell(&row, "label")))
        };
        let rows = rows.map(row).collect::<Result<_>>()?;
        let told = told.borrow().clone();
        Ok((rows, told))
    }

    fn read(text: &'static [u8]) -> Texts {
        read_with(text, Given::default()).unwrap().0
    }

    fn error(text: &'static [u8], given: Given) -> String {
        read_with(text, given).unwrap_err().to_string()
    }

    fn row(line: usize, text: &str, label: &str) -> (usize, String, String) {
        (line, text.into(), label.into())
    }

    #[test]
    fn lines_are_counted_as_an_editor_does() {
        let text = b"text,label\r\n\r\n\"a\r\n\"\"b\"\"\",1\r\n\r\n\r\nc,0";
        assert_eq!(read(text), [row(3, "a\r\n\"b\"", "1"), row(7, "c", "0")]);
        let tabs = Given { delimiter: Some(b'\t'), ..Given::default() };
        let rows = read_with(b"text\tlabel\na\rb\t0\r\n\nc\t1\r\n", tabs).unwrap().0;
        assert_eq!(rows, [row(2, "a\rb", "0"), row(4, "c", "1")]);
        assert_eq!(read(b"text,label\n\"a\"b,\"1\"\n"), [row(2, "ab", "1")]);
    }

    #[test]
    fn columns_that_nobody_names_may_hold_anything() {
        let text = b",text,\xe9t\xe9,id, label ,id,\n0,a,caf\xe9,1,0,2,\n";
        assert_eq!(read(text), [row(2, "a", "0")]);
        let text = error(b"text,label\na,0\nol\xe9,1\n", Given::default());
        assert!(text.contains("line 3: column 'text': not UTF-8 (byte 0xE9)"), "{text}");
        assert!(text.contains("iconv -f WINDOWS-1252 -t UTF-8 a.csv > a.utf8.csv"), "{text}");
    }

    #[test]
    fn a_header_that_does_not_fit_is_refused() {
        let text = error(b"text,label,text\na,0,b\n", Given::default());
        assert!(text.contains("line 1: two columns are called 'text'"), "{text}");
        let text = error(b"text,gold\na,0\n", Given::default());
        assert!(text.contains("line 1: no field 'label'"), "{text}");
        assert!(text.contains("the row has: text, gold; 'columns' maps"), "{text}");
        assert!(text.contains("without a header row, to positions: label = 1"), "{text}");
        let text = error(b"text,label\ra,0\rb,1\r", Given::default());
        assert!(text.contains("its lines end with carriage returns only"), "{text}");
        let text = error(b"texte,\xe9tiquette\na,0\n", Given::default());
        assert!(text.contains("line 1: not UTF-8"), "{text}");
    }

    #[test]
    fn another_delimiter_is_named() {
        let text = error(b"text;label\na;0\n", Given::default());
        assert!(text.contains("its cells are separated by \";\", not by \",\""), "{text}");
        assert!(text.contains("delimiter = \";\""), "{text}");
        let text =
            error(b"text,label\na,0\n", Given { delimiter: Some(b'\t'), ..Given::default() });
        assert!(text.contains("separated by \",\", not by \"\\t\""), "{text}");
        let text = error(b"text|label\na|0\n", Given { all: true, ..Given::default() });
        assert!(text.contains("separated by \"|\""), "{text}");
        let semicolon = || Given { delimiter: Some(b';'), ..Given::default() };
        let rows = read_with(b"text;label\n\"a; b\";0\n", semicolon()).unwrap().0;
        assert_eq!(rows, [row(2, "a; b", "0")]);
        let text = error(b"sep=|\ntext;label\n", semicolon());
        assert!(text.contains("the file declares \"|\" as"), "{text}");
        assert_eq!(read(b"sep=;\r\ntext;label\r\na;0\r\n"), [row(3, "a", "0")]);
    }

    #[test]
    fn a_table_without_a_header_is_read_by_position() {
        let by = |text, label| Given {
            positions: vec![("text", text), ("label", label)],
            ..Given::default()
        };
        let rows = read_with(b"\n0,x,a\n1,y,\"b\n\"\n", by(3, 1)).unwrap().0;
        assert_eq!(rows, [row(2, "a", "0"), row(3, "b\n", "1")]);
        let text = error(b"0,a\n", by(2, 3));
        assert!(text.contains("line 1: 2 cells, but 'label' is column 3"), "{text}");
        let text = error(b"0;a\n", by(2, 1));
        assert!(text.contains("separated by \";\""), "{text}");
        let text = error(b"0,a\n1,b,c\n", by(2, 1));
        assert!(text.contains("line 2: 3 cells where the first line has 2"), "{text}");
    }

    #[test]
    fn rows_and_quotes_that_do_not_end_are_named() {
        let text = error(b"text,label\na,0,\n", Given::default());
        assert!(text.contains("line 2: 3 cells under a header of 2"), "{text}");
        assert!(text.contains("the line may end with an extra \",\""), "{text}");
        let text = error(b"text,label\na,0\n\"b,1\nc,0\n", Given::default());
        assert!(
            text.contains("line 3: a cell has an opening quote without a closing one"),
            "{text}"
        );
        let bare = Given { quotes: Some(false), ..Given::default() };
        assert_eq!(read_with(b"text,label\n\"b,1\n", bare).unwrap().0, [row(2, "\"b", "1")]);
    }

    #[test]
    fn quotes_around_a_cell_of_a_tsv_are_told_once() {
        const TEXT: &[u8] = b"text\tlabel\n\"a \"\"b\"\"\"\t0\n\"c\"\t1\n";
        let tabs = |quotes| Given { delimiter: Some(b'\t'), quotes, ..Given::default() };
        let (rows, told) = read_with(TEXT, tabs(None)).unwrap();
        assert_eq!((rows[1].1.as_str(), told.len()), ("\"c\"", 1));
        assert!(told[0].contains("quotes = true"), "{told:?}");
        let (rows, told) = read_with(TEXT, tabs(Some(true))).unwrap();
        assert_eq!((rows[0].1.as_str(), rows[1].1.as_str(), told.len()), ("a \"b\"", "c", 0));
        assert!(read_with(TEXT, tabs(Some(false))).unwrap().1.is_empty());
        assert!(read_with(b"text\tlabel\n\"a\" \"b\"\t0\n", tabs(None)).unwrap().1.is_empty());
    }
}
