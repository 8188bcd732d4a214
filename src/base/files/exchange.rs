//! Replacing a folder as a whole.

use super::atomic::{TEMPORARY, sync_folder, write_atomic};
use crate::Result;
use compt_error::Context;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The suffix of the old folder's name while the new one takes its place, where both cannot be exchanged
/// in one operation.
const OLD: &str = ".compt-old";

/// Writes files into a folder so that at any time it has all old files or all new ones: a new folder is
/// written beside it, flushed to disk, and exchanged with it. Other files of the folder are kept, except
/// those in `stale`.
/// Errors: the folder cannot be written; it is named, and keeps its old content.
pub fn write_folder(folder: &Path, files: &[(&str, &[u8])], stale: &[&str]) -> Result<()> {
    recover(folder).at(folder.display())?;
    let whole = match folder.canonicalize() {
        Ok(whole) => whole,
        Err(_) => std::path::absolute(folder).at(folder.display())?,
    };
    let replaced = match (whole.parent(), whole.file_name()) {
        // Who works in the folder keeps it.
        (Some(parent), Some(_)) if std::env::current_dir().ok().as_ref() != Some(&whole) => {
            fs::create_dir_all(parent).at(parent.display())?;
            replace(&whole, parent, files, stale)
        }
        _ => Ok(false),
    };
    match replaced? {
        true => Ok(()),
        false => in_place(&whole, files, stale),
    }
}

/// Restores a folder whose replacement was interrupted between two renames. Returns whether it did.
/// Errors: it cannot be renamed.
pub fn recover(folder: &Path) -> io::Result<bool> {
    let old = old(folder);
    if folder.symlink_metadata().is_ok() || !old.is_dir() {
        return Ok(false);
    }
    fs::rename(&old, folder).map(|()| true)
}

fn old(folder: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(folder.file_name().unwrap_or_default());
    name.push(OLD);
    folder.with_file_name(name)
}

/// Returns false if the folder cannot be replaced: it is a mount point, or the folder above it cannot be
/// written.
fn replace(folder: &Path, parent: &Path, files: &[(&str, &[u8])], stale: &[&str]) -> Result<bool> {
    let is_there = folder.is_dir();
    let mut builder = tempfile::Builder::new();
    let builder = builder.prefix(TEMPORARY).permissions(fs::Permissions::from_mode(0o777));
    let made = match builder.tempdir_in(parent) {
        Err(e) if is_there && is_denied(&e) => return Ok(false),
        made => made.at(parent.display())?,
    };
    let new = made.path();
    if is_there {
        let mode = fs::metadata(folder).at(folder.display())?.permissions();
        fs::set_permissions(new, mode).at(new.display())?;
        let is_kept = |name: &OsString| {
            let replaced = files.iter().map(|(name, _)| name).chain(stale);
            !replaced.into_iter().any(|replaced| name == replaced)
        };
        keep(folder, new, &is_kept).at(folder.display())?;
    }
    for (name, content) in files {
        write_atomic(&new.join(name), content)?;
    }
    sync_folder(new).at(new.display())?;
    match exchange(new, folder, is_there) {
        Err(e) if is_there && is_denied(&e) => return Ok(false),
        done => done.at(folder.display())?,
    }
    // The temporary name is that of the old folder now, which is removed.
    sync_folder(parent).at(parent.display())?;
    Ok(true)
}

fn is_denied(e: &io::Error) -> bool {
    let codes = [libc::EACCES, libc::EPERM, libc::EROFS, libc::EBUSY, libc::EXDEV];
    e.raw_os_error().is_some_and(|code| codes.contains(&code))
}

/// Gives the new folder the other files of the old one: files as further links, if the file system has
/// them, else as copies.
fn keep(old: &Path, new: &Path, is_kept: &dyn Fn(&OsString) -> bool) -> io::Result<()> {
    for entry in fs::read_dir(old)? {
        let entry = entry?;
        let (from, to, kind) = (entry.path(), new.join(entry.file_name()), entry.file_type()?);
        if !is_kept(&entry.file_name()) {
            continue;
        }
        if kind.is_dir() {
            fs::create_dir(&to)?;
            fs::set_permissions(&to, entry.metadata()?.permissions())?;
            keep(&from, &to, &|_| true)?;
        } else if kind.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(&from)?, &to)?;
        } else if fs::hard_link(&from, &to).is_err() {
            fs::copy(&from, &to)?;
        }
    }
    Ok(())
}

/// Gives the new folder the name of the old one, and the other way round.
fn exchange(new: &Path, folder: &Path, is_there: bool) -> io::Result<()> {
    if !is_there {
        return fs::rename(new, folder);
    }
    match exchange_names(new, folder) {
        Err(e) if matches!(e.raw_os_error(), Some(libc::EINVAL | libc::ENOSYS)) => {
            let old = old(folder);
            let _ = fs::remove_dir_all(&old);
            fs::rename(folder, &old)?;
            fs::rename(new, folder).inspect_err(|_| drop(fs::rename(&old, folder)))?;
            fs::rename(&old, new)
        }
        done => done,
    }
}

/// Exchanges two names in one operation of the file system.
#[cfg(target_os = "linux")]
fn exchange_names(a: &Path, b: &Path) -> io::Result<()> {
    use std::ffi::CString;
    use std::os::unix::ffi::OsStrExt;
    faults::raise()?;
    let text = |path: &Path| CString::new(path.as_os_str().as_bytes()).map_err(io::Error::from);
    let (a, b) = (text(a)?, text(b)?);
    let here = libc::AT_FDCWD;
    // SAFETY: valid paths that end in a zero.
    let done = unsafe {
        let flags = libc::RENAME_EXCHANGE;
        libc::syscall(libc::SYS_renameat2, here, a.as_ptr(), here, b.as_ptr(), flags)
    };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(not(target_os = "linux"))]
fn exchange_names(_: &Path, _: &Path) -> io::Result<()> {
    faults::raise()?;
    Err(io::Error::from_raw_os_error(libc::ENOSYS))
}

/// Writes into the folder itself. An interruption leaves it without the last file, never with files of
/// both versions.
fn in_place(folder: &Path, files: &[(&str, &[u8])], stale: &[&str]) -> Result<()> {
    let Some(((last, content), others)) = files.split_last() else { return Ok(()) };
    let gone = others.iter().map(|(name, _)| name).chain(stale);
    for name in [last].into_iter().chain(gone) {
        super::json::remove_if_there(&folder.join(name))?;
    }
    sync_folder(folder).at(folder.display())?;
    others.iter().try_for_each(|(name, content)| write_atomic(&folder.join(name), content))?;
    write_atomic(&folder.join(last), content)
}

/// An error that tests inject instead of the system's.
#[doc(hidden)]
pub mod faults {
    use std::cell::Cell;
    use std::io;

    thread_local!(static WANTED: Cell<Option<i32>> = const { Cell::new(None) });

    /// Makes this thread's exchanges of names fail with this errno.
    pub fn want(errno: Option<i32>) {
        WANTED.set(errno);
    }

    pub(super) fn raise() -> io::Result<()> {
        WANTED.get().map_or(Ok(()), |errno| Err(io::Error::from_raw_os_error(errno)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEW: [(&str, &[u8]); 2] = [("weights", b"new"), ("config", b"new")];

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap().flatten();
        let mut names: Vec<String> =
            entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn filled(parent: &Path) -> PathBuf {
        let folder = parent.join("adapter");
        fs::create_dir_all(folder.join("below")).unwrap();
        for name in ["weights", "config", "weights.old", "README", "below/file"] {
            fs::write(folder.join(name), "old").unwrap();
        }
        folder
    }

    fn check(folder: &Path) {
        assert_eq!(names(folder), ["README", "below", "config", "weights"]);
        let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
        let texts = ["README", "below/file", "config", "weights"].map(read);
        assert_eq!(texts, ["old", "old", "new", "new"]);
    }

    #[test]
    fn a_folder_is_replaced_and_nothing_stays_beside_it() {
        for errno in [None, Some(libc::EINVAL), Some(libc::EBUSY)] {
            let parent = tempfile::tempdir().unwrap();
            let folder = filled(parent.path());
            faults::want(errno);
            write_folder(&folder, &NEW, &["weights.old"]).unwrap();
            faults::want(None);
            check(&folder);
            assert_eq!(names(parent.path()), ["adapter"], "{errno:?}");
        }
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("a/b");
        write_folder(&folder, &NEW, &[]).unwrap();
        assert_eq!(
            (names(&folder), names(&parent.path().join("a"))),
            (vec!["config".into(), "weights".into()], vec!["b".to_string()])
        );
    }

    #[test]
    fn a_link_to_a_folder_stays_one() {
        let parent = tempfile::tempdir().unwrap();
        let folder = filled(parent.path());
        let link = parent.path().join("link");
        std::os::unix::fs::symlink("adapter", &link).unwrap();
        write_folder(&link, &NEW, &["weights.old"]).unwrap();
        assert!(link.is_symlink());
        check(&folder);
    }

    #[test]
    fn an_interrupted_replacement_is_undone() {
        let parent = tempfile::tempdir().unwrap();
        let folder = filled(parent.path());
        assert!(!recover(&folder).unwrap());
        fs::rename(&folder, old(&folder)).unwrap();
        assert!(recover(&folder).unwrap());
        assert_eq!(fs::read_to_string(folder.join("config")).unwrap(), "old");
        fs::rename(&folder, old(&folder)).unwrap();
        write_folder(&folder, &NEW, &["weights.old"]).unwrap();
        check(&folder);
    }
}
