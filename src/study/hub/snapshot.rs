//! The part of the cache that people see: `snapshots/COMMIT/FILE`, linked to blobs, and
//! `refs/REVISION`. The layout is that of Python's huggingface_hub.

use super::failure;
use super::listing::File;
use super::name::{Name, is_commit};
use crate::Result;
use compt_core::files::atomic;
use hf_hub::Cache;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A revision of a model or dataset on the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    pub folder: PathBuf,
    pub commit: String,
}

/// A model's or dataset's folder in the cache.
pub struct Place {
    pub folder: PathBuf,
    pub locks: PathBuf,
}

impl Place {
    pub fn new(cache: &Cache, name: &Name) -> Place {
        let folder = name.repo(name.revision()).folder_name();
        // Programs that ask for a T5 by its old name find it under that.
        let old = name.old_id().map(|id| format!("models--{id}"));
        let folder = match old {
            Some(old)
                if cache.path().join(&old).is_dir() && !cache.path().join(&folder).is_dir() =>
            {
                old
            }
            _ => folder,
        };
        let locks = cache.path().join(".locks").join(&folder);
        Place { folder: cache.path().join(folder), locks }
    }

    pub fn blobs(&self) -> PathBuf {
        self.folder.join("blobs")
    }

    pub fn snapshot(&self, commit: &str) -> PathBuf {
        self.folder.join("snapshots").join(commit)
    }

    /// The snapshot of a revision, if the cache knows it.
    pub fn find(&self, revision: &str) -> Option<Snapshot> {
        let known = fs::read_to_string(self.folder.join("refs").join(revision)).ok();
        let commit = known.unwrap_or_else(|| revision.to_string()).trim().to_string();
        let folder = self.snapshot(&commit);
        (is_commit(&commit) && folder.is_dir()).then_some(Snapshot { folder, commit })
    }

    /// Puts a file whose blob is there into a snapshot.
    pub fn show(&self, commit: &str, file: &File) -> Result<()> {
        let path = self.snapshot(commit).join(&file.name);
        let depth = file.name.split('/').count() + 1;
        let target = Path::new(&"../".repeat(depth)).join("blobs").join(file.hash.hex());
        if fs::read_link(&path).is_ok_and(|old| old == target) {
            return Ok(());
        }
        let blob = self.blobs().join(file.hash.hex());
        put(&path, &target, &blob).map_err(|e| failure::of_disk(e, &path))
    }

    /// Says which commit a revision is; a commit needs no saying.
    pub fn note(&self, revision: &str, commit: &str) -> Result<()> {
        if is_commit(revision) {
            return Ok(());
        }
        let path = self.folder.join("refs").join(revision);
        if fs::read_to_string(&path).is_ok_and(|old| old.trim() == commit) {
            return Ok(());
        }
        let folder = path.parent().unwrap_or(&self.folder);
        fs::create_dir_all(folder).map_err(|e| failure::of_disk(e, folder))?;
        atomic::write_atomic(&path, commit.as_bytes())
    }
}

/// A link, or a copy where there are none, that takes its place in one step.
fn put(path: &Path, target: &Path, blob: &Path) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let beside = tempfile::Builder::new().prefix(".tmp-compt-").tempdir_in(folder)?;
    let new = beside.path().join("file");
    if link(target, &new).is_err() {
        fs::copy(blob, &new)?;
    }
    fs::rename(&new, path)
}

#[cfg(unix)]
fn link(target: &Path, path: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, path)
}

#[cfg(not(unix))]
fn link(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
