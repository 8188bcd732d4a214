//! The contents of the cache.

use super::blob::PART;
use super::repo_id::{RepoId, is_commit};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// A model or dataset in the cache.
#[derive(Debug, Clone)]
pub struct CachedRepo {
    pub id: RepoId,
    pub folder: PathBuf,
    pub revisions: Vec<CachedRevision>,
    /// Complete files, and their bytes on disk.
    pub files: usize,
    pub size: u64,
    /// Partial files of interrupted downloads, and their bytes.
    pub parts: usize,
    pub parts_size: u64,
    /// When a file was last read, if the file system records it, or written.
    pub used: Option<SystemTime>,
}

/// A commit in the cache, and its branches and tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CachedRevision {
    pub commit: String,
    pub refs: Vec<String>,
}

/// All entries of a cache folder, by name.
pub fn entries(cache: &Path) -> Vec<CachedRepo> {
    let mut entries: Vec<CachedRepo> = names(cache)
        .into_iter()
        .filter_map(|folder| Some((RepoId::of_folder(&folder)?, cache.join(folder))))
        .filter(|(_, folder)| folder.is_dir())
        .map(|(id, folder)| entry(id, folder))
        .collect();
    entries.sort_by_key(|entry| entry.id.to_string());
    entries
}

fn entry(id: RepoId, folder: PathBuf) -> CachedRepo {
    let revisions = revisions(&folder);
    let mut entry = CachedRepo {
        id,
        revisions,
        files: 0,
        size: 0,
        parts: 0,
        parts_size: 0,
        used: None,
        folder,
    };
    let blobs = below(&entry.folder.join("blobs"));
    // Files that were copied because links are not supported.
    let copies = below(&entry.folder.join("snapshots"));
    for path in blobs.iter().chain(&copies) {
        let Ok(found) = path.symlink_metadata() else { continue };
        if found.is_symlink() {
            continue;
        }
        let used = found.accessed().ok().max(found.modified().ok());
        if path.to_string_lossy().ends_with(PART) {
            entry.parts += 1;
            entry.parts_size += found.len();
        } else {
            entry.files += 1;
            entry.size += found.len();
            entry.used = entry.used.max(used);
        }
    }
    entry
}

/// The commits of a folder of the cache.
pub fn revisions(folder: &Path) -> Vec<CachedRevision> {
    let mut commits: BTreeMap<String, Vec<String>> = names(&folder.join("snapshots"))
        .into_iter()
        .filter(|name| is_commit(name))
        .map(|commit| (commit, Vec::new()))
        .collect();
    for (name, commit) in refs(folder) {
        commits.entry(commit).or_default().push(name);
    }
    commits.into_iter().map(|(commit, refs)| CachedRevision { commit, refs }).collect()
}

/// Branches and tags, and their commits.
pub fn refs(folder: &Path) -> Vec<(String, String)> {
    let base = folder.join("refs");
    let read = |path: PathBuf| {
        let name = path.strip_prefix(&base).ok()?.to_str()?.to_string();
        let commit = fs::read_to_string(&path).ok()?.trim().to_string();
        (is_commit(&commit) && !name.contains(".tmp-")).then_some((name, commit))
    };
    below(&base).into_iter().filter_map(read).collect()
}

/// The files of the snapshot of a commit.
pub fn shown(folder: &Path, commit: &str) -> Vec<PathBuf> {
    below(&folder.join("snapshots").join(commit))
}

/// The names in a folder, sorted; empty if there is no folder.
pub fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> =
        entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names
}

/// All files and links below a folder; links to folders are not entered.
fn below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for name in names(folder) {
        let path = folder.join(name);
        match path.symlink_metadata() {
            Ok(there) if there.is_dir() => found.extend(below(&path)),
            Ok(_) => found.push(path),
            Err(_) => {}
        }
    }
    found
}
