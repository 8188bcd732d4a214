//! The owner of a grid cell, without locks or directory listings, so that it works on network file systems;
//! see `log`.

mod log;
mod owner;
#[cfg(test)]
mod simulation;

pub use log::Taken;
pub use owner::Owner;

use crate::{Error, Result};
use compt_error::Context;
use log::{Event, Files, Seen, end, last, take};
use std::fs::{self, File, OpenOptions};
use std::future::Future;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::task::{Context as Task, Poll, Waker};
use std::time::{Duration, SystemTime};

/// The folder of the log, below the cell's folder.
const FOLDER: &str = "claims";
/// The timeout for writing a log file. It is longer than the attribute cache of a network file system
/// (60 s) and than usual clock errors.
const WRITING: Duration = Duration::from_secs(600);

/// A claim on a cell, held by this process until it is finished or dropped.
#[derive(Debug)]
pub struct Claim {
    folder: PathBuf,
    number: u32,
    open: bool,
}

/// Claims a cell. Errors: the log cannot be read or written.
pub fn claim(cell: &Path) -> Result<Taken<Claim>> {
    let folder = cell.join(FOLDER);
    fs::create_dir_all(&folder).at(folder.display())?;
    let taken = at_once(take(&Folder(&folder), Owner::this(), Owner::is_gone))?;
    Ok(match taken {
        Taken::Mine(number) => Taken::Mine(Claim { folder, number, open: true }),
        Taken::Held => Taken::Held,
        Taken::Finished => Taken::Finished,
    })
}

/// The process that is, or may be, working on a cell.
pub fn holder(cell: &Path) -> Option<Owner> {
    claimant(cell).filter(|owner| !owner.seems_gone())
}

/// The last process with an open claim on the cell, alive or not.
pub fn claimant(cell: &Path) -> Option<Owner> {
    let folder = cell.join(FOLDER);
    match at_once(last(&Folder(&folder))) {
        Ok((_, Seen::Whole(Event::Claimed(owner)))) => Some(owner),
        _ => None,
    }
}

/// Releases a cell whose holder is known to be dead. Returns false if another process was faster.
/// Errors: the log cannot be written.
pub fn release(cell: &Path) -> Result<bool> {
    let folder = cell.join(FOLDER);
    let (number, _) = at_once(last(&Folder(&folder)))?;
    at_once(end(&Folder(&folder), number, Event::Released))
}

impl Claim {
    /// Whether this process still holds the cell, as far as it can see.
    pub fn holds(&self) -> bool {
        matches!(at_once(Folder(&self.folder).read(self.number + 1)), Ok(Seen::Nothing))
    }

    /// Marks the cell as complete. Returns false if another process has taken it over. Errors: the log
    /// cannot be written.
    pub fn finish(mut self) -> Result<bool> {
        self.open = false;
        at_once(end(&Folder(&self.folder), self.number, Event::Finished))
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if self.open {
            // If the release cannot be recorded, the end of this process has the same effect.
            let _ = at_once(end(&Folder(&self.folder), self.number, Event::Released));
        }
    }
}

/// A log on disk.
struct Folder<'a>(&'a Path);

impl Folder<'_> {
    fn path(&self, number: u32) -> PathBuf {
        self.0.join(number.to_string())
    }
}

impl Files for Folder<'_> {
    type Who = Owner;
    type Time = Duration;

    async fn read(&self, number: u32) -> Result<Seen> {
        let path = self.path(number);
        let text = match fs::read(&path) {
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Seen::Nothing),
            text => text.at(path.display())?,
        };
        if let Ok(event) = serde_json::from_slice(&text) {
            return Ok(Seen::Whole(event));
        }
        let written = fs::metadata(&path).and_then(|meta| meta.modified());
        let age = written.ok().and_then(|at| SystemTime::now().duration_since(at).ok());
        Ok(if age.is_some_and(|age| age > WRITING) { Seen::TornLongAgo } else { Seen::Torn })
    }

    async fn create(&self, number: u32) -> Result<Option<Duration>> {
        let path = self.path(number);
        let before = since_boot();
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(_) => Ok(Some(before)),
            Err(e) if e.kind() == ErrorKind::AlreadyExists => Ok(None),
            Err(e) => Err(Error::from(e).at(path.display())),
        }
    }

    async fn write(&self, number: u32, made: Duration, event: &Event) -> Result<bool> {
        let path = self.path(number);
        let text = serde_json::to_vec(event).map_err(|e| Error::new(e.to_string()))?;
        let write = || -> std::io::Result<()> {
            let mut file = File::options().write(true).open(&path)?;
            file.write_all(&text)?;
            file.sync_all()
        };
        write().at(path.display())?;
        Ok(since_boot() - made < WRITING / 2)
    }
}

#[cfg(target_os = "linux")]
const CLOCK: libc::clockid_t = libc::CLOCK_BOOTTIME;
/// That of macOS counts the time asleep.
#[cfg(not(target_os = "linux"))]
const CLOCK: libc::clockid_t = libc::CLOCK_MONOTONIC;

/// A clock that advances while the machine is suspended.
fn since_boot() -> Duration {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: a valid pointer to a timespec.
    unsafe { libc::clock_gettime(CLOCK, &mut now) };
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

/// The result of a future that never waits.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Task::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("files are read and written at once"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_one_s_until_it_is_given_back() {
        let folder = tempfile::tempdir().unwrap();
        let Taken::Mine(first) = claim(folder.path()).unwrap() else { panic!() };
        assert!(matches!(claim(folder.path()).unwrap(), Taken::Held));
        assert_eq!(holder(folder.path()).as_ref(), Some(Owner::this()));
        drop(first);
        assert_eq!(holder(folder.path()), None);
        let Taken::Mine(second) = claim(folder.path()).unwrap() else { panic!() };
        assert!(second.finish().unwrap());
        assert!(matches!(claim(folder.path()).unwrap(), Taken::Finished));
        assert_eq!(holder(folder.path()), None);
    }

    #[test]
    fn the_claim_of_a_process_that_is_gone_is_taken_over_by_one() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join(FOLDER);
        fs::create_dir(&log).unwrap();
        let mut gone = serde_json::to_value(Event::Claimed(Owner::this().clone())).unwrap();
        gone["claimed"]["pid"] = u32::MAX.into();
        fs::write(log.join("1"), gone.to_string()).unwrap();
        assert_eq!(holder(folder.path()), None);
        let taken: Vec<_> = std::thread::scope(|scope| {
            let one = || scope.spawn(|| claim(folder.path()).unwrap());
            let all: Vec<_> = (0..8).map(|_| one()).collect();
            all.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let mine = taken.into_iter().filter_map(|taken| match taken {
            Taken::Mine(claim) => Some(claim),
            _ => None,
        });
        let mut mine: Vec<Claim> = mine.collect();
        assert_eq!(mine.len(), 1);
        assert_eq!(mine[0].number, 2);
        // The claim was taken over, so dropping it must not write anything.
        fs::write(log.join("3"), gone.to_string()).unwrap();
        assert!(!mine.remove(0).finish().unwrap());
    }

    #[test]
    fn what_is_being_written_is_held() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join(FOLDER);
        fs::create_dir(&log).unwrap();
        fs::write(log.join("1"), "").unwrap();
        assert!(matches!(claim(folder.path()).unwrap(), Taken::Held));
        let long_ago = SystemTime::now() - 2 * WRITING;
        File::options().write(true).open(log.join("1")).unwrap().set_modified(long_ago).unwrap();
        assert!(matches!(claim(folder.path()).unwrap(), Taken::Mine(_)));
    }
}
