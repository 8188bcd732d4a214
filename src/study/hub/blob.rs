//! The download of one file: a partial file that is completed, verified, and then renamed.

use super::client::{Client, check_interrupt, pause};
use super::failure::{self, Attempt, AttemptError};
use super::listing::{Hash, RemoteFile};
use super::refusal::refused;
use super::repo_id::RepoId;
use crate::progress::Transfer;
use crate::{Error, Result};
use compt_base::files::{atomic::sync_folder, source::hex};
use compt_base::notice;
use sha1::Sha1;
use sha2::digest::DynDigest;
use sha2::{Digest, Sha256};
use std::fs::{self, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::time::Duration;

/// The extension of a partial file, as in Python's huggingface_hub.
pub const PART: &str = ".incomplete";

/// The source and the target of a file.
pub struct Download<'a> {
    pub id: &'a RepoId,
    pub file: &'a RemoteFile,
    pub url: String,
    pub blob: PathBuf,
    /// The folder of locks.
    pub locks: PathBuf,
}

fn hasher(file: &RemoteFile) -> Box<dyn DynDigest> {
    match file.hash {
        Hash::Sha256(_) => Box::new(Sha256::new()),
        Hash::GitSha1(_) => Box::new(Sha1::new_with_prefix(format!("blob {}\0", file.size))),
    }
}

/// The bytes on disk, and their hash so far.
struct Part<'a> {
    file: &'a RemoteFile,
    path: PathBuf,
    disk: fs::File,
    hasher: Box<dyn DynDigest>,
    size: u64,
}

impl<'a> Part<'a> {
    /// Opens the partial file of an earlier download to resume it.
    fn open(path: PathBuf, file: &'a RemoteFile) -> Result<Part<'a>> {
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false);
        let disk = options.open(&path).map_err(|e| failure::of_disk(e, &path))?;
        let mut part = Part { file, path, disk, hasher: hasher(file), size: 0 };
        if part.disk.metadata()?.len() > file.size {
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

    fn restart(&mut self) -> Result<()> {
        let emptied = self.disk.set_len(0).and_then(|()| self.disk.seek(SeekFrom::Start(0)));
        emptied.map_err(|e| failure::of_disk(e, &self.path))?;
        self.hasher = hasher(self.file);
        self.size = 0;
        Ok(())
    }

    fn append(&mut self, bytes: &[u8]) -> Result<()> {
        self.disk.write_all(bytes).map_err(|e| failure::of_disk(e, &self.path))?;
        self.hasher.update(bytes);
        self.size += bytes.len() as u64;
        Ok(())
    }

    fn has_listed_hash(&self) -> bool {
        hex(&self.hasher.clone().finalize()) == self.file.hash.hex()
    }

    fn discard(self) {
        let _ = fs::remove_file(&self.path);
    }

    /// Renames the file after its content is flushed to disk.
    fn rename(self, blob: &PathBuf) -> io::Result<()> {
        self.disk.sync_all()?;
        fs::rename(&self.path, blob)?;
        blob.parent().map_or(Ok(()), sync_folder)
    }
}

impl Download<'_> {
    /// Whether the content exists. Its hash was checked when it was downloaded.
    pub fn is_done(&self) -> bool {
        self.blob.metadata().is_ok_and(|found| found.is_file() && found.len() == self.file.size)
    }

    /// Downloads the content, unless another process did so in the meantime. Errors: the download fails
    /// or does not match its hash, or the cache cannot be written.
    pub fn run(&self, client: &Client, transfer: &mut Transfer) -> Result<()> {
        for folder in self.blob.parent().into_iter().chain([self.locks.as_path()]) {
            fs::create_dir_all(folder).map_err(|e| failure::of_disk(e, folder))?;
        }
        let lock = self.lock()?;
        let before = transfer.done();
        if !self.is_done() {
            let process = match lock {
                Some(_) => String::new(),
                None => format!(".{}", std::process::id()),
            };
            let name = format!("{}{process}{PART}", self.file.hash.hex());
            let part = Part::open(self.blob.with_file_name(name), self.file)?;
            self.complete(part, client, transfer, before)?;
        }
        transfer.at(before + self.file.size);
        Ok(())
    }

    fn place(&self) -> String {
        format!("{} {}", self.id, self.file.name)
    }

    /// Waits until no other process downloads the same file; `None` if files cannot be locked.
    /// Python's huggingface_hub uses the same lock.
    fn lock(&self) -> Result<Option<fs::File>> {
        let path = self.locks.join(format!("{}.lock", self.file.hash.hex()));
        let lock = OpenOptions::new().write(true).create(true).truncate(false).open(&path);
        let lock = lock.map_err(|e| failure::of_disk(e, &path))?;
        let mut said = false;
        loop {
            match lock.try_lock() {
                Ok(()) => return Ok(Some(lock)),
                Err(TryLockError::Error(_)) => return Ok(None),
                Err(TryLockError::WouldBlock) if !said => {
                    let name = &self.file.name;
                    notice::say(&format!("{}: another process downloads {name}; waiting", self.id));
                    said = true;
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
        let mut resumed = part.size > 0;
        loop {
            let downloaded = client.retry(&self.place(), |there| {
                let done = self.request(&mut part, client, |size| transfer.at(before + size));
                *there = part.size;
                done
            });
            if let Err(e) = downloaded {
                if part.size == 0 {
                    part.discard();
                }
                return Err(e);
            }
            if part.has_listed_hash() {
                return part.rename(&self.blob).map_err(|e| failure::of_disk(e, &self.blob));
            }
            if !resumed {
                part.discard();
                let hash = self.file.hash.hex();
                return Err(Error::new(format!(
                    "the content does not have the listed hash {hash}"
                ))
                .at(self.place())
                .hint("it was deleted: the server, or a proxy on the way to it, is broken"));
            }
            // The error may be in the data of an earlier download.
            resumed = false;
            part.restart()?;
        }
    }

    /// One request for the missing bytes.
    fn request(
        &self,
        part: &mut Part,
        client: &Client,
        mut progress: impl FnMut(u64),
    ) -> Attempt<()> {
        let size = self.file.size;
        if part.size == size && size > 0 {
            return Ok(());
        }
        let mut response = client.get(&self.url, part.size)?;
        if part.size > 0
            && matches!(response.status, 206 | 416)
            && response.start(size) != Some(part.size)
        {
            part.restart()?;
            response = client.get(&self.url, 0)?;
        }
        match response.start(size) {
            Some(start) if start == part.size => {}
            // The server does not support ranges.
            Some(0) => part.restart()?,
            _ => return Err(refused(&response, self.id, client)),
        }
        while let Some(bytes) = response.next()? {
            if part.size + bytes.len() as u64 > size {
                part.restart()?;
                return Err(Error::new(format!(
                    "the server sends more than the {size} bytes that are listed"
                ))
                .at(self.place())
                .hint("it was deleted: the server is broken")
                .into());
            }
            part.append(&bytes)?;
            progress(part.size);
        }
        if part.size < size {
            let what = format!("the connection ended after {} of {size} bytes", part.size);
            return Err(AttemptError::Temporary { what, retry_after: None });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hashed(hash: Hash, content: &[u8]) -> String {
        let file = RemoteFile { name: "x".into(), size: content.len() as u64, hash };
        let mut hasher = hasher(&file);
        hasher.update(content);
        hex(&hasher.finalize())
    }

    #[test]
    fn hashes_are_those_of_git_and_lfs() {
        let sha1 = hashed(Hash::GitSha1(String::new()), b"hello\n");
        assert_eq!(sha1, "ce013625030ba8dba906f756967f9e9ca394464a");
        let sha256 = hashed(Hash::Sha256(String::new()), b"hello\n");
        assert_eq!(sha256, "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03");
    }
}
