//! Ends the process if the main thread does not react to a signal: it is in a function of Lua's library that no
//! hook can stop, or in work that checks nothing. A step itself is never broken off here, however long it takes.

use super::{HAS_PROMPT, exit_code, leaving};
use compt_base::{output, stop};
use std::cell::UnsafeCell;
use std::io;
use std::mem::MaybeUninit;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

/// How often a pending signal is checked.
const PAUSE: Duration = Duration::from_millis(200);

/// The folder of the run in progress, and the step of its last checkpoint.
static RUN: Mutex<Option<(PathBuf, Option<u64>)>> = Mutex::new(None);

/// Notes the folder of the run in progress and the step of its last checkpoint; `None`: no run is in progress.
pub fn set_checkpoint(run: Option<(&Path, Option<u64>)>) {
    *noted() = run.map(|(folder, step)| (folder.to_path_buf(), step));
}

fn noted() -> MutexGuard<'static, Option<(PathBuf, Option<u64>)>> {
    RUN.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// A semaphore, whose `post` a handler of signals may call.
struct Semaphore(UnsafeCell<MaybeUninit<libc::sem_t>>);

// SAFETY: the functions of semaphores may be called from any thread.
unsafe impl Sync for Semaphore {}

static SIGNALS: Semaphore = Semaphore(UnsafeCell::new(MaybeUninit::uninit()));

impl Semaphore {
    fn get(&self) -> *mut libc::sem_t {
        self.0.get().cast()
    }
}

/// Wakes the thread. Async-signal-safe; `start` was called before.
pub fn wake() {
    // SAFETY: `start` has initialised it.
    unsafe { libc::sem_post(SIGNALS.get()) };
}

/// Starts the thread. Called once.
pub fn start() -> io::Result<()> {
    // SAFETY: it is initialised once, before any other use.
    if unsafe { libc::sem_init(SIGNALS.get(), 0, 0) } != 0 {
        return Err(io::Error::last_os_error());
    }
    thread::Builder::new().name("signals".into()).spawn(watch).map(drop)
}

fn watch() {
    block_signals();
    loop {
        // SAFETY: it is initialised. A failed wait (EINTR) only leads to another look.
        unsafe { libc::sem_wait(SIGNALS.get()) };
        while stop::requested() {
            thread::sleep(PAUSE);
            let prompt_decides = HAS_PROMPT.load(Ordering::SeqCst) && !leaving();
            if stop::is_stuck() && !prompt_decides {
                output::error(sentence(noted().as_ref()));
                // SAFETY: a system call. Destructors must not run beside the main thread.
                unsafe { libc::_exit(exit_code().into()) };
            }
        }
    }
}

/// Makes this thread leave all signals to the main thread, whose waits they end.
pub fn block_signals() {
    // SAFETY: zeros are a valid signal set, which the first call fills in.
    unsafe {
        let mut all: libc::sigset_t = std::mem::zeroed();
        libc::sigfillset(&mut all);
        libc::pthread_sigmask(libc::SIG_BLOCK, &all, std::ptr::null_mut());
    }
}

fn sentence(run: Option<&(PathBuf, Option<u64>)>) -> String {
    let seconds = stop::PATIENCE_MS / 1000;
    let what = format!("compt: stopped: the script did not react to the signal for {seconds} s");
    match run {
        None => what,
        Some((folder, None)) => {
            format!("{what}; the run in {} has no checkpoint yet", folder.display())
        }
        Some((folder, Some(step))) => format!(
            "{what}; `compt resume {}` continues after the checkpoint of step {step}",
            folder.display()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_names_the_last_checkpoint() {
        let run = |step| Some((PathBuf::from("runs/a"), step));
        assert!(
            sentence(run(Some(40)).as_ref()).ends_with(
                "for 8 s; `compt resume runs/a` continues after the checkpoint of step 40"
            )
        );
        assert!(sentence(run(None).as_ref()).ends_with("the run in runs/a has no checkpoint yet"));
        assert!(sentence(None).ends_with("for 8 s"));
    }
}
