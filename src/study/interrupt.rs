//! Ctrl-C sets a flag that loops check. A second Ctrl-C within two seconds ends the process: at
//! once, or after the current step and its record; a third one ends it in any case. SIGTERM and
//! SIGUSR1 end the process after the current step and its record.

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicI64, AtomicU32, Ordering};

static REQUESTED: AtomicBool = AtomicBool::new(false);
/// The time of the last Ctrl-C, in milliseconds of the monotonic clock.
static LAST: AtomicI64 = AtomicI64::new(i64::MIN / 2);
/// Whether the process should end after the current step is made and recorded.
static LEAVING: AtomicBool = AtomicBool::new(false);
/// The number of steps in progress.
static HELD: AtomicU32 = AtomicU32::new(0);
/// Two presses within this time end the process.
const TWICE_MS: i64 = 2000;
/// Whether the program waits for input.
static IDLE: AtomicBool = AtomicBool::new(false);
/// The signal that ends the process.
static SIGNAL: AtomicI32 = AtomicI32::new(libc::SIGINT);

/// The exit code of an interrupted program: 128 plus the signal for Ctrl-C and SIGTERM (130, 143);
/// 85 for SIGUSR1, by which batch systems request a checkpoint before they requeue a job.
pub fn exit_code() -> u8 {
    match SIGNAL.load(Ordering::SeqCst) {
        libc::SIGTERM => 143,
        libc::SIGUSR1 => 85,
        _ => 130,
    }
}

/// The signal that makes other processes end like this one: with a checkpoint, at once.
pub fn signal() -> i32 {
    match SIGNAL.load(Ordering::SeqCst) {
        libc::SIGUSR1 => libc::SIGUSR1,
        _ => libc::SIGTERM,
    }
}

/// Whether this signal requested the end of the process.
pub fn is_requested_by(signal: i32) -> bool {
    SIGNAL.load(Ordering::SeqCst) == signal
}

/// Makes Ctrl-C, SIGTERM and SIGUSR1 set the flag.
/// Errors: the system refuses a handler.
pub fn install() -> io::Result<()> {
    static DONE: AtomicBool = AtomicBool::new(false);
    // If installed twice, one Ctrl-C would count as two.
    if DONE.swap(true, Ordering::SeqCst) {
        return Ok(());
    }
    // SAFETY: the handlers only use atomics, clock_gettime and _exit, which are async-signal-safe.
    unsafe {
        signal_hook::low_level::register(libc::SIGINT, on_ctrl_c)?;
        for signal in [libc::SIGTERM, libc::SIGUSR1] {
            signal_hook::low_level::register(signal, move || on_end(signal))?;
        }
    }
    Ok(())
}

/// Waits for input: meanwhile a signal ends the process at once.
pub fn idle<T>(wait: impl FnOnce() -> T) -> T {
    IDLE.store(true, Ordering::SeqCst);
    let done = wait();
    IDLE.store(false, Ordering::SeqCst);
    done
}

fn on_end(signal: i32) {
    // The first signal determines the exit code: after SIGUSR1 a batch system may also send SIGTERM.
    if !LEAVING.load(Ordering::SeqCst) {
        SIGNAL.store(signal, Ordering::SeqCst);
    }
    if IDLE.load(Ordering::SeqCst) {
        signal_hook::low_level::exit(exit_code().into());
    }
    LEAVING.store(true, Ordering::SeqCst);
    REQUESTED.store(true, Ordering::SeqCst);
}

fn on_ctrl_c() {
    let now = monotonic_ms();
    let twice = now - LAST.swap(now, Ordering::SeqCst) < TWICE_MS;
    let free = HELD.load(Ordering::SeqCst) == 0;
    if twice && (free || LEAVING.swap(true, Ordering::SeqCst)) {
        signal_hook::low_level::exit(130);
    }
    REQUESTED.store(true, Ordering::SeqCst);
}

/// Whether Ctrl-C was pressed. The trainer checks this after each step.
pub fn requested() -> bool {
    REQUESTED.load(Ordering::Relaxed)
}

/// Whether running Lua code should stop now: requested, and no step is in progress.
pub fn due() -> bool {
    requested() && HELD.load(Ordering::Relaxed) == 0
}

/// Whether the program ends after the current step is recorded: Ctrl-C was pressed twice, or a
/// signal requested it.
pub fn leaving() -> bool {
    LEAVING.load(Ordering::SeqCst)
}

/// Clears a Ctrl-C that was handled.
pub fn clear() {
    if LEAVING.load(Ordering::SeqCst) {
        return;
    }
    REQUESTED.store(false, Ordering::SeqCst);
    LAST.store(i64::MIN / 2, Ordering::SeqCst);
}

/// Requests running code to stop, as Ctrl-C does.
pub fn request() {
    REQUESTED.store(true, Ordering::SeqCst);
}

/// Prevents Lua code from being stopped during a step, until the value is dropped.
#[must_use]
pub struct Hold(());

impl Hold {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Hold {
        HELD.fetch_add(1, Ordering::SeqCst);
        Hold(())
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        HELD.fetch_sub(1, Ordering::SeqCst);
    }
}

/// The error that stops a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interrupted;

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("interrupted")
    }
}

impl std::error::Error for Interrupted {}

fn monotonic_ms() -> i64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: a valid pointer to a timespec.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut now) };
    now.tv_sec * 1000 + now.tv_nsec / 1_000_000
}
