//! Removal from the cache: first a list of what would be removed, then, if the user agrees, the removal.

use super::blob::PART;
use super::contents::{CachedRepo, CachedRevision, entries, names, refs, shown};
use super::repo_id::RepoId;
use super::{Hub, USED_LOCK, failure};
use crate::{Error, Result};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The files to be removed.
#[derive(Debug, Default)]
pub struct Removal {
    /// Text for the user: one line per item.
    pub lines: Vec<String>,
    pub bytes: u64,
    /// Ordered so that no remaining file refers to a removed one.
    paths: Vec<PathBuf>,
    /// Folders of locks that must be free.
    locks: Vec<PathBuf>,
}

impl Hub {
    /// All models and datasets in the cache, by name.
    pub fn entries(&self) -> Vec<CachedRepo> {
        entries(self.cache.path())
    }

    /// What would be removed for these ids: an id with a revision selects only that revision, and
    /// the files that no other revision has.
    /// Errors: an id is not in the cache.
    pub fn removal(&self, names: &[RepoId]) -> Result<Removal> {
        let entries = self.entries();
        let mut removal = Removal::default();
        let revised = |name: &&RepoId| name.revision.is_some();
        for name in names.iter().filter(|name| !revised(name)) {
            self.whole(find(&entries, name)?, &mut removal);
        }
        for entry in &entries {
            let of_it = |name: &&RepoId| is_of(entry, name) && revised(name);
            let wanted: Vec<&RepoId> = names.iter().filter(of_it).collect();
            if !wanted.is_empty() && !removal.paths.contains(&entry.folder) {
                self.revisions(entry, &wanted, &mut removal)?;
            }
        }
        for name in names.iter().filter(revised) {
            find(&entries, name)?;
        }
        Ok(removal)
    }

    /// The partial downloads and the files of no revision, of these ids or of all.
    /// Errors: an id is not in the cache.
    pub fn leftovers(&self, names: &[RepoId]) -> Result<Removal> {
        let entries = self.entries();
        for name in names {
            find(&entries, name)?;
        }
        let mut removal = Removal::default();
        let wanted =
            |entry: &&CachedRepo| names.is_empty() || names.iter().any(|name| is_of(entry, name));
        for entry in entries.iter().filter(wanted) {
            let commits: Vec<String> = entry.revisions.iter().map(|r| r.commit.clone()).collect();
            let (blobs, bytes) = unused(entry, &commits, true);
            if !blobs.is_empty() {
                removal.bytes += bytes;
                let what = format!("{}: {} that no revision uses", entry.id, files(blobs.len()));
                removal.lines.push(what);
                removal.paths.extend(blobs);
                removal.locks.push(self.locks(entry));
            }
        }
        Ok(removal)
    }

    /// Removes the listed files. Nothing outside the cache is removed, even through links.
    /// Errors: another process is downloading some of it, a link leads out of the cache, or a file
    /// cannot be removed.
    pub fn remove(&self, removal: &Removal) -> Result<()> {
        let held = removal.locks.iter().map(|folder| hold(folder)).collect::<Result<Vec<_>>>()?;
        let cache = self.cache.path().canonicalize()?;
        for path in &removal.paths {
            remove(path, &cache)?;
        }
        drop(held);
        Ok(())
    }

    fn locks(&self, entry: &CachedRepo) -> PathBuf {
        let folder = entry.folder.file_name().unwrap_or_default();
        self.cache.path().join(".locks").join(folder)
    }

    fn whole(&self, entry: &CachedRepo, removal: &mut Removal) {
        if removal.paths.contains(&entry.folder) {
            return;
        }
        let count = files(entry.files + entry.parts);
        removal.lines.push(format!("{} {}: all, {count}", entry.id.kind, entry.id));
        removal.bytes += entry.size + entry.parts_size;
        removal.paths.extend([entry.folder.join("refs"), entry.folder.join("snapshots")]);
        removal.paths.extend([entry.folder.clone(), self.locks(entry)]);
        removal.locks.push(self.locks(entry));
    }

    fn revisions(
        &self,
        entry: &CachedRepo,
        wanted: &[&RepoId],
        removal: &mut Removal,
    ) -> Result<()> {
        let mut going: Vec<&CachedRevision> = Vec::new();
        for name in wanted {
            let revision = name.revision();
            let is_it = |r: &&CachedRevision| {
                r.refs.iter().any(|name| name == revision)
                    || (revision.len() >= 7 && r.commit.starts_with(revision))
            };
            let found = entry.revisions.iter().find(is_it).ok_or_else(|| {
                let refs = entry.revisions.iter().flat_map(|r| r.refs.iter().map(String::as_str));
                let commits = entry.revisions.iter().map(|r| &r.commit[..7]);
                Error::unknown("revision", revision, refs.chain(commits)).at(&entry.id)
            })?;
            if !going.contains(&found) {
                going.push(found);
            }
        }
        let stays = |r: &&CachedRevision| !going.contains(r);
        let left: Vec<String> =
            entry.revisions.iter().filter(stays).map(|r| r.commit.clone()).collect();
        if left.is_empty() {
            self.whole(entry, removal);
            return Ok(());
        }
        let (blobs, bytes) = unused(entry, &left, false);
        for revision in &going {
            let named = [vec![revision.commit[..7].to_string()], revision.refs.clone()].concat();
            removal.lines.push(format!(
                "{} {}: revision {}",
                entry.id.kind,
                entry.id,
                named.join(", ")
            ));
        }
        let gone = |commit: &String| going.iter().any(|r| r.commit == *commit);
        let gone_refs = refs(&entry.folder).into_iter().filter(|(_, commit)| gone(commit));
        removal.paths.extend(gone_refs.map(|(name, _)| entry.folder.join("refs").join(name)));
        let snapshots = entry.folder.join("snapshots");
        removal.paths.extend(going.iter().map(|r| snapshots.join(&r.commit)));
        removal.paths.extend(blobs);
        removal.bytes += bytes;
        removal.locks.push(self.locks(entry));
        Ok(())
    }
}

fn files(count: usize) -> String {
    if count == 1 { "1 file".to_string() } else { format!("{count} files") }
}

fn is_of(entry: &CachedRepo, asked: &RepoId) -> bool {
    let same = |id: &RepoId| entry.id.kind == id.kind && entry.id.name == id.name;
    same(asked) || asked.legacy().as_ref().is_some_and(same)
}

fn find<'a>(entries: &'a [CachedRepo], id: &RepoId) -> Result<&'a CachedRepo> {
    entries.iter().find(|entry| is_of(entry, id)).ok_or_else(|| {
        let known: Vec<String> = entries.iter().map(|entry| entry.id.to_string()).collect();
        let asked = RepoId { revision: None, ..id.clone() }.to_string();
        match known.is_empty() {
            true => Error::new(format!("{asked} is not in the cache: it is empty")),
            false => Error::unknown("entry", &asked, known.iter().map(String::as_str)),
        }
    })
}

/// The blobs that none of these commits uses, and their bytes; partial files only if `parts`.
fn unused(entry: &CachedRepo, commits: &[String], parts: bool) -> (Vec<PathBuf>, u64) {
    let linked = commits.iter().flat_map(|commit| shown(&entry.folder, commit));
    let used: BTreeSet<String> = linked
        .filter_map(|path| Some(fs::read_link(path).ok()?.file_name()?.to_str()?.to_string()))
        .collect();
    let folder = entry.folder.join("blobs");
    let goes = |name: &String| match name.ends_with(PART) {
        true => parts,
        false => !used.contains(name),
    };
    let paths: Vec<PathBuf> =
        names(&folder).into_iter().filter(goes).map(|name| folder.join(name)).collect();
    let bytes = paths.iter().filter_map(|path| Some(path.symlink_metadata().ok()?.len())).sum();
    (paths, bytes)
}

/// Takes all locks of a folder, so that no download writes to removed files.
fn hold(folder: &Path) -> Result<Vec<fs::File>> {
    let mut held = Vec::new();
    for name in names(folder) {
        let Ok(lock) = fs::OpenOptions::new().write(true).open(folder.join(&name)) else {
            continue;
        };
        if let Err(fs::TryLockError::WouldBlock) = lock.try_lock() {
            let what = match name == USED_LOCK {
                true => "a running process uses it",
                false => "another process is downloading it",
            };
            return Err(Error::new(what).at(folder
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .replace("--", "/")));
        }
        held.push(lock);
    }
    Ok(held)
}

fn remove(path: &Path, cache: &Path) -> Result<()> {
    let Ok(found) = path.symlink_metadata() else { return Ok(()) };
    let parent = path.parent().and_then(|parent| parent.canonicalize().ok());
    if !parent.is_some_and(|parent| parent.starts_with(cache)) {
        return Err(Error::new("it lies outside the cache: a link leads there")
            .at(path.display())
            .hint("remove it by hand"));
    }
    let gone = if found.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    gone.map_err(|e| failure::of_disk(e, path))
}
