//! Lines of text from files and pipes: byte order marks are skipped, encodings other than
//! UTF-8 are refused by name.

use crate::{Error, Result};
use std::io::{self, BufRead, Cursor, Read};
use std::path::{Path, PathBuf};

/// UTF-8's byte order mark, which some editors and spreadsheets write.
pub const MARK: &[u8] = b"\xef\xbb\xbf";

/// The maximum length of a row; longer ones indicate another kind of file.
pub const LONGEST: u64 = 4 << 20;

/// The source of a text, for the command that converts it.
#[derive(Debug, Clone)]
pub enum Origin {
    File(PathBuf),
    Gzip(PathBuf),
    Stdin,
}

impl Origin {
    /// The location of a line in an error.
    pub fn place(&self, line: usize) -> String {
        match self {
            Origin::Stdin => format!("line {line} of the input"),
            _ => format!("line {line}"),
        }
    }

    /// A command that converts the text to UTF-8.
    fn conversion(&self, encoding: &str) -> String {
        let iconv = format!("iconv -f {encoding} -t UTF-8");
        match self {
            Origin::File(path) => format!("{iconv} {} > {}", shell(path), shell(&converted(path))),
            Origin::Gzip(path) => {
                let plain = converted(&path.with_extension(""));
                format!("gzip -dc {} | {iconv} > {}", shell(path), shell(&plain))
            }
            Origin::Stdin => format!("{iconv} INPUT | compt predict ..."),
        }
    }

    /// The error for text in another encoding.
    fn error(&self, what: &str, encoding: &str) -> Error {
        Error::new(what).hint(format!("rows are UTF-8: {}", self.conversion(encoding)))
    }
}

/// `a.csv` becomes `a.utf8.csv`.
fn converted(path: &Path) -> PathBuf {
    match path.extension() {
        Some(kind) => path.with_extension(format!("utf8.{}", kind.to_string_lossy())),
        None => path.with_extension("utf8"),
    }
}

fn shell(path: &Path) -> String {
    let path = path.display().to_string();
    let plain = |c: char| c.is_alphanumeric() || "/._-+=:@%".contains(c);
    if path.chars().all(plain) { path } else { format!("'{}'", path.replace('\'', "'\\''")) }
}

/// An input after its byte order mark.
pub type Marked<R> = io::Chain<Cursor<Vec<u8>>, R>;

/// Skips a UTF-8 byte order mark; UTF-16 and UTF-32 are refused, with or without one.
pub fn unmarked<R: BufRead>(mut input: R, origin: &Origin) -> Result<Marked<R>> {
    let mut head = Vec::new();
    // Not beyond the first line, because a pipe may not have more data yet.
    while head.len() < 4 && !head.ends_with(b"\n") {
        let buffer = input.fill_buf().map_err(|e| io_error(e).at(origin.place(1)))?;
        let Some(byte) = buffer.first().copied() else { break };
        head.push(byte);
        input.consume(1);
    }
    if head.starts_with(&[0x1f, 0x8b]) {
        return Err(Error::new("it is compressed with gzip")
            .hint("decompress it with zcat, or rename a file to end in .gz"));
    }
    if let Some((name, encoding)) = wide(&head) {
        return Err(origin.error(&format!("it is {name}, not UTF-8"), encoding));
    }
    let rest = head.strip_prefix(MARK).unwrap_or(&head).to_vec();
    Ok(Cursor::new(rest).chain(input))
}

/// A 16-bit or 32-bit encoding detected by the first bytes, with iconv's name: by its mark or, because
/// rows begin with two ASCII characters, by the positions of zeros.
fn wide(head: &[u8]) -> Option<(&'static str, &'static str)> {
    match *head {
        [0xff, 0xfe, 0, 0] | [0, 0, 0xfe, 0xff] => Some(("UTF-32", "UTF-32")),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some(("UTF-16", "UTF-16")),
        [1..=255, 0, 0, 0] => Some(("UTF-32 (little endian)", "UTF-32LE")),
        [0, 0, 0, 1..=255] => Some(("UTF-32 (big endian)", "UTF-32BE")),
        [1..=255, 0, 1..=255, 0] => Some(("UTF-16 (little endian)", "UTF-16LE")),
        [0, 1..=255, 0, 1..=255] => Some(("UTF-16 (big endian)", "UTF-16BE")),
        _ => None,
    }
}

/// Decodes UTF-8; the error for other bytes names the probable encoding.
pub fn utf8<'a>(bytes: &'a [u8], origin: &Origin) -> Result<&'a str> {
    std::str::from_utf8(bytes).map_err(|e| {
        let byte = bytes[e.valid_up_to()];
        let what = format!("not UTF-8 (byte 0x{byte:02X})");
        match is_western(bytes) {
            true if bytes.iter().any(|byte| (0x80..0xa0).contains(byte)) => {
                origin.error(&format!("{what}; it looks like Windows-1252"), "WINDOWS-1252")
            }
            true => {
                let looks = format!("{what}; it looks like Latin-1 (ISO-8859-1) or Windows-1252");
                origin.error(&looks, "WINDOWS-1252")
            }
            false => origin.error(&format!("{what}; its encoding is unknown"), "ENCODING"),
        }
    })
}

/// Whether non-ASCII bytes are isolated among letters, like accents in single-byte encodings for
/// Western languages; in others they occur in runs.
fn is_western(bytes: &[u8]) -> bool {
    let runs = bytes.split(u8::is_ascii).filter(|run| !run.is_empty());
    let (count, all) = runs.fold((0, 0), |(count, all), run| (count + 1, all + run.len()));
    all <= count + count / 2
}

/// The lines of an input, each with its number from 1 and its line end.
pub struct Lines<R> {
    input: R,
    /// The number of the last line read.
    number: usize,
    origin: Origin,
}

impl<R: BufRead> Lines<R> {
    /// `before` is the number of lines that were already read.
    pub fn new(input: R, before: usize, origin: &Origin) -> Self {
        Lines { input, number: before, origin: origin.clone() }
    }

    /// The input that was not read.
    pub fn into_rest(self) -> R {
        self.input
    }

    /// The next line with its number; `None` at the end. Errors: the input cannot be read, or a line is too
    /// long.
    pub fn next(&mut self) -> Result<Option<(usize, Vec<u8>)>> {
        let mut line = Vec::new();
        self.number += 1;
        let place = |e: Error| e.at(self.origin.place(self.number));
        let mut input = self.input.by_ref().take(LONGEST);
        match input.read_until(b'\n', &mut line).map_err(|e| place(io_error(e)))? as u64 {
            0 => Ok(None),
            LONGEST if line.contains(&b'\r') => Err(place(returns())),
            LONGEST => Err(place(Error::new(format!("longer than {} MiB", LONGEST >> 20)))),
            _ => Ok(Some((self.number, line))),
        }
    }
}

/// Splits a line from its end, "\n" or "\r\n".
pub fn split_end(line: &[u8]) -> (&[u8], &[u8]) {
    let body = line.strip_suffix(b"\n").map_or(line, |b| b.strip_suffix(b"\r").unwrap_or(b));
    line.split_at(body.len())
}

/// The error for the line ends of the classic Mac OS.
pub fn returns() -> Error {
    Error::new("its lines end with carriage returns only")
        .hint("tr '\\r' '\\n' < OLD > NEW converts them to line feeds")
}

pub fn io_error(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Error::new("the compressed file ends too early")
            .hint("it was truncated when it was written or copied: download it again"),
        _ => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first_line(bytes: &[u8]) -> Result<Vec<u8>> {
        let origin = Origin::File("rows/a b.csv".into());
        let mut lines = Lines::new(unmarked(bytes, &origin)?, 0, &origin);
        Ok(lines.next()?.map(|line| line.1).unwrap_or_default())
    }

    #[test]
    fn a_mark_of_utf_8_is_passed_over_once() {
        assert_eq!(first_line(b"\xef\xbb\xbftext\nb").unwrap(), b"text\n");
        assert_eq!(first_line(b"\xef\xbb\xbf\xef\xbb\xbfa").unwrap(), b"\xef\xbb\xbfa");
        assert_eq!(first_line(b"a\n").unwrap(), b"a\n");
        assert!(first_line(b"").unwrap().is_empty());
    }

    #[test]
    fn other_encodings_are_named_with_the_command_that_converts() {
        let wide = |mark: &[u8], order: fn(u16) -> [u8; 2]| -> String {
            let text = "text,label\n".encode_utf16().flat_map(order);
            let bytes: Vec<u8> = mark.iter().copied().chain(text).collect();
            first_line(&bytes).unwrap_err().to_string()
        };
        let text = wide(b"\xff\xfe", u16::to_le_bytes);
        assert!(text.contains("it is UTF-16, not UTF-8"), "{text}");
        let command = "iconv -f UTF-16 -t UTF-8 'rows/a b.csv' > 'rows/a b.utf8.csv'";
        assert!(text.contains(command), "{text}");
        assert!(wide(b"\xfe\xff", u16::to_be_bytes).contains("it is UTF-16, "));
        assert!(wide(b"", u16::to_le_bytes).contains("-f UTF-16LE "));
        assert!(wide(b"", u16::to_be_bytes).contains("-f UTF-16BE "));

        let guess =
            |bytes: &[u8]| utf8(bytes, &Origin::Gzip("a.tsv.gz".into())).unwrap_err().to_string();
        let text = guess(b"caf\xe9 cr\xe8me");
        assert!(text.contains("not UTF-8 (byte 0xE9); it looks like Latin-1"), "{text}");
        let command = "gzip -dc a.tsv.gz | iconv -f WINDOWS-1252 -t UTF-8 > a.utf8.tsv";
        assert!(text.contains(command), "{text}");
        assert!(guess(b"it\x92s").contains("it looks like Windows-1252"));
        // Chinese in GB18030.
        let text = guess(b"\xc4\xe3\xba\xc3\xca\xc0\xbd\xe7");
        assert!(text.contains("its encoding is unknown"), "{text}");
    }

    #[test]
    fn lines_end_with_a_newline_and_perhaps_a_return_before_it() {
        assert_eq!(split_end(b"a\r\n"), (&b"a"[..], &b"\r\n"[..]));
        assert_eq!(split_end(b"a\r"), (&b"a\r"[..], &b""[..]));
        let mut lines = Lines::new(&b"a\rb\n\nc"[..], 0, &Origin::Stdin);
        let all = std::iter::from_fn(|| lines.next().unwrap()).collect::<Vec<_>>();
        assert_eq!(all, [(1, b"a\rb\n".to_vec()), (2, b"\n".to_vec()), (3, b"c".to_vec())]);
    }
}
