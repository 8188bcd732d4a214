//! One file's content on its way into the cache: a part that grows, is checked, and only then gets
//! its name.

use super::client::{Attempt, Client, Trouble, check_interrupt, pause};
use super::failure;
use super::listing::{File, Hash};
use super::name::Name;
use crate::run::progress::Transfer;
use crate::{Error, Result};
use compt_core::notice;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use std::fs::{self, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How a part is called, after its blob: as Python's huggingface_hub calls them.
pub const PART: &str = ".incomplete";

/// Where a file comes from and where it goes.
pub struct Blob<'a> {
    pub name: &'a Name,
    pub file: &'a File,
    pub url: String,
    /// The folder of blobs.
    pub blobs: PathBuf,
    /// The folder of locks.
    pub locks: PathBuf,
}

enum Hasher {
    Sha256(Sha256),
    GitSha1(Sha1),
}

impl Hasher {
    fn new(file: &File) -> Hasher {
        match file.hash {
            Hash::Sha256(_) => Hasher::Sha256(Sha256::new()),
            Hash::GitSha1(_) => {
                Hasher::GitSha1(Sha1::new_with_prefix(format!("blob {}\0", file.size)))
            }
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        match self {
            Hasher::Sha256(hasher) => hasher.update(bytes),
            Hasher::GitSha1(hasher) => hasher.update(bytes),
        }
    }

    fn hex(self) -> String {
        let bytes = match self {
            Hasher::Sha256(hasher) => hasher.finalize().to_vec(),
            Hasher::GitSha1(hasher) => hasher.finalize().to_vec(),
        };
        bytes.iter().map(|b| format!("{b:02x}")).collect()
    }
}

/// A part: what is on the disk, and its hash so far.
struct Part<'a> {
    file: &'a File,
    path: PathBuf,
    disk: fs::File,
    hasher: Hasher,
    size: u64,
}

impl<'a> Part<'a> {
    /// Takes up what an earlier download left.
    fn open(path: PathBuf, file: &'a File) -> Result<Part<'a>> {
        let open =
            || OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let disk = open().map_err(|e| failure::of_disk(e, &path))?;
        let mut part = Part { file, path, disk, hasher: Hasher::new(file), size: 0 };
        if part.length()? > file.size {
            part.restart()?;
        }
        let mut bytes = vec![0; 1 << 20];
        loop {
            check_interrupt()?;
            match part.disk.read(&mut bytes)? {
                0 => return Ok(part),
                read => {
                    part.hasher.update(&bytes[..read]);
                    part.size += read as u64;
                }
            }
        }
    }

    fn length(&self) -> Result<u64> {
        Ok(self.disk.metadata()?.len())
    }

    fn restart(&mut self) -> Result<()> {
        let empty = |disk: &mut fs::File| -> io::Result<()> {
            disk.set_len(0)?;
            disk.seek(SeekFrom::Start(0)).map(drop)
        };
        empty(&mut self.disk).map_err(|e| failure::of_disk(e, &self.path))?;
        self.hasher = Hasher::new(self.file);
        self.size = 0;
        Ok(())
    }

    fn append(&mut self, bytes: &[u8]) -> Result<()> {
        self.disk.write_all(bytes).map_err(|e| failure::of_disk(e, &self.path))?;
        self.hasher.update(bytes);
        self.size += bytes.len() as u64;
        Ok(())
    }

    fn is_right(&mut self) -> bool {
        let hasher = std::mem::replace(&mut self.hasher, Hasher::new(self.file));
        hasher.hex() == self.file.hash.hex()
    }

    fn discard(self) {
        let _ = fs::remove_file(&self.path);
    }
}

impl Blob<'_> {
    pub fn path(&self) -> PathBuf {
        self.blobs.join(self.file.hash.hex())
    }

    /// Whether the content is there. It was checked when it came.
    pub fn is_there(&self) -> bool {
        self.path().metadata().is_ok_and(|found| found.is_file() && found.len() == self.file.size)
    }

    /// Gets the content, unless it is there by now.
    pub fn fetch(&self, client: &Client, transfer: &mut Transfer) -> Result<()> {
        let made =
            |folder: &Path| fs::create_dir_all(folder).map_err(|e| failure::of_disk(e, folder));
        made(&self.blobs)?;
        made(&self.locks)?;
        let lock = self.lock()?;
        let before = transfer.done();
        if !self.is_there() {
            let part = Part::open(self.part(lock.is_some()), self.file)?;
            self.complete(part, client, transfer, before)?;
        }
        transfer.at(before + self.file.size);
        Ok(())
    }

    fn part(&self, locked: bool) -> PathBuf {
        let alone = if locked { String::new() } else { format!(".{}", std::process::id()) };
        self.blobs.join(format!("{}{alone}{PART}", self.file.hash.hex()))
    }

    /// Waits until no other process downloads the same; None where files cannot be locked. Python's
    /// huggingface_hub takes the same lock.
    fn lock(&self) -> Result<Option<fs::File>> {
        let path = self.locks.join(format!("{}.lock", self.file.hash.hex()));
        let lock = OpenOptions::new().write(true).create(true).truncate(false).open(&path);
        let lock = lock.map_err(|e| failure::of_disk(e, &path))?;
        let mut told = false;
        loop {
            match lock.try_lock() {
                Ok(()) => return Ok(Some(lock)),
                Err(TryLockError::Error(_)) => return Ok(None),
                Err(TryLockError::WouldBlock) if !told => {
                    let what = &self.file.name;
                    notice::say(&format!(
                        "{}: another process downloads {what}; waiting",
                        self.name
                    ));
                    told = true;
                }
                Err(TryLockError::WouldBlock) => pause(Duration::from_millis(100))?,
            }
        }
    }

    fn complete(
        &self,
        mut part: Part,
        client: &Client,
        transfer: &mut Transfer,
        before: u64,
    ) -> Result<()> {
        let mut taken_up = part.size > 0;
        let what = format!("{} {}", self.name, self.file.name);
        loop {
            let got = client.persist(&what, |there| {
                let done = self.go_on(&mut part, client, |size| transfer.at(before + size));
                *there = part.size;
                done
            });
            if let Err(e) = got {
                if part.size == 0 || part.size > self.file.size {
                    part.discard();
                }
                return Err(e);
            }
            if part.is_right() {
                break;
            }
            if !taken_up {
                part.discard();
                let hash = self.file.hash.hex();
                return Err(Error::new(format!("what came does not have the hash {hash}"))
                    .at(what)
                    .hint(
                        "it was thrown away: the server or something on the way to it is broken",
                    ));
            }
            // The beginning was another download's: perhaps the error is there.
            taken_up = false;
            part.restart()?;
        }
        let target = self.path();
        let placed = part.disk.sync_all().and_then(|()| fs::rename(&part.path, &target));
        let synced = placed.and_then(|()| fs::File::open(&self.blobs)?.sync_all());
        synced.map_err(|e| failure::of_disk(e, &target))
    }

    /// One request for what is missing.
    fn go_on(&self, part: &mut Part, client: &Client, mut tell: impl FnMut(u64)) -> Attempt<()> {
        let size = self.file.size;
        if part.size == size && size > 0 {
            return Ok(());
        }
        let mut answer = client.get(&self.url, part.size)?;
        let starts = match answer.status {
            206 => answer.header("content-range").and_then(|range| start_of(range, size)),
            200 => Some(0),
            _ => None,
        };
        let astray = matches!(answer.status, 206 | 416) && starts != Some(part.size);
        if astray && part.size > 0 {
            part.restart()?;
            answer = client.get(&self.url, 0)?;
        } else if starts == Some(0) {
            part.restart()?;
        }
        let whole = answer.status == 200;
        let range = answer.header("content-range").and_then(|range| start_of(range, size));
        if !whole && (answer.status != 206 || range != Some(part.size)) {
            return Err(failure::refused(&answer, self.name, &client.endpoint, client.has_token()));
        }
        while let Some(bytes) = answer.next()? {
            if part.size + bytes.len() as u64 > size {
                part.restart()?;
                let what = format!("more came than the {size} bytes that are listed");
                return Err(Error::new(what)
                    .at(format!("{} {}", self.name, self.file.name))
                    .hint("it was thrown away: the server is broken")
                    .into());
            }
            part.append(&bytes)?;
            tell(part.size);
        }
        if part.size < size {
            let what = format!("the connection ended after {} of {size} bytes", part.size);
            return Err(Trouble::Passing { what, after: None });
        }
        Ok(())
    }
}

/// Where `bytes 5-9/10` begins, if it fits a file of this size.
fn start_of(range: &str, size: u64) -> Option<u64> {
    let (span, total) = range.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (start, end) = span.split_once('-')?;
    let (start, end): (u64, u64) = (start.parse().ok()?, end.parse().ok()?);
    let fits = start <= end && end < size && (total == "*" || total.parse() == Ok(size));
    fits.then_some(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hashed(hash: Hash, content: &[u8]) -> String {
        let file = File { name: "x".into(), size: content.len() as u64, hash };
        let mut hasher = Hasher::new(&file);
        hasher.update(content);
        hasher.hex()
    }

    #[test]
    fn hashes_are_those_of_git_and_lfs() {
        let sha1 = hashed(Hash::GitSha1(String::new()), b"hello\n");
        assert_eq!(sha1, "ce013625030ba8dba906f756967f9e9ca394464a");
        let sha256 = hashed(Hash::Sha256(String::new()), b"hello\n");
        assert_eq!(sha256, "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03");
    }

    #[test]
    fn ranges_that_do_not_fit_are_none() {
        assert_eq!(start_of("bytes 5-9/10", 10), Some(5));
        assert_eq!(start_of("bytes 0-9/*", 10), Some(0));
        for range in ["", "bytes 5-10/10", "bytes 5-9/11", "bytes 9-5/10", "bytes */10", "5-9/10"] {
            assert_eq!(start_of(range, 10), None, "{range}");
        }
    }
}
