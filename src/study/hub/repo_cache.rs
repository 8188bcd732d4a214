//! A model or dataset in the cache, in hf-hub's layout (that of Python's huggingface_hub):
//! `blobs/HASH`, `snapshots/COMMIT/FILE` as links to them, and `refs/REVISION`.

use super::failure;
use super::listing::RemoteFile;
use super::repo_id::{RepoId, is_commit};
use crate::Result;
use hf_hub::{Cache, CacheRepo};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A revision of a model or dataset on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    pub folder: PathBuf,
    pub commit: String,
}

pub struct RepoCache {
    repo: CacheRepo,
    refs: PathBuf,
    pub locks: PathBuf,
}

impl RepoCache {
    pub fn new(cache: &Cache, id: &RepoId) -> RepoCache {
        let is_cached = |id: &RepoId| cache.path().join(id.repo().folder_name()).is_dir();
        // A T5 that was downloaded by its old name is cached under that name.
        let repo = match id.legacy() {
            Some(old) if is_cached(&old) && !is_cached(id) => old.repo(),
            _ => id.repo(),
        };
        let folder = repo.folder_name();
        let refs = cache.path().join(&folder).join("refs");
        let locks = cache.path().join(".locks").join(&folder);
        RepoCache { repo: cache.repo(repo), refs, locks }
    }

    pub fn blob(&self, file: &RemoteFile) -> PathBuf {
        self.repo.blob_path(file.hash.hex())
    }

    pub fn snapshot(&self, commit: &str) -> PathBuf {
        self.repo.pointer_path(commit)
    }

    /// The snapshot of a revision, if it is cached.
    pub fn find(&self, revision: &str) -> Option<Snapshot> {
        let known = fs::read_to_string(self.refs.join(revision)).ok();
        let commit = known.as_deref().unwrap_or(revision).trim();
        let folder = self.snapshot(commit);
        let found = is_commit(commit) && folder.is_dir();
        found.then(|| Snapshot { folder, commit: commit.to_string() })
    }

    /// Adds a file whose blob exists to a snapshot. Errors: the cache cannot be written.
    pub fn link(&self, commit: &str, file: &RemoteFile) -> Result<()> {
        let path = self.snapshot(commit).join(&file.name);
        let depth = file.name.split('/').count() + 1;
        let target = Path::new(&"../".repeat(depth)).join("blobs").join(file.hash.hex());
        if fs::read_link(&path).is_ok_and(|old| old == target) {
            return Ok(());
        }
        put(&path, &target, &self.blob(file)).map_err(|e| failure::of_disk(e, &path))
    }

    /// Records the commit of a branch or tag. Errors: the cache cannot be written.
    pub fn set_ref(&self, revision: &str, commit: &str) -> Result<()> {
        let path = self.refs.join(revision);
        let is_set = fs::read_to_string(&path).is_ok_and(|old| old.trim() == commit);
        if is_commit(revision) || is_set {
            return Ok(());
        }
        self.repo.create_ref(commit).map_err(|e| failure::of_disk(e, &path))
    }
}

/// Creates a link, or a copy if links are not supported, atomically.
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
