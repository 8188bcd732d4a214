//! Source files recorded with a run, named by their SHA-256.

use crate::stop;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// A source that determines a run: a control file, or a file it requires.
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

/// The SHA-256 of bytes: 64 lowercase hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Lowercase hexadecimal digits, two per byte.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The size and number of the pieces of a large file that its fingerprint reads.
const PIECE: u64 = 1 << 20;
const PIECES: u64 = 64;

/// The SHA-256 of files: of the names, the lengths and the contents; for a file of weights
/// above 64 MiB, of 64 evenly spaced pieces of 1 MiB, including the first and the last.
/// Errors: a file cannot be read; it is named.
pub fn fingerprint(paths: &[PathBuf]) -> io::Result<String> {
    fingerprint_seen(paths, &mut |_| stop::check_io())
}

/// The same; `seen` is called with the number of bytes after each piece, and its error is returned.
pub fn fingerprint_seen(
    paths: &[PathBuf],
    seen: &mut dyn FnMut(u64) -> io::Result<()>,
) -> io::Result<String> {
    let mut hash = Sha256::new();
    for path in paths {
        seen(0)?;
        let named = |e: io::Error| io::Error::new(e.kind(), format!("{}: {e}", path.display()));
        let mut file = File::open(path).map_err(named)?;
        let length = file.metadata()?.len();
        hash.update(path.file_name().unwrap_or_default().as_encoded_bytes());
        hash.update(length.to_le_bytes());
        let mut piece = vec![0; PIECE as usize];
        let is_sampled = length > PIECE * PIECES && is_weights(path);
        let pieces = if is_sampled { PIECES } else { length.div_ceil(PIECE) };
        for i in 0..pieces {
            let at = match is_sampled {
                true => (length - PIECE) * i / (PIECES - 1),
                false => PIECE * i,
            };
            if at >= length {
                break;
            }
            let size = PIECE.min(length - at) as usize;
            file.seek(SeekFrom::Start(at))?;
            file.read_exact(&mut piece[..size]).map_err(named)?;
            hash.update(&piece[..size]);
            seen(size as u64)?;
        }
    }
    Ok(hex(&hash.finalize()))
}

/// Weight files, which are written as a whole, so that the pieces identify them.
fn is_weights(path: &Path) -> bool {
    let ending = path.extension().unwrap_or_default().to_string_lossy();
    ["safetensors", "bin", "h5", "msgpack"].contains(&&*ending)
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_fingerprint_tells_files_apart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let of = |content: &[u8]| {
            std::fs::write(&path, content).unwrap();
            super::fingerprint(std::slice::from_ref(&path)).unwrap()
        };
        assert_eq!(of(b"one"), of(b"one"));
        assert_ne!(of(b"one"), of(b"two"));
        let mut large = vec![0u8; (super::PIECE * super::PIECES) as usize + 5];
        let before = of(&large);
        *large.last_mut().unwrap() = 1;
        assert_ne!(of(&large), before);
    }

    #[test]
    fn the_standard_test_vector() {
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(super::sha256(b"abc"), abc);
    }
}
