//! Progress that is shown neither on a terminal nor as lines: the pictures of a notebook.

use super::Progress;
use std::sync::{Mutex, MutexGuard};

/// Makes the progress of a run: its title, the steps that are made, and their total.
pub type Maker = Box<dyn Fn(&str, u64, u64) -> Box<dyn Progress> + Send>;

static MAKER: Mutex<Option<Maker>> = Mutex::new(None);

fn maker() -> MutexGuard<'static, Option<Maker>> {
    MAKER.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Shows the progress of runs by other means from now on.
pub fn show_by(made: Maker) {
    *maker() = Some(made);
}

/// Whether [`show_by`] was called: validation scores are shown with the rest.
pub fn is_drawn() -> bool {
    maker().is_some()
}

/// The progress of a run, if [`show_by`] was called.
pub(super) fn progress(title: &str, made: u64, total: u64) -> Option<Box<dyn Progress>> {
    maker().as_ref().map(|make| make(title, made, total))
}
