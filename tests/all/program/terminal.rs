//! A program on a pseudo-terminal, driven by keys as a person would.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

pub struct Terminal {
    child: Child,
    keys: File,
    /// What was shown and not looked at yet.
    shown: String,
    bytes: Vec<u8>,
}

/// Long enough for a busy machine; only a hang takes it.
const PATIENCE: Duration = Duration::from_secs(60);

impl Terminal {
    pub fn start(command: &mut Command, columns: u16) -> Terminal {
        let size = libc::winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        let (mut ours, mut theirs) = (0, 0);
        // SAFETY: valid pointers; name and settings may be null.
        let opened = unsafe {
            libc::openpty(&mut ours, &mut theirs, std::ptr::null_mut(), std::ptr::null(), &size)
        };
        assert_eq!(opened, 0, "no pseudo-terminal");
        // SAFETY: openpty gave two descriptors that nobody else owns.
        let (keys, theirs) = unsafe { (File::from_raw_fd(ours), OwnedFd::from_raw_fd(theirs)) };
        // SAFETY: valid descriptors. Other tests' programs must not inherit this terminal.
        unsafe {
            libc::fcntl(keys.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK);
            libc::fcntl(keys.as_raw_fd(), libc::F_SETFD, libc::FD_CLOEXEC);
            libc::fcntl(theirs.as_raw_fd(), libc::F_SETFD, libc::FD_CLOEXEC);
        }
        let end = || Stdio::from(theirs.try_clone().expect("a descriptor"));
        command.stdin(end()).stdout(end()).stderr(end());
        // SAFETY: both calls are async-signal-safe.
        unsafe {
            command.pre_exec(|| {
                libc::setsid();
                libc::ioctl(0, libc::TIOCSCTTY, 0);
                Ok(())
            })
        };
        let child = command.spawn().expect("the program");
        Terminal { child, keys, shown: String::new(), bytes: Vec::new() }
    }

    pub fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("the terminal takes keys");
    }

    /// Waits until `text` is shown and gives all that was shown up to it, colours left out.
    pub fn wait_for(&mut self, text: &str) -> String {
        let start = Instant::now();
        loop {
            if let Some(at) = self.shown.find(text) {
                let rest = self.shown.split_off(at + text.len());
                return std::mem::replace(&mut self.shown, rest);
            }
            assert!(start.elapsed() < PATIENCE, "no {text:?} in ... {:?}", end(&self.shown));
            self.read();
        }
    }

    fn read(&mut self) {
        let mut buffer = [0; 4096];
        match self.keys.read(&mut buffer) {
            Ok(count) if count > 0 => self.bytes.extend(&buffer[..count]),
            _ => std::thread::sleep(Duration::from_millis(5)),
        }
        let valid = match std::str::from_utf8(&self.bytes) {
            Ok(_) => self.bytes.len(),
            // Cut in the middle of a letter, or no letter at all: a terminal drops what it held at
            // Ctrl-C.
            Err(e) => e.error_len().map_or(e.valid_up_to(), |length| e.valid_up_to() + length),
        };
        let text = String::from_utf8_lossy(&self.bytes[..valid]).into_owned();
        // An escape sequence may still be on its way.
        let whole = match text.rfind('\x1b') {
            Some(at) if is_open(&text[at..]) => at,
            _ => text.len(),
        };
        self.bytes.drain(..whole);
        self.shown.push_str(&without_escapes(&text[..whole]));
    }

    /// What was shown and not waited for up to a text, with its escape sequences.
    pub fn raw(&mut self, text: &str) -> String {
        let (start, mut seen) = (Instant::now(), Vec::new());
        loop {
            let mut buffer = [0; 4096];
            match self.keys.read(&mut buffer) {
                Ok(count) if count > 0 => seen.extend(&buffer[..count]),
                _ => std::thread::sleep(Duration::from_millis(5)),
            }
            let found = seen.windows(text.len()).position(|window| window == text.as_bytes());
            let shown = |seen: &[u8]| String::from_utf8_lossy(seen).into_owned();
            if let Some(at) = found {
                // What follows is still to be waited for.
                self.bytes.extend(seen.split_off(at + text.len()));
                return shown(&seen);
            }
            assert!(start.elapsed() < PATIENCE, "no {text:?} in {:?}", shown(&seen));
        }
    }

    pub fn end(mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            // What nobody reads would block the program.
            self.read();
            if let Some(status) = self.child.try_wait().expect("a child") {
                return status;
            }
            assert!(start.elapsed() < PATIENCE, "it does not end: ... {:?}", end(&self.shown));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn is_open(sequence: &str) -> bool {
    let rest = &sequence[1..];
    match rest.chars().next() {
        None => true,
        Some('[') => !rest[1..].contains(|c: char| ('@'..='~').contains(&c)),
        Some(_) => false,
    }
}

fn without_escapes(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('\x1b') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let length = match after.strip_prefix('[') {
            Some(body) => {
                body.find(|c: char| ('@'..='~').contains(&c)).map_or(after.len(), |i| i + 2)
            }
            None => 1.min(after.len()),
        };
        rest = &after[length..];
    }
    out.push_str(rest);
    out
}

/// The last characters of a long text.
fn end(text: &str) -> String {
    let skipped = text.chars().count().saturating_sub(600);
    text.chars().skip(skipped).collect()
}
