//! Errors on standard error, for people: no Rust, no backtraces, the line of Lua in question.

use super::{FAILED, USAGE};
use compt_core::guard::words;
use compt_lua::failure::Failure;
use compt_study::interrupt;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook};
use std::process::ExitCode;
use std::sync::Mutex;

/// Tells why the command was not carried out.
pub fn refuse(error: &crate::Error) -> ExitCode {
    eprintln!("compt: {error}");
    ExitCode::from(USAGE)
}

/// Tells why a command that was under way failed, or that it was interrupted.
pub fn stopped(error: &crate::Error) -> ExitCode {
    eprintln!("compt: {error}");
    let code = if interrupt::requested() { interrupt::exit_code() } else { FAILED };
    ExitCode::from(code)
}

/// Tells how a script failed.
pub fn failed(failure: &Failure) -> ExitCode {
    eprintln!("{failure}");
    ExitCode::from(FAILED)
}

/// Tells that a script was interrupted, and where.
pub fn interrupted(failure: Option<&Failure>) {
    match failure.and_then(|failure| failure.place.as_ref()) {
        Some(place) => eprintln!("interrupted at {place}"),
        None => eprintln!("interrupted"),
    }
}

/// Where and why the program itself broke.
static PANIC: Mutex<Option<String>> = Mutex::new(None);

/// Runs a part of the program; if it breaks, says so in one sentence and gives none.
pub fn guard<T>(f: impl FnOnce() -> T) -> Option<T> {
    let usual = take_hook();
    set_hook(Box::new(note_panic));
    let result = catch_unwind(AssertUnwindSafe(f)).ok();
    set_hook(usual);
    if result.is_none() {
        let what = PANIC.lock().ok().and_then(|mut what| what.take());
        eprintln!(
            "compt: a fault in compt itself, not in your script: {}; please report it with the \
             script that shows it",
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
