//! Ends the process if the main thread does not react to a signal: it is in a function of Lua's library that no
//! hook can stop, or in work that checks nothing. A step itself is never broken off here, however long it takes.

use super::{HAS_PROMPT, exit_code, leaving};
use compt_base::{output, stop};
use std::io::{self, Read};
use std::os::fd::{AsRawFd, IntoRawFd};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI32, Ordering};
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

/// The end of a pipe that a handler of signals writes to; -1 before `start`.
static SIGNALS: AtomicI32 = AtomicI32::new(-1);

/// Wakes the thread. Async-signal-safe.
pub fn wake() {
    // SAFETY: a system call with one byte. A full pipe, which does not wait, wakes the thread as well.
    unsafe { libc::write(SIGNALS.load(Ordering::SeqCst), [0u8].as_ptr().cast(), 1) };
}

/// Starts the thread. Called once.
pub fn start() -> io::Result<()> {
    let (reader, writer) = io::pipe()?;
    // SAFETY: a system call on an open file.
    if unsafe { libc::fcntl(writer.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK) } != 0 {
        return Err(io::Error::last_os_error());
    }
    SIGNALS.store(writer.into_raw_fd(), Ordering::SeqCst);
    thread::Builder::new().name("signals".into()).spawn(|| watch(reader)).map(drop)
}

fn watch(mut signals: io::PipeReader) {
    block_signals();
    loop {
        if signals.read(&mut [0; 64]).is_err() {
            thread::sleep(PAUSE);
        }
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
