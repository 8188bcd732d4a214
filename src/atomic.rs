//! Files that are whole or absent.

use crate::Result;
use crate::error::Context;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// Writes a file so that at any moment it holds the old content or the new: a temporary file
/// beside it, flushed to the disk, then renamed.
pub fn write_atomic(path: &Path, content: &[u8]) -> Result<()> {
    let write = || -> io::Result<()> {
        let folder = parent(path);
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(content)?;
        file.as_file().sync_all()?;
        set_usual_mode(file.path())?;
        file.persist(path)?;
        File::open(folder)?.sync_all()
    };
    write().at(path.display())
}

/// The folder a path lies in; `.` for a bare name.
fn parent(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Temporary files are made for their owner alone; a record is for all who may enter its folder.
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
