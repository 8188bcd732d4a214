//! The log of a cell.

use crate::{Error, Result};
use compt_study::records::folder::LOG;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::fd::AsRawFd;
use std::path::Path;

/// What this process says goes to a cell's log as long as this lives: what libraries and panics say,
/// too.
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
        // SAFETY: plain system calls on descriptors that are open.
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
            // SAFETY: as above; the saved descriptors are this value's own.
            unsafe {
                libc::dup2(before, output);
                libc::close(before);
            }
        }
    }
}

/// Brings down what Rust and what Lua have printed.
fn flush() {
    let _ = std::io::stdout().flush();
    // SAFETY: no pointer: every stream.
    unsafe { libc::fflush(std::ptr::null_mut()) };
}
