//! Errors on standard error and exit codes: no Rust types, no backtraces, the line of Lua.

use compt_base::{guard, output};
use compt_lua::failure::Failure;
use compt_study::interrupt;
use std::process::ExitCode;

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
    output::error(failure);
    ExitCode::from(FAILED)
}

/// Prints that a script was interrupted, and where.
pub fn interrupted(failure: Option<&Failure>) {
    match failure.and_then(|failure| failure.place.as_ref()) {
        Some(place) => output::error(format!("interrupted at {place}")),
        None => output::error("interrupted"),
    }
}

/// Runs a part of the program; `None` if it panics, which is reported in one sentence.
pub fn guard<T>(f: impl FnOnce() -> T) -> Option<T> {
    guard::caught(f).map_err(|what| output::error(guard::sentence(&what))).ok()
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
