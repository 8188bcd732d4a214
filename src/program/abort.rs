//! The last words of a process that a library ends (`abort`): an allocation that fails outside of the checks of
//! `compt_base::memory`, or an exception of C++ that libtorch does not catch.

use super::FAILED;
use libc::{SIGABRT, STDERR_FILENO, c_int, c_void, sighandler_t};
use std::sync::atomic::{AtomicI32, Ordering};

/// Where the line is printed.
static TO: AtomicI32 = AtomicI32::new(STDERR_FILENO);

const MESSAGE: &str = "compt: stopped by a library, most often for lack of memory (the lines above): use a machine with \
                       more memory, a higher limit (`ulimit -v`), or a smaller batch or model; the checkpoints that \
                       were written are complete\n";

/// An abort prints a line, and the exit code is that of a failure.
pub fn install() {
    // SAFETY: the handler calls only functions that are allowed in one.
    unsafe { libc::signal(SIGABRT, said as *const () as sighandler_t) };
}

/// Prints the line to another open descriptor: what a notebook has not received yet is lost.
pub fn say_to(descriptor: c_int) {
    TO.store(descriptor, Ordering::SeqCst);
}

extern "C" fn said(_: c_int) {
    // SAFETY: both are async-signal-safe; the message is static.
    unsafe {
        libc::write(TO.load(Ordering::SeqCst), MESSAGE.as_ptr().cast::<c_void>(), MESSAGE.len());
        libc::_exit(c_int::from(FAILED));
    }
}
