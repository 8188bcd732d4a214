//! Ends the kernel when the program that started it has ended without saying so.

use super::control::Event;
use compt_study::interrupt;
use std::sync::mpsc::Sender;
use std::thread;
use std::time::Duration;

/// How often the parent is looked for.
const EVERY: Duration = Duration::from_secs(1);

/// Watches the parent if Jupyter says that the kernel belongs to it (`JPY_PARENT_PID`).
///
/// # Errors
/// The system refuses a thread.
pub fn watch(events: Sender<Event>) -> std::io::Result<()> {
    let told = std::env::var("JPY_PARENT_PID").ok().and_then(|pid| pid.parse::<i32>().ok());
    let Some(told) = told.filter(|pid| *pid > 0) else { return Ok(()) };
    let first = parent();
    let watch = move || {
        interrupt::block_signals();
        while parent() == first && lives(told) {
            thread::sleep(EVERY);
        }
        interrupt::end();
        let _ = events.send(Event::Shutdown(None));
    };
    thread::Builder::new().name("parent".into()).spawn(watch).map(drop)
}

fn parent() -> i32 {
    // SAFETY: it always succeeds.
    unsafe { libc::getppid() }
}

fn lives(pid: i32) -> bool {
    // SAFETY: signal 0 only asks. A process of another user is alive, too.
    let asked = unsafe { libc::kill(pid, 0) };
    asked == 0 || std::io::Error::last_os_error().raw_os_error() == Some(libc::EPERM)
}
