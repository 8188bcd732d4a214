//! Ctrl-C sets a flag that loops check. A second Ctrl-C within two seconds ends the process: at
//! once, or after the current step and its record; a third one ends it in any case. SIGTERM, SIGHUP and
//! SIGUSR1 end the process after the current step and its record. If the main thread is stuck, a thread of this
//! module ends the process.

mod watchdog;

pub use compt_base::stop::{Hold, due, request, requested};
pub use watchdog::{block_signals, set_checkpoint};

use compt_base::stop::{self, monotonic_ms};
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicI64, Ordering};

/// The time of the last Ctrl-C, in milliseconds of the monotonic clock.
static LAST: AtomicI64 = AtomicI64::new(i64::MIN / 2);
/// Whether the process should end after the current step is made and recorded.
static LEAVING: AtomicBool = AtomicBool::new(false);
/// Two presses within this time end the process.
const TWICE_MS: i64 = 2000;
/// Whether the program waits for input, and whether it ever did.
static IDLE: AtomicBool = AtomicBool::new(false);
static HAS_PROMPT: AtomicBool = AtomicBool::new(false);
/// Whether a second Ctrl-C only interrupts again.
static SURVIVES: AtomicBool = AtomicBool::new(false);
/// The signal that ends the process.
static SIGNAL: AtomicI32 = AtomicI32::new(libc::SIGINT);

/// The exit code of an interrupted program: 128 plus the signal for SIGHUP, Ctrl-C and SIGTERM (129, 130, 143);
/// 85 for SIGUSR1, by which batch systems request a checkpoint before they requeue a job.
pub fn exit_code() -> u8 {
    match SIGNAL.load(Ordering::SeqCst) {
        libc::SIGHUP => 129,
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

/// Makes Ctrl-C, SIGTERM, SIGHUP and SIGUSR1 set the flag, and this thread the one that must check it. A SIGHUP
/// that is ignored, as by `nohup`, stays ignored.
/// Errors: the system refuses a handler or a thread.
pub fn install() -> io::Result<()> {
    static DONE: AtomicBool = AtomicBool::new(false);
    // If installed twice, one Ctrl-C would count as two.
    if DONE.swap(true, Ordering::SeqCst) {
        return Ok(());
    }
    stop::set_main();
    watchdog::start()?;
    // SAFETY: the handlers only use atomics, clock_gettime, sem_post and _exit, which are async-signal-safe.
    unsafe {
        signal_hook::low_level::register(libc::SIGINT, on_ctrl_c)?;
        for signal in [libc::SIGTERM, libc::SIGUSR1, libc::SIGHUP] {
            if signal != libc::SIGHUP || !is_ignored(signal) {
                signal_hook::low_level::register(signal, move || on_end(signal))?;
            }
        }
    }
    Ok(())
}

fn is_ignored(signal: i32) -> bool {
    // SAFETY: zeros are a valid sigaction, which the call fills in; nothing is changed.
    unsafe {
        let mut now: libc::sigaction = std::mem::zeroed();
        libc::sigaction(signal, std::ptr::null(), &mut now) == 0
            && now.sa_sigaction == libc::SIG_IGN
    }
}

/// Waits for input: meanwhile a signal ends the process at once.
pub fn idle<T>(wait: impl FnOnce() -> T) -> T {
    HAS_PROMPT.store(true, Ordering::SeqCst);
    IDLE.store(true, Ordering::SeqCst);
    let done = wait();
    IDLE.store(false, Ordering::SeqCst);
    done
}

/// Makes a second Ctrl-C interrupt again, instead of ending the process: it comes from a button.
pub fn survive_ctrl_c() {
    SURVIVES.store(true, Ordering::SeqCst);
}

/// Interrupts as Ctrl-C does, from any thread.
pub fn interrupt() {
    request();
    watchdog::wake();
}

/// Makes the process end after the current step and its record, as SIGTERM does while it computes. Whoever waits for
/// input must end by other means.
pub fn end() {
    if !LEAVING.swap(true, Ordering::SeqCst) {
        SIGNAL.store(libc::SIGTERM, Ordering::SeqCst);
    }
    interrupt();
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
    request();
    watchdog::wake();
}

fn on_ctrl_c() {
    if SURVIVES.load(Ordering::SeqCst) {
        return interrupt();
    }
    let now = monotonic_ms();
    let twice = now - LAST.swap(now, Ordering::SeqCst) < TWICE_MS;
    if twice && (!stop::is_held() || LEAVING.swap(true, Ordering::SeqCst)) {
        signal_hook::low_level::exit(130);
    }
    request();
    watchdog::wake();
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
    stop::clear();
    LAST.store(i64::MIN / 2, Ordering::SeqCst);
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
