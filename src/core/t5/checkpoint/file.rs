//! The bytes of a weight file, memory-mapped or in memory.

use crate::{Error, Result, files::intact};
use compt_error::Context;
use memmap2::{Advice, Mmap, UncheckedAdvice};
use std::fs::File;
use std::ops::{Deref, Range};
use std::path::Path;

pub struct WeightFile<'a> {
    name: String,
    bytes: Bytes<'a>,
}

enum Bytes<'a> {
    Map(Mmap),
    Held(&'a [u8]),
}

impl<'a> WeightFile<'a> {
    /// Maps a file. Errors: it cannot be read, or is a placeholder.
    pub fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).at(path.display())?;
        if !file.metadata().at(path.display())?.is_file() {
            return Err(Error::new("not a file").at(path.display()));
        }
        // SAFETY: the map is read only, and only during loading; a file that is truncated meanwhile
        // faults, as with every memory-mapped loader.
        let map = unsafe { Mmap::map(&file) }.at(path.display())?;
        intact::check(&map).at(path.display())?;
        Ok(WeightFile { name: path.display().to_string(), bytes: Bytes::Map(map) })
    }

    pub fn held(name: &str, bytes: &'a [u8]) -> Self {
        WeightFile { name: name.to_string(), bytes: Bytes::Held(bytes) }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Reads the pages of a range ahead, instead of one by one.
    pub fn will_need(&self, part: Range<usize>) {
        if let Bytes::Map(map) = &self.bytes {
            let _ = map.advise_range(Advice::PopulateRead, part.start, part.len());
        }
    }

    /// Releases the pages of a range, so that they do not count as the process's memory.
    pub fn done_with(&self, part: Range<usize>) {
        if let Bytes::Map(map) = &self.bytes {
            // SAFETY: the map is of a file and never written to: a page that is used again is read again.
            let _ = unsafe {
                map.unchecked_advise_range(UncheckedAdvice::DontNeed, part.start, part.len())
            };
        }
    }
}

impl Deref for WeightFile<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.bytes {
            Bytes::Map(map) => map,
            Bytes::Held(bytes) => bytes,
        }
    }
}
