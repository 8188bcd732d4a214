//! Panics: those of libraries on damaged files become errors, all others are one sentence.

use crate::{Error, Result, output};
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

/// What a panic of this thread leads to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Panics {
    /// It is printed.
    Printed,
    /// Its place is noted for [`caught`].
    Noted,
    /// It is an error of [`guarded`].
    Silent,
}

thread_local! {
    static PANICS: Cell<Panics> = const { Cell::new(Panics::Printed) };
    static NOTED: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Whether a panic is printed as one sentence.
static IN_ONE_SENTENCE: AtomicBool = AtomicBool::new(false);

/// Makes a panic print one sentence, without a backtrace.
pub fn install() {
    IN_ONE_SENTENCE.store(true, Ordering::Relaxed);
    hook();
}

fn hook() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = take_hook();
        set_hook(Box::new(move |info| match PANICS.get() {
            Panics::Printed if IN_ONE_SENTENCE.load(Ordering::Relaxed) => {
                output::error(sentence(&described(info)));
            }
            Panics::Printed => usual(info),
            Panics::Noted => NOTED.set(Some(described(info))),
            Panics::Silent => {}
        }));
    });
}

fn described(info: &PanicHookInfo) -> String {
    let place = info.location().map_or(String::new(), |l| format!(" ({}:{})", l.file(), l.line()));
    format!("{}{place}", words(info.payload()))
}

/// The message for an internal error.
pub fn sentence(what: &str) -> String {
    format!(
        "compt: an internal error of compt, not of your script: {what}; please report it with a \
         script that reproduces it"
    )
}

/// Runs code that may panic, and converts a panic to an error, without output on standard error.
pub fn guarded<T>(read: impl FnOnce() -> Result<T>) -> Result<T> {
    let result = with(Panics::Silent, || catch_unwind(AssertUnwindSafe(read)));
    result.unwrap_or_else(|_| Err(Error::new("it cannot be read")))
}

/// Runs a part of the program. The error is the message and the place of a panic.
pub fn caught<T>(part: impl FnOnce() -> T) -> std::result::Result<T, String> {
    let result = with(Panics::Noted, || catch_unwind(AssertUnwindSafe(part)));
    result.map_err(|panic| NOTED.take().unwrap_or_else(|| words(&*panic).to_string()))
}

fn with<T>(panics: Panics, run: impl FnOnce() -> T) -> T {
    hook();
    let outer = PANICS.replace(panics);
    let done = run();
    PANICS.set(outer);
    done
}

/// The message of a panic.
pub fn words(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.and_then(|text| text.lines().next()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error() {
        let nested = || guarded(|| -> Result<i32> { panic!("not to be seen") });
        assert!(guarded(nested).unwrap_err().to_string().contains("cannot be read"));
        assert_eq!(guarded(|| Ok(7)).unwrap(), 7);
        assert_eq!(words(&"plain\nlines"), "plain");
        assert_eq!(words(&String::from("made")), "made");
    }

    #[test]
    fn a_caught_panic_has_its_message_and_place() {
        assert_eq!(caught(|| 3), Ok(3));
        let inner = || guarded(|| -> Result<i32> { panic!("silent") });
        assert!(caught(inner).unwrap().is_err());
        let text = caught(|| -> i32 { panic!("odd\nstack") }).unwrap_err();
        assert!(text.starts_with("odd (") && text.contains("guard.rs:"), "{text}");
    }
}
