//! The log of a cell.

use crate::{Error, Result};
use compt_study::records::folder::LOG;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::fd::AsRawFd;
use std::path::Path;

/// Redirects the output of this process, also of libraries and panics, to a cell's log until it is
/// dropped.
pub struct Log([i32; 2]);

const OUTPUTS: [i32; 2] = [libc::STDOUT_FILENO, libc::STDERR_FILENO];

impl Log {
    pub fn open(cell: &Path) -> Result<Log> {
        let path = cell.join(LOG);
        let open = || -> std::io::Result<File> {
            OpenOptions::new().create(true).append(true).open(&path)
        };
        let file = open().map_err(|e| Error::from(e).at(path.display()))?;
        flush();
        // SAFETY: system calls on open descriptors.
        Ok(Log(OUTPUTS.map(|output| unsafe {
            let before = libc::dup(output);
            libc::dup2(file.as_raw_fd(), output);
            before
        })))
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        flush();
        for (output, before) in OUTPUTS.into_iter().zip(self.0) {
            // SAFETY: as above; this value owns the saved descriptors.
            unsafe {
                libc::dup2(before, output);
                libc::close(before);
            }
        }
    }
}

/// Flushes the output of Rust and of Lua.
fn flush() {
    let _ = std::io::stdout().flush();
    // SAFETY: a null pointer means all streams.
    unsafe { libc::fflush(std::ptr::null_mut()) };
}
