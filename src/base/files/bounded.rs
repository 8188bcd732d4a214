//! Files that are read as a whole, within bounds.

use crate::memory;
use crate::{Error, Result};
use compt_error::Context;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The maximum size of a JSON file of a model or of a run.
pub const JSON: u64 = 64 << 20;

/// The maximum size of the file of a vocabulary: that of umT5, with 256,000 tokens, is 17 MB.
pub const VOCABULARY: u64 = 128 << 20;

/// The bytes of a regular file. A device and a named pipe are refused: they may not end, and opening a
/// pipe waits for its writer.
///
/// # Errors
/// The file cannot be read, is no regular file, is longer than `most` bytes, or does not fit in memory; it is named.
pub fn read(path: &Path, most: u64) -> Result<Vec<u8>> {
    content(path, most).at(path.display())
}

fn content(path: &Path, most: u64) -> Result<Vec<u8>> {
    // Opening a pipe does not wait with this flag; regular files ignore it.
    let file = File::options().read(true).custom_flags(libc::O_NONBLOCK).open(path)?;
    let found = file.metadata()?;
    if found.is_dir() {
        return Err(Error::new("this is a folder, not a file"));
    }
    if !found.is_file() {
        return Err(Error::new("this is not a regular file").hint("copy what it gives into a file"));
    }
    if found.len() > most {
        return Err(too_long(found.len(), most));
    }
    memory::check(found.len())?;
    let mut bytes = Vec::with_capacity(found.len() as usize + 1);
    // It may grow while it is read.
    file.take(most + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > most {
        true => Err(too_long(bytes.len() as u64, most)),
        false => Ok(bytes),
    }
}

fn too_long(length: u64, most: u64) -> Error {
    Error::new(format!("{length} bytes, and at most {} MiB are read of such a file", most >> 20))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::CString;

    #[test]
    fn only_regular_files_within_the_bound_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let error = |path: &Path| read(path, 4 << 20).unwrap_err().to_string();
        std::fs::write(at("file"), "content").unwrap();
        assert_eq!(read(&at("file"), 7).unwrap(), b"content");
        assert!(
            read(&at("file"), 6).unwrap_err().to_string().contains("file: 7 bytes, and at most")
        );
        assert!(error(folder.path()).contains("this is a folder"));
        assert!(error(&at("missing")).contains("missing: No such file"));
        assert!(error(Path::new("/dev/zero")).contains("/dev/zero: this is not a regular file"));
        std::os::unix::fs::symlink("/dev/zero", at("link")).unwrap();
        assert!(error(&at("link")).contains("link: this is not a regular file"));
        let pipe = CString::new(at("pipe").to_str().unwrap()).unwrap();
        // SAFETY: a valid C string.
        assert_eq!(unsafe { libc::mkfifo(pipe.as_ptr(), 0o600) }, 0);
        assert!(error(&at("pipe")).contains("pipe: this is not a regular file"));
        File::create(at("sparse")).unwrap().set_len(1 << 40).unwrap();
        assert!(error(&at("sparse")).contains("at most 4 MiB are read"));
        let text = read(&at("sparse"), u64::MAX - 1).unwrap_err().to_string();
        assert!(text.contains("sparse: out of memory: 1024.00 GiB are needed beside"), "{text}");
    }
}
