//! Writes to standard output and standard error, which may be full or closed. Text is free of control
//! characters ([`shown`](crate::shown)), so that no name, label or message controls the terminal.

use crate::shown;
use std::fmt::Display;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Mutex, MutexGuard};

/// The first failed write to standard output.
static LOST: Mutex<Option<(ErrorKind, String)>> = Mutex::new(None);

/// The exit code of a command whose output could not be written.
const FAILED: u8 = 1;

/// Prints a line on standard output.
pub fn line(text: impl Display) {
    put(format!("{}\n", shown::plain(&text.to_string())).as_bytes());
}

/// Prints one line on standard output, also if a name in it has line breaks.
pub fn row(text: impl Display) {
    put(format!("{}\n", shown::one_line(&text.to_string())).as_bytes());
}

/// Prints text on standard output, without a line break.
pub fn text(text: impl Display) {
    put(shown::plain(&text.to_string()).as_bytes());
}

/// Prints a JSON text and a line break on standard output.
pub fn json(json: impl Display) {
    put(format!("{}\n", shown::json(&json.to_string())).as_bytes());
}

/// Prints what other programs read, such as the contents of a file, on standard output: exactly, unless that is
/// a terminal.
pub fn exact(bytes: impl AsRef<[u8]>) {
    match io::stdout().is_terminal() {
        true => text(String::from_utf8_lossy(bytes.as_ref())),
        false => put(bytes.as_ref()),
    }
}

/// Prints a path as a line on standard output, as [`exact`] does.
pub fn path(path: &Path) {
    exact([path.as_os_str().as_bytes(), b"\n"].concat());
}

/// Prints a line on standard output that may select colours.
pub fn coloured(text: impl Display) {
    put(format!("{}\n", shown::coloured(&text.to_string())).as_bytes());
}

fn put(bytes: &[u8]) {
    let mut out = io::stdout().lock();
    if let Err(e) = out.write_all(bytes).and_then(|()| out.flush()) {
        lost(&e);
    }
}

/// Prints a message, as a line on standard error. A failure is ignored: nobody could be informed of it.
pub fn error(message: impl Display) {
    error_in("", message, "");
}

/// As [`error`], between two sequences that select and reset a colour.
pub fn error_in(start: &str, message: impl Display, end: &str) {
    let text = format!("{start}{}{end}\n", shown::message(&message.to_string()));
    let _ = io::stderr().write_all(text.as_bytes());
}

/// Notes that standard output could not be written.
pub fn lost(error: &io::Error) {
    first_lost().get_or_insert_with(|| (error.kind(), error.to_string()));
}

/// Whether everything could be written to standard output so far.
pub fn is_whole() -> bool {
    first_lost().is_none()
}

fn first_lost() -> MutexGuard<'static, Option<(ErrorKind, String)>> {
    LOST.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// A closed pipe behind standard output or standard error ends this process silently, as `| head` ends other
/// programs.
pub fn end_with_reader() {
    set_sigpipe(libc::SIG_DFL);
}

/// A closed pipe behind standard output or standard error does not end this process: it trains.
pub fn outlive_reader() {
    set_sigpipe(libc::SIG_IGN);
}

fn set_sigpipe(action: libc::sighandler_t) {
    // SAFETY: it replaces one of the two default actions by the other; there is no handler.
    unsafe { libc::signal(libc::SIGPIPE, action) };
}

/// The exit code of a command that ends with `code`: if its output could not be written, this is said, and
/// success becomes failure. A reader that closed the pipe wanted no more.
pub fn finish(code: ExitCode) -> ExitCode {
    if let Err(e) = io::stdout().flush() {
        lost(&e);
    }
    match first_lost().as_ref() {
        None | Some((ErrorKind::BrokenPipe, _)) => code,
        Some((_, what)) => {
            error(format!("compt: standard output could not be written: {what}"));
            if code == ExitCode::SUCCESS { ExitCode::from(FAILED) } else { code }
        }
    }
}
