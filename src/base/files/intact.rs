//! Detects placeholders of a file: a missing file, a broken link, a folder, an empty file, a Git LFS
//! pointer.

use crate::{Error, Result};
use std::path::Path;

/// The placeholders of large files in a repository that was cloned without them.
const POINTERS: [(&[u8], &str); 2] =
    [(b"version https://git-lfs.github.com/spec/", "git-lfs"), (b"# xet version ", "git-xet")];

/// Whether a file with this name exists. A broken link and a folder are errors.
pub fn is_there(path: &Path) -> Result<bool> {
    let Ok(link) = path.symlink_metadata() else { return Ok(false) };
    match path.metadata() {
        Ok(found) if found.is_file() => Ok(true),
        Ok(found) if found.is_dir() => {
            Err(Error::new("this is a folder, not a file").at(path.display()))
        }
        Ok(_) => Err(Error::new("this is not a regular file").at(path.display())),
        Err(_) if link.is_symlink() => {
            let target = std::fs::read_link(path).unwrap_or_default();
            Err(Error::new(format!("a link to '{}', which does not exist", target.display()))
                .at(path.display())
                .hint("download or copy the file again; `cp -L` copies the targets of links"))
        }
        Err(e) => Err(Error::from(e).at(path.display())),
    }
}

/// Whether a file or folder with this name exists. A broken link is an error.
pub fn exists(path: &Path) -> Result<bool> {
    match path.exists() {
        true => Ok(true),
        false => is_there(path),
    }
}

/// The text of a JSON file, without a byte order mark.
/// Errors: an empty file, or a pointer to a large file.
pub fn json(bytes: &[u8]) -> Result<&[u8]> {
    check(bytes)?;
    Ok(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes))
}

/// Refuses the bytes of a placeholder.
/// Errors: an empty file, or a pointer to a large file.
pub fn check(bytes: &[u8]) -> Result<()> {
    if bytes.is_empty() {
        return Err(Error::new("the file is empty").hint("download or copy it again"));
    }
    check_start(bytes)
}

/// Checks the first bytes of a file that may be empty.
pub fn check_start(bytes: &[u8]) -> Result<()> {
    match POINTERS.iter().find(|(start, _)| bytes.starts_with(start)) {
        Some((_, tool)) => Err(Error::new(format!("a pointer of {tool}, not the file itself"))
            .hint(
                "the repository was cloned without its large files: `git lfs pull` in its folder, \
                   or `compt fetch ORG/NAME`",
            )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_place_of_a_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("file"), "x").unwrap();
        std::fs::create_dir(at("folder")).unwrap();
        std::os::unix::fs::symlink("nowhere", at("dangling")).unwrap();
        std::os::unix::fs::symlink("file", at("link")).unwrap();
        assert_eq!(is_there(&at("file")), Ok(true));
        assert_eq!(is_there(&at("link")), Ok(true));
        assert_eq!(is_there(&at("missing")), Ok(false));
        let text = is_there(&at("dangling")).unwrap_err().to_string();
        assert!(text.contains("dangling: a link to 'nowhere', which does not exist"), "{text}");
        let text = is_there(&at("folder")).unwrap_err().to_string();
        assert!(text.contains("folder: this is a folder"), "{text}");
        assert_eq!((exists(&at("folder")), exists(&at("missing"))), (Ok(true), Ok(false)));
        assert!(exists(&at("dangling")).is_err());
    }

    #[test]
    fn pointers_and_empty_files_are_no_content() {
        let text = check(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n");
        assert!(text.unwrap_err().to_string().contains("a pointer of git-lfs"));
        assert!(check(b"# xet version 0\nfilesize = 3\n").unwrap_err().to_string().contains("xet"));
        assert!(check(b"").unwrap_err().to_string().contains("empty"));
        assert_eq!(check(b"version = 1"), Ok(()));
        assert_eq!(json(b"\xef\xbb\xbf{}"), Ok(&b"{}"[..]));
    }
}
