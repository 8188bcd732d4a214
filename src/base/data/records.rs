//! Records of tables: cells between delimiters, with or without double quotes. Each has the number of
//! its first line, also after empty lines, and an unclosed quote is an error.

use super::encoding::{LONGEST, Lines, split_end};
use crate::{Error, Result};
use std::io::BufRead;

/// The cells of a record.
pub type Cells = Vec<Vec<u8>>;

/// Records of a table with the numbers of their first lines.
pub struct Records<R> {
    pub lines: Lines<R>,
    pub delimiter: u8,
    quotes: bool,
}

impl<R: BufRead> Records<R> {
    /// The delimiter must be set before the first record.
    pub fn new(lines: Lines<R>, quotes: bool) -> Self {
        Records { lines, delimiter: b',', quotes }
    }

    /// The record that begins with this line, or with the next line that is not empty. Errors: the
    /// input cannot be read, or a quote is not closed.
    pub fn record(&mut self, first: Option<(usize, Vec<u8>)>) -> Result<Option<(usize, Cells)>> {
        let mut next = first;
        loop {
            let line = match next.take() {
                Some(line) => Some(line),
                None => self.lines.next()?,
            };
            let Some((number, line)) = line else { return Ok(None) };
            if !split_end(&line).0.is_empty() {
                return self.split(number, &line).map(Some);
            }
        }
    }

    fn split(&mut self, number: usize, line: &[u8]) -> Result<(usize, Cells)> {
        let mut splitter = Splitter::new(self.delimiter, self.quotes);
        let mut whole = splitter.feed(line);
        let mut size = line.len();
        while !whole {
            let next = self.lines.next()?.filter(|_| size < LONGEST as usize);
            let Some((_, line)) = next else {
                return Err(Error::new("a cell has an opening quote without a closing one")
                    .hint("if double quotes are part of the text: quotes = false")
                    .at(format!("line {number}")));
            };
            size += line.len();
            whole = splitter.feed(&line);
        }
        Ok((number, splitter.cells))
    }
}

/// The cells of one line, with quotes.
pub fn split(line: &[u8], delimiter: u8) -> Cells {
    let mut splitter = Splitter::new(delimiter, true);
    splitter.feed(line);
    splitter.cells
}

/// Splits a record, over several lines if quotes contain line ends.
struct Splitter {
    delimiter: u8,
    quotes: bool,
    cells: Cells,
    cell: Vec<u8>,
    state: State,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    /// At the start of a cell.
    Start,
    Bare,
    Quoted,
    /// After a quote that ends the cell, or is the first of an escaped pair.
    Closed,
}

impl Splitter {
    fn new(delimiter: u8, quotes: bool) -> Self {
        Splitter { delimiter, quotes, cells: Vec::new(), cell: Vec::new(), state: State::Start }
    }

    /// Adds a line. Returns whether the record is complete.
    fn feed(&mut self, line: &[u8]) -> bool {
        let (body, end) = split_end(line);
        for &byte in body {
            self.state = match (self.state, byte) {
                (State::Start, b'"') if self.quotes => State::Quoted,
                (State::Quoted, b'"') => State::Closed,
                (State::Closed, b'"') => self.push(byte, State::Quoted),
                (State::Quoted, _) => self.push(byte, State::Quoted),
                (_, byte) if byte == self.delimiter => {
                    self.cells.push(std::mem::take(&mut self.cell));
                    State::Start
                }
                _ => self.push(byte, State::Bare),
            };
        }
        if self.state == State::Quoted {
            self.cell.extend_from_slice(end);
            return false;
        }
        self.cells.push(std::mem::take(&mut self.cell));
        true
    }

    fn push(&mut self, byte: u8, then: State) -> State {
        self.cell.push(byte);
        then
    }
}
