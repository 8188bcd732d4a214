//! Whether work should stop, because Ctrl-C was pressed or a signal arrived. The handlers of signals set the
//! flag (`compt_study::interrupt`); loops that take long check it.

use crate::{Error, Result};
use std::cell::Cell;
use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};

static REQUESTED: AtomicBool = AtomicBool::new(false);
/// The number of steps in progress.
static HELD: AtomicU32 = AtomicU32::new(0);
/// The number of calls of a script's functions in progress, within steps.
static IN_SCRIPT: AtomicU32 = AtomicU32::new(0);
/// When the flag was set, and when the main thread last checked it: milliseconds of the monotonic clock.
static SINCE: AtomicI64 = AtomicI64::new(NEVER);
static CHECKED: AtomicI64 = AtomicI64::new(NEVER);
/// Whether a step was broken off.
static BROKEN_OFF: AtomicBool = AtomicBool::new(false);

const NEVER: i64 = i64::MIN / 2;
const INTERRUPTED: &str = "interrupted";

/// How long a script's function may delay the end of a step that a signal waits for, in milliseconds: less than
/// ten seconds, which batch systems leave at least, with time for a checkpoint.
pub const PATIENCE_MS: i64 = 8000;

thread_local! {
    static IS_MAIN: Cell<bool> = const { Cell::new(false) };
}

/// Makes this thread the one whose checks count.
pub fn set_main() {
    IS_MAIN.set(true);
}

/// Sets the flag. Async-signal-safe.
pub fn request() {
    if !REQUESTED.load(Ordering::SeqCst) {
        SINCE.store(monotonic_ms(), Ordering::SeqCst);
    }
    REQUESTED.store(true, Ordering::SeqCst);
}

/// Clears the flag.
pub fn clear() {
    REQUESTED.store(false, Ordering::SeqCst);
    BROKEN_OFF.store(false, Ordering::SeqCst);
}

/// Whether the flag is set.
pub fn requested() -> bool {
    let requested = REQUESTED.load(Ordering::Relaxed);
    if requested && IS_MAIN.get() {
        CHECKED.store(monotonic_ms(), Ordering::Relaxed);
    }
    requested
}

/// Whether work should stop now: the flag is set, and no step is in progress, or a script's function has delayed
/// its end for too long.
pub fn due() -> bool {
    if !requested() {
        return false;
    }
    if !is_held() {
        return true;
    }
    let late = is_in_script() && monotonic_ms() - SINCE.load(Ordering::SeqCst) > PATIENCE_MS;
    if late {
        BROKEN_OFF.store(true, Ordering::SeqCst);
    }
    late
}

/// Whether a step was broken off by [`due`].
pub fn is_broken_off() -> bool {
    BROKEN_OFF.load(Ordering::SeqCst)
}

/// As [`is_broken_off`]; what follows has a second.
pub fn take_broken_off() -> bool {
    let broken = BROKEN_OFF.swap(false, Ordering::SeqCst);
    if broken {
        SINCE.store(monotonic_ms() - PATIENCE_MS + 1000, Ordering::SeqCst);
    }
    broken
}

/// An error if work should stop now.
///
/// # Errors
/// `interrupted`.
pub fn check() -> Result<()> {
    match due() {
        true => Err(Error::new(INTERRUPTED)),
        false => Ok(()),
    }
}

/// A reader that fails when work should stop.
pub struct Stoppable<R>(pub R);

impl<R: Read> Read for Stoppable<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        check_io()?;
        self.0.read(buffer)
    }
}

/// As [`check`], for code whose errors are those of files.
///
/// # Errors
/// `interrupted`.
pub fn check_io() -> io::Result<()> {
    match due() {
        true => Err(io::Error::other(INTERRUPTED)),
        false => Ok(()),
    }
}

/// Whether a step is in progress.
pub fn is_held() -> bool {
    HELD.load(Ordering::Relaxed) > 0
}

/// Whether a script's function is being called within a step.
fn is_in_script() -> bool {
    IN_SCRIPT.load(Ordering::Relaxed) > 0
}

/// Whether the flag is set and the main thread neither checks it nor can be expected to: for a long time it has
/// been in one function of a script, or in no step.
pub fn is_stuck() -> bool {
    let last = SINCE.load(Ordering::SeqCst).max(CHECKED.load(Ordering::Relaxed));
    REQUESTED.load(Ordering::SeqCst)
        && (!is_held() || is_in_script())
        && monotonic_ms() - last > PATIENCE_MS
}

/// Marks a call of a script's function, until the value is dropped.
#[must_use]
pub struct InScript(());

impl InScript {
    #[allow(clippy::new_without_default)]
    pub fn new() -> InScript {
        IN_SCRIPT.fetch_add(1, Ordering::SeqCst);
        InScript(())
    }
}

impl Drop for InScript {
    fn drop(&mut self) {
        IN_SCRIPT.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Keeps work from being stopped during a step, until the value is dropped. The functions of a script that the
/// step was started from do not count as calls within it.
#[must_use]
pub struct Hold {
    outer: u32,
}

impl Hold {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Hold {
        HELD.fetch_add(1, Ordering::SeqCst);
        Hold { outer: IN_SCRIPT.swap(0, Ordering::SeqCst) }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        IN_SCRIPT.store(self.outer, Ordering::SeqCst);
        HELD.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Runs what may call a script's function within a step.
pub fn in_script<T>(call: impl FnOnce() -> T) -> T {
    let _call = InScript::new();
    call()
}

/// The monotonic clock in milliseconds. Async-signal-safe.
pub fn monotonic_ms() -> i64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: a valid pointer to a timespec.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut now) };
    now.tv_sec * 1000 + now.tv_nsec / 1_000_000
}
