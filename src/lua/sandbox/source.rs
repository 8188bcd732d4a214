//! The length of a sandbox's code: compiling it cannot be stopped, and takes a time that grows with its square.

use crate::{Error, Result};

/// The maximum length of a file, and of a file with all that it requires, in bytes.
const FILE: usize = 64 << 10;
const TOGETHER: usize = 256 << 10;

/// Checks a file before it is compiled; `before` bytes were compiled before it.
///
/// # Errors
/// The file, or all files together, are too long.
pub fn check_length(text: &str, before: usize) -> Result<()> {
    let length = text.len();
    let what = if length > FILE {
        format!(
            "{length} bytes are too long for this file: at most {} KiB are compiled",
            FILE >> 10
        )
    } else if before + length > TOGETHER {
        format!(
            "with it the files have {} bytes: at most {} KiB are compiled",
            before + length,
            TOGETHER >> 10
        )
    } else {
        return Ok(());
    };
    Err(Error::new(what)
        .hint("it is compiled again at each edit and checkpoint: compute long tables instead"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_files_and_many_files_are_refused() {
        let text = |n: usize| " ".repeat(n);
        assert!(check_length(&text(FILE), TOGETHER - FILE).is_ok());
        let error = |n, before| check_length(&text(n), before).unwrap_err().to_string();
        assert!(error(FILE + 1, 0).starts_with("65537 bytes are too long"));
        assert!(error(FILE, TOGETHER).starts_with("with it the files have 327680 bytes"));
    }
}
