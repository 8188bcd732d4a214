//! Source texts recorded with a run, named by their SHA-256.

use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::path::PathBuf;

/// A text that decides what a run does: a control file, or a file it requires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    pub path: PathBuf,
    pub sha256: String,
    pub text: String,
}

impl Source {
    pub fn new(path: PathBuf, text: String) -> Source {
        Source { path, sha256: sha256(text.as_bytes()), text }
    }
}

/// The SHA-256 of some bytes: 64 lowercase hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_standard_test_vector() {
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(super::sha256(b"abc"), abc);
    }
}
