//! Errors on standard error and exit codes: no Rust types, no backtraces, the line of Lua.

use compt_base::guard::words;
use compt_lua::failure::Failure;
use compt_study::interrupt;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook};
use std::process::ExitCode;
use std::sync::Mutex;

pub use compt_cli::errors::{FAILED, exit, refuse, stopped};

/// The outcome of a guarded part of a command; `None` inside means that a signal interrupted it. A failure is
/// printed.
pub fn outcome<T>(found: Option<crate::Result<Option<T>>>) -> Result<T, ExitCode> {
    match found.ok_or(ExitCode::from(FAILED))? {
        Ok(Some(found)) => Ok(found),
        Ok(None) => {
            interrupted(None);
            Err(ExitCode::from(interrupt::exit_code()))
        }
        Err(error) => Err(stopped(&error)),
    }
}

/// Prints the error of a script.
pub fn failed(failure: &Failure) -> ExitCode {
    eprintln!("{failure}");
    ExitCode::from(FAILED)
}

/// Prints that a script was interrupted, and where.
pub fn interrupted(failure: Option<&Failure>) {
    match failure.and_then(|failure| failure.place.as_ref()) {
        Some(place) => eprintln!("interrupted at {place}"),
        None => eprintln!("interrupted"),
    }
}

/// The location and message of a panic.
static PANIC: Mutex<Option<String>> = Mutex::new(None);

/// Runs a part of the program; `None` if it panics, which is reported in one sentence.
pub fn guard<T>(f: impl FnOnce() -> T) -> Option<T> {
    let usual = take_hook();
    set_hook(Box::new(note_panic));
    let result = catch_unwind(AssertUnwindSafe(f)).ok();
    set_hook(usual);
    if result.is_none() {
        let what = PANIC.lock().ok().and_then(|mut what| what.take());
        eprintln!(
            "compt: an internal error of compt, not of your script: {}; please report it with a \
             script that reproduces it",
            what.unwrap_or_default()
        );
    }
    result
}

fn note_panic(info: &PanicHookInfo) {
    let message = words(info.payload());
    let place = info.location().map_or(String::new(), |l| format!(" ({}:{})", l.file(), l.line()));
    if let Ok(mut what) = PANIC.lock() {
        *what = Some(format!("{message}{place}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_one_sentence() {
        assert_eq!(guard(|| 3), Some(3));
        assert_eq!(guard(|| -> i32 { panic!("odd\nstack") }), None);
    }
}
