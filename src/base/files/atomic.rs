//! Atomic writing of files.

use crate::Result;
use compt_error::Context;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// The prefix of temporary files, which a killed program may leave.
pub(super) const TEMPORARY: &str = ".tmp-compt-";

/// Writes a file so that at any time it has the old content or the new: a temporary file
/// in its folder, flushed to disk, then renamed.
/// Errors: the file cannot be written; it is named, and keeps its old content.
pub fn write_atomic(path: &Path, content: &[u8]) -> Result<()> {
    let write = || -> io::Result<()> {
        let folder = parent(path);
        fault(Step::Create)?;
        let mut file = tempfile::Builder::new().prefix(TEMPORARY).tempfile_in(folder)?;
        if let Err(e) = fault(Step::Write) {
            file.write_all(&content[..content.len() / 2])?;
            return Err(e);
        }
        file.write_all(content)?;
        fault(Step::Sync)?;
        file.as_file().sync_all()?;
        fault(Step::Mode)?;
        set_usual_mode(file.path())?;
        fault(Step::Rename)?;
        file.persist(path)?;
        fault(Step::SyncFolder)?;
        sync_folder(folder)
    };
    write().at(path.display())
}

/// Flushes the entries of a folder to disk.
/// Errors: the folder cannot be opened or flushed.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Removes temporary files of killed programs from a folder that only this program uses.
pub fn remove_temporary(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(TEMPORARY) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// The operations of a write, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Create,
    Write,
    Sync,
    Mode,
    Rename,
    SyncFolder,
}

/// An error of the operation, if a test requests one.
fn fault(step: Step) -> io::Result<()> {
    faults::raise(step)
}

/// Errors that tests inject instead of the system's.
#[doc(hidden)]
pub mod faults {
    use super::Step;
    use std::cell::Cell;
    use std::io;

    pub const STEPS: [Step; 6] =
        [Step::Create, Step::Write, Step::Sync, Step::Mode, Step::Rename, Step::SyncFolder];

    thread_local!(static WANTED: Cell<Option<(Step, i32)>> = const { Cell::new(None) });

    /// Makes this thread's operation of that kind fail with this errno.
    pub fn want(fault: Option<(Step, i32)>) {
        WANTED.set(fault);
    }

    pub(super) fn raise(step: Step) -> io::Result<()> {
        match WANTED.get() {
            Some((wanted, errno)) if wanted == step => Err(io::Error::from_raw_os_error(errno)),
            _ => Ok(()),
        }
    }
}

/// The parent folder of a path; `.` for a bare name.
fn parent(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Temporary files are private to their owner; a record has the default permissions.
#[cfg(unix)]
fn set_usual_mode(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn set_usual_mode(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_replaces_the_whole_file_and_leaves_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("result.json");
        write_atomic(&path, b"old, and longer").unwrap();
        write_atomic(&path, b"new").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
