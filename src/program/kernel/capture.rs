//! Standard output and standard error of the process, of libraries and of its children, as they come.

use compt_study::interrupt;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

/// Texts that follow each other within this time are one message.
const TOGETHER_MS: i32 = 25;
/// A longer text is several messages.
const MOST: usize = 1 << 20;
/// How long a flush may take: a child process may print for ever.
const PATIENCE: Duration = Duration::from_secs(5);

/// Reads what is written to the file descriptors 1 and 2.
pub struct Capture {
    wake: Mutex<File>,
    flushed: Mutex<Receiver<()>>,
}

/// Receives a text and the name of its stream.
pub type Sink = Box<dyn FnMut(&'static str, String) + Send>;

impl Capture {
    /// Replaces both descriptors by pipes, and standard input by an empty one. Returns the earlier standard error,
    /// the log of whoever started the kernel, too.
    ///
    /// # Errors
    /// The system refuses a pipe or a thread.
    pub fn start(sink: Sink) -> io::Result<(Capture, File)> {
        // SAFETY: plain calls on descriptors of this process; results are checked.
        let log = unsafe {
            File::from(OwnedFd::from_raw_fd(checked(libc::fcntl(2, libc::F_DUPFD_CLOEXEC, 3))?))
        };
        let empty = File::open("/dev/null")?;
        // SAFETY: as above.
        unsafe { checked(libc::dup2(empty.as_raw_fd(), 0))? };
        let streams = [("stdout", piped(1)?), ("stderr", piped(2)?)];
        let (woken, wake) = pipe()?;
        let (acknowledge, flushed) = channel();
        let streams =
            streams.map(|(name, file)| Stream { name, file, rest: Vec::new(), open: true });
        let mut reader = Reader { streams, woken, acknowledge, sink };
        thread::Builder::new().name("streams".into()).spawn(move || {
            interrupt::block_signals();
            reader.read();
        })?;
        Ok((Capture { wake: Mutex::new(wake), flushed: Mutex::new(flushed) }, log))
    }

    /// Waits until everything that was written so far has been read.
    pub fn flush(&self) {
        let mut wake = self.wake.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let flushed = self.flushed.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        // One that took too long is answered late.
        while flushed.try_recv().is_ok() {}
        if wake.write_all(&[0]).is_ok() {
            let _ = flushed.recv_timeout(PATIENCE);
        }
    }
}

struct Stream {
    name: &'static str,
    file: File,
    /// The beginning of a character whose end is still to come.
    rest: Vec<u8>,
    open: bool,
}

struct Reader {
    streams: [Stream; 2],
    woken: File,
    acknowledge: Sender<()>,
    sink: Sink,
}

impl Reader {
    fn read(&mut self) {
        loop {
            // A negative descriptor is not waited for.
            let fd = |stream: &Stream| if stream.open { stream.file.as_raw_fd() } else { -1 };
            wait(&self.streams.each_ref().map(fd), self.woken.as_raw_fd(), -1);
            // What follows at once comes along, unless somebody waits.
            wait(&[], self.woken.as_raw_fd(), TOGETHER_MS);
            let mut asked = [0; 64];
            let asked = self.woken.read(&mut asked).unwrap_or(0);
            for stream in &mut self.streams {
                let text = stream.take();
                if !text.is_empty() {
                    (self.sink)(stream.name, text);
                }
            }
            if asked > 0 && self.acknowledge.send(()).is_err() {
                return;
            }
        }
    }
}

impl Stream {
    /// What has been written, up to the last whole character.
    fn take(&mut self) -> String {
        let mut bytes = std::mem::take(&mut self.rest);
        let mut buffer = vec![0; 1 << 16];
        while self.open && bytes.len() < MOST {
            match self.file.read(&mut buffer) {
                Ok(0) => self.open = false,
                Ok(count) => bytes.extend_from_slice(&buffer[..count]),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        self.rest = bytes.split_off(whole(&bytes));
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// The length of the text without an unfinished character at its end.
fn whole(bytes: &[u8]) -> usize {
    let start = bytes.len().saturating_sub(3);
    let lead = bytes[start..].iter().rposition(|byte| byte & 0xC0 != 0x80).map(|at| start + at);
    let Some(lead) = lead else { return bytes.len() };
    let length = match bytes[lead] {
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => 1,
    };
    if lead + length > bytes.len() { lead } else { bytes.len() }
}

/// Waits until one can be read, for at most `ms` milliseconds; -1: for ever.
fn wait(files: &[RawFd], woken: RawFd, ms: i32) {
    let all = files.iter().chain([&woken]);
    let mut polled: Vec<_> =
        all.map(|&fd| libc::pollfd { fd, events: libc::POLLIN, revents: 0 }).collect();
    // SAFETY: the pointer and the length are those of the list.
    unsafe { libc::poll(polled.as_mut_ptr(), polled.len() as libc::nfds_t, ms) };
}

/// Replaces a descriptor by a pipe, and returns the end to read.
fn piped(descriptor: RawFd) -> io::Result<File> {
    let (read, write) = pipe()?;
    // SAFETY: both descriptors are open.
    unsafe { checked(libc::dup2(write.as_raw_fd(), descriptor))? };
    // A larger pipe is only welcome.
    #[cfg(target_os = "linux")]
    // SAFETY: the descriptor is open.
    unsafe {
        libc::fcntl(descriptor, libc::F_SETPIPE_SZ, MOST);
    }
    Ok(read)
}

/// A pipe that children do not inherit, whose end to read does not wait.
fn pipe() -> io::Result<(File, File)> {
    let (read, write) = io::pipe()?;
    // SAFETY: the descriptor is open.
    unsafe { checked(libc::fcntl(read.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK))? };
    Ok((File::from(OwnedFd::from(read)), File::from(OwnedFd::from(write))))
}

fn checked(result: i32) -> io::Result<i32> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_not_torn() {
        let text = "aé€😀".as_bytes();
        let ends: Vec<usize> = (0..=text.len()).map(|end| whole(&text[..end])).collect();
        assert_eq!(ends, [0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10]);
        assert_eq!(whole(b"\x80\x80\x80\x80"), 4);
        assert_eq!(whole(b"a\xff"), 2);
    }
}
