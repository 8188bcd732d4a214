//! Words to whoever sits at the terminal, from any thread: to standard error, or where a line editor
//! puts them without tearing the line being typed.

use std::sync::{Mutex, MutexGuard};

/// Takes lines.
pub type Sink = Box<dyn FnMut(&str) + Send>;

static SINK: Mutex<Option<Sink>> = Mutex::new(None);

/// Says a line.
pub fn say(line: &str) {
    match &mut *sink() {
        Some(sink) => sink(line),
        None => eprintln!("{line}"),
    }
}

/// From now on lines go there; None: to standard error. Gives where they went before.
pub fn divert(to: Option<Sink>) -> Option<Sink> {
    std::mem::replace(&mut *sink(), to)
}

fn sink() -> MutexGuard<'static, Option<Sink>> {
    SINK.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
