//! Notices to the user, from any thread: on standard error, or through a line editor
//! that prints them above the line being typed.

use crate::{output, shown};
use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard};

/// A receiver of lines.
pub type Sink = Box<dyn FnMut(&str) + Send>;

static SINK: Mutex<Option<Sink>> = Mutex::new(None);

/// Prints a line.
pub fn say(line: &str) {
    match &mut *sink() {
        Some(sink) => sink(&shown::message(line)),
        None => output::error(line),
    }
}

/// Prints a line, unless it was printed so before.
pub fn say_once(line: &str) {
    static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let mut said = SAID.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    if said.insert(line.to_string()) {
        drop(said);
        say(line);
    }
}

/// Redirects lines; `None`: to standard error. Returns the previous receiver.
pub fn divert(to: Option<Sink>) -> Option<Sink> {
    std::mem::replace(&mut *sink(), to)
}

fn sink() -> MutexGuard<'static, Option<Sink>> {
    SINK.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
