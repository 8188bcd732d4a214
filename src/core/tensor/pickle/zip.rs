//! The zip format of PyTorch 1.6 and later: `data.pkl` and an uncompressed entry for each storage.

use super::machine;
use super::node::{Pickle, Storage};
use crate::{Error, Result};
use std::collections::HashMap;
use std::ops::Range;

/// The signature of a local header, at the start of an archive.
pub const MAGIC: &[u8] = b"PK\x03\x04";

const LOCAL: u32 = 0x0403_4b50;
const ENTRY: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;
const END_64: u32 = 0x0606_4b50;
const LOCATOR_64: u32 = 0x0706_4b50;
/// The sizes of the end record and of the longest comment.
const END_LENGTH: usize = 22;
const LONGEST_END: usize = END_LENGTH + u16::MAX as usize;

pub struct Archive<'a> {
    file: &'a [u8],
    /// The prefix of the names.
    root: &'a str,
    entries: HashMap<&'a str, Range<usize>>,
}

impl<'a> Archive<'a> {
    /// Reads the directory of an archive. Errors: a damaged or compressed archive.
    pub fn open(file: &'a [u8]) -> Result<Self> {
        let entries = entries(file)
            .map_err(|what| Error::new(format!("a damaged or truncated zip archive: {what}")))?;
        let mut roots = entries.keys().filter_map(|name| name.strip_suffix("data.pkl"));
        let (Some(root), None) = (roots.next(), roots.next()) else {
            return Err(Error::new("a zip archive, but not one of torch.save: no data.pkl"));
        };
        let archive = Archive { file, root, entries };
        if archive.find("byteorder").is_some_and(|place| &file[place] != b"little") {
            return Err(Error::new("saved on a big-endian machine, which is not supported"));
        }
        Ok(archive)
    }

    /// Reads `data.pkl`. Errors: it is missing or invalid.
    pub fn pickle(&self) -> Result<Pickle<'a>> {
        let place = self.find("data.pkl").expect("found on opening");
        machine::read(&self.file[..place.end], place.start)
    }

    pub(crate) fn storage(&self, storage: &Storage) -> Result<Range<usize>> {
        match self.find(&format!("data/{}", storage.key)) {
            Some(place) if place.len() == storage.bytes()? => Ok(place),
            _ => Err(Error::new(format!("its storage '{}' is missing or truncated", storage.key))),
        }
    }

    fn find(&self, name: &str) -> Option<Range<usize>> {
        self.entries.get(format!("{}{name}", self.root).as_str()).cloned()
    }
}

type Found<T> = std::result::Result<T, &'static str>;

/// The positions of the entries' bytes, all of them uncompressed.
fn entries(file: &[u8]) -> Found<HashMap<&str, Range<usize>>> {
    let (mut at, count) = directory(file)?;
    let mut found = HashMap::new();
    for _ in 0..count {
        if number(file, at, 4)? != ENTRY as usize {
            return Err("an entry is missing");
        }
        let [flags, method] = [number(file, at + 8, 2)?, number(file, at + 10, 2)?];
        if method != 0 || flags & 1 != 0 {
            return Err("an entry is compressed or encrypted, unlike those of torch.save");
        }
        let [name, extra, comment] =
            [number(file, at + 28, 2)?, number(file, at + 30, 2)?, number(file, at + 32, 2)?];
        let name = slice(file, at + 46, name)?;
        let extras = slice(file, at + 46 + name.len(), extra)?;
        let [packed, size, header] = large(
            [number(file, at + 20, 4)?, number(file, at + 24, 4)?, number(file, at + 42, 4)?],
            extras,
        )?;
        if packed != size {
            return Err("an entry has two lengths");
        }
        let name = std::str::from_utf8(name).map_err(|_| "a name is not UTF-8")?;
        if found.insert(name, place(file, header, size)?).is_some() {
            return Err("two entries have one name");
        }
        at += 46 + name.len() + extra + comment;
    }
    Ok(found)
}

/// The position of the directory, and the number of its entries.
fn directory(file: &[u8]) -> Found<(usize, usize)> {
    let earliest = file.len().saturating_sub(LONGEST_END);
    let last = file.len().checked_sub(END_LENGTH).ok_or("no end")?;
    let is_end = |at: &usize| number(file, *at, 4) == Ok(END as usize);
    let end = (earliest..=last).rev().find(is_end).ok_or("no end")?;
    let (count, at) = (number(file, end + 10, 2)?, number(file, end + 16, 4)?);
    if count != u16::MAX as usize && at != u32::MAX as usize {
        return Ok((at, count));
    }
    let locator = end.checked_sub(20).ok_or("no end")?;
    if number(file, locator, 4)? != LOCATOR_64 as usize {
        return Ok((at, count));
    }
    let end = number(file, locator + 8, 8)?;
    if number(file, end, 4)? != END_64 as usize {
        return Err("no end");
    }
    Ok((number(file, after(end, 48)?, 8)?, number(file, after(end, 32)?, 8)?))
}

/// Compressed size, size and position, each from the extra field if it does not fit in 32 bits.
fn large(short: [usize; 3], extras: &[u8]) -> Found<[usize; 3]> {
    let [mut packed, mut size, mut header] = short;
    let mut at = 0;
    while at < extras.len() {
        let [id, length] = [number(extras, at, 2)?, number(extras, at + 2, 2)?];
        let field = slice(extras, at + 4, length)?;
        at += 4 + length;
        if id != 1 {
            continue;
        }
        let mut next = 0;
        for value in [&mut size, &mut packed, &mut header] {
            if *value == u32::MAX as usize {
                *value = number(field, next, 8)?;
                next += 8;
            }
        }
    }
    Ok([packed, size, header])
}

/// The position of an entry's bytes; its local header is at `header`.
fn place(file: &[u8], header: usize, size: usize) -> Found<Range<usize>> {
    if number(file, header, 4)? != LOCAL as usize {
        return Err("an entry has no header");
    }
    let [name, extra] = [number(file, header + 26, 2)?, number(file, header + 28, 2)?];
    let start = header + 30 + name + extra;
    slice(file, start, size)?;
    Ok(start..start + size)
}

/// A little-endian number of `length` bytes.
fn number(bytes: &[u8], at: usize, length: usize) -> Found<usize> {
    let digits = slice(bytes, at, length)?;
    let number = digits.iter().rev().fold(0u64, |n, &digit| n << 8 | u64::from(digit));
    usize::try_from(number).map_err(|_| "a number is too large")
}

fn slice(bytes: &[u8], at: usize, length: usize) -> Found<&[u8]> {
    bytes.get(at..after(at, length)?).ok_or("it extends beyond the end of the file")
}

fn after(at: usize, length: usize) -> Found<usize> {
    at.checked_add(length).ok_or("it extends beyond the end of the file")
}
