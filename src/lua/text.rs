//! Files of Lua code: read from the disk, and as Lua compiles them.

use crate::{Error, Result};
use compt_base::files::bounded;
use std::path::Path;

/// The byte order mark, which some editors put before UTF-8.
const MARK: char = '\u{feff}';

/// The maximum size of a file of Lua code.
const LARGEST: u64 = 16 << 20;

/// Reads a file of Lua code. An encoding other than UTF-8 is refused, and what is no regular file.
pub fn read(path: &Path) -> Result<String> {
    decoded(bounded::read(path, LARGEST)?, path)
}

/// The code of a file as `lua` reads it: without the byte order mark, and with a first line
/// `#!...` as a comment, so that line numbers stay the same.
pub fn code(text: &str) -> String {
    let text = without_mark(text);
    if text.starts_with('#') { format!("--{text}") } else { text.to_string() }
}

/// The text after its byte order mark, if it has one.
pub fn without_mark(text: &str) -> &str {
    text.strip_prefix(MARK).unwrap_or(text)
}

fn decoded(bytes: Vec<u8>, path: &Path) -> Result<String> {
    let shown = path.display().to_string();
    let refused = |encoding: &str| {
        Error::new(format!("it is in {encoding}, and Lua code is read as UTF-8"))
            .at(&shown)
            .hint(format!("iconv -f {encoding} -t UTF-8 {shown} > NEW.lua converts it"))
    };
    if let Some(encoding) = wide(&bytes) {
        return Err(refused(encoding));
    }
    String::from_utf8(bytes).map_err(|e| {
        let (at, bytes) = (e.utf8_error().valid_up_to(), e.as_bytes());
        let line = bytes[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
        Error::new(format!(
            "line {line} is not UTF-8: its byte 0x{:02X} belongs to another encoding",
            bytes[at]
        ))
        .at(&shown)
        .hint(format!("if it is Latin-1: iconv -f ISO-8859-1 -t UTF-8 {shown} > NEW.lua"))
    })
}

/// The name of a multi-byte encoding, detected by its byte order mark or its zeros.
fn wide(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xff, 0xfe, 0, 0, ..] => return Some("UTF-32LE"),
        [0, 0, 0xfe, 0xff, ..] => return Some("UTF-32BE"),
        [0xff, 0xfe, ..] => return Some("UTF-16LE"),
        [0xfe, 0xff, ..] => return Some("UTF-16BE"),
        _ => {}
    }
    // Code is mostly ASCII: one of every two bytes is zero.
    let zeros = |from: usize| bytes.iter().skip(from).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd, half) = (zeros(0), zeros(1), bytes.len() / 2);
    match half > 1 && 2 * even.max(odd) > half && even.min(odd) * 8 < half {
        true => Some(if odd > even { "UTF-16LE" } else { "UTF-16BE" }),
        false => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_read_as_lua_reads_it() {
        assert_eq!(code("\u{feff}return 1\r\n"), "return 1\r\n");
        assert_eq!(code("#!/usr/bin/env compt\nreturn 1"), "--#!/usr/bin/env compt\nreturn 1");
        assert_eq!(code("\u{feff}#!x\nreturn 1"), "--#!x\nreturn 1");
        assert_eq!(code("return '\u{feff}'"), "return '\u{feff}'");
    }

    #[test]
    fn another_encoding_is_named_with_what_converts_it() {
        let of = |bytes: &[u8]| decoded(bytes.to_vec(), Path::new("a.lua"));
        let wide = |text: &str, mark: bool, big: bool| {
            let units = mark.then_some(0xfeff).into_iter().chain(text.encode_utf16());
            let bytes = units.flat_map(|u| if big { u.to_be_bytes() } else { u.to_le_bytes() });
            of(&bytes.collect::<Vec<u8>>()).unwrap_err().to_string()
        };
        for (mark, big, name) in [
            (true, false, "UTF-16LE"),
            (true, true, "UTF-16BE"),
            (false, false, "UTF-16LE"),
            (false, true, "UTF-16BE"),
        ] {
            let text = wide("print('é')\n", mark, big);
            assert!(text.starts_with(&format!("a.lua: it is in {name}")), "{text}");
            assert!(text.contains(&format!("iconv -f {name} -t UTF-8 a.lua")), "{text}");
        }
        let text = of(b"x = 1\ny = '\xe9'\n").unwrap_err().to_string();
        assert!(text.contains("a.lua: line 2 is not UTF-8: its byte 0xE9"), "{text}");
        assert_eq!(of("print('é')".as_bytes()).unwrap(), "print('é')");
        assert_eq!(of(b"return 'a\0b'").unwrap(), "return 'a\0b'");
        assert_eq!(of(b"").unwrap(), "");
    }
}
