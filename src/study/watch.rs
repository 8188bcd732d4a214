//! Watches files for changes while the program runs.

use crate::Result;
use compt_base::files::bounded;
use compt_base::files::source::sha256;
use compt_error::Context;
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// Network file systems send no events, and a folder may be unavailable for a while: every file is also
/// polled at this interval.
const POLL: Duration = Duration::from_millis(200);
/// The time for a write to complete.
const SETTLE: Duration = Duration::from_millis(30);

/// The delay before a missing file is reported: editors and copies restore it sooner.
const AWAY: Duration = Duration::from_secs(1);

/// The maximum time for which a file may seem truncated after its last change: a save in place
/// empties a file first, and a slow file system takes time to fill it again.
pub const GRACE: Duration = Duration::from_secs(2);

/// Reports files whose content changed, from its own thread.
///
/// Their folders are watched, because editors write a new file and rename it over the old one, and the
/// files themselves are polled. A change of only the metadata is not reported; a missing file is reported
/// if it does not reappear.
pub struct Watch {
    wake: Sender<Wake>,
}

enum Wake {
    /// A file, and the hash of its known content.
    Add(PathBuf, Option<String>),
    Event(Vec<PathBuf>),
    Stop,
}

impl Watch {
    /// Calls `changed` with the path as it was added. Errors: no thread can be started.
    pub fn new(changed: impl FnMut(&Path) + Send + 'static) -> Result<Watch> {
        let (wake, woken) = channel();
        let mut files = Files { watcher: events(wake.clone()), ..Files::default() };
        thread::Builder::new()
            .name("watch".into())
            .spawn(move || files.follow(&woken, changed))
            .at("files cannot be watched")?;
        Ok(Watch { wake })
    }

    /// Watches a file, starting from its current content.
    pub fn add(&self, path: &Path) {
        self.add_from(path, hash(path));
    }

    /// Watches a file, starting from a content with this SHA-256; `None`: it did not exist.
    pub fn add_from(&self, path: &Path, sha256: Option<String>) {
        let _ = self.wake.send(Wake::Add(path.to_path_buf(), sha256));
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.wake.send(Wake::Stop);
    }
}

/// The system's events, if supported. Reads are left out, because each check would cause the next one.
fn events(wake: Sender<Wake>) -> Option<RecommendedWatcher> {
    notify::recommended_watcher(move |event: notify::Result<Event>| {
        if let Ok(event) = event
            && !matches!(event.kind, EventKind::Access(_))
        {
            let _ = wake.send(Wake::Event(event.paths));
        }
    })
    .ok()
}

#[derive(Default)]
struct Files {
    known: BTreeMap<PathBuf, Known>,
    watcher: Option<RecommendedWatcher>,
    folders: BTreeSet<PathBuf>,
}

struct Known {
    sha256: Option<String>,
    stamp: Option<Stamp>,
    away_since: Option<Instant>,
}

/// The metadata of a file: its identity, with links resolved, and its modification time.
#[derive(PartialEq)]
struct Stamp {
    device: u64,
    inode: u64,
    length: u64,
    modified: (i64, i64),
    /// The ctime of the inode, because the modification time can be set back.
    changed: (i64, i64),
}

impl Files {
    /// Reports changes until the watch is dropped.
    fn follow(&mut self, woken: &Receiver<Wake>, mut changed: impl FnMut(&Path)) {
        let mut next = Instant::now() + POLL;
        loop {
            let woke = woken.recv_timeout(next.saturating_duration_since(Instant::now()));
            let concerned: Vec<PathBuf> = match woke {
                Ok(Wake::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                Ok(Wake::Add(path, sha256)) => {
                    self.watch(&path);
                    self.known
                        .insert(path.clone(), Known { sha256, stamp: None, away_since: None });
                    vec![path]
                }
                Ok(Wake::Event(paths)) => self.named(&paths),
                Err(RecvTimeoutError::Timeout) => {
                    next = Instant::now() + POLL;
                    self.stamped_anew()
                }
            };
            for path in concerned {
                if self.is_news(&path) {
                    changed(&path);
                }
            }
        }
    }

    fn watch(&mut self, path: &Path) {
        let folder = path.parent().filter(|f| !f.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if let Some(watcher) = &mut self.watcher
            && self.folders.insert(folder.to_path_buf())
        {
            // If this fails, polling remains.
            let _ = watcher.watch(folder, RecursiveMode::NonRecursive);
        }
    }

    /// The files of an event, which may use another name for their folder.
    fn named(&self, paths: &[PathBuf]) -> Vec<PathBuf> {
        let is_named = |known: &&PathBuf| paths.iter().any(|p| p.file_name() == known.file_name());
        self.known.keys().filter(is_named).cloned().collect()
    }

    fn stamped_anew(&self) -> Vec<PathBuf> {
        let is_new =
            |(path, known): &(&PathBuf, &Known)| known.is_overdue() || known.stamp != stamp(path);
        self.known.iter().filter(is_new).map(|(path, _)| path.clone()).collect()
    }

    /// Whether the content of a file has changed, once it is stable.
    fn is_news(&mut self, path: &Path) -> bool {
        const LOOKS: usize = 10;
        let Some(known) = self.known.get_mut(path) else { return false };
        known.stamp = stamp(path);
        let mut now = hash(path);
        if now.is_none() {
            return known.is_gone();
        }
        known.away_since = None;
        for _ in 0..LOOKS {
            if now.is_none() || now == known.sha256 {
                return false;
            }
            thread::sleep(SETTLE);
            let later = hash(path);
            if later == now {
                break;
            }
            now = later;
        }
        known.sha256 = now;
        known.sha256.is_some()
    }
}

impl Known {
    /// Whether the file has been missing for longer than a save takes.
    fn is_overdue(&self) -> bool {
        self.away_since.is_some_and(|since| since.elapsed() > AWAY)
    }

    /// Whether a missing file is overdue; true once.
    fn is_gone(&mut self) -> bool {
        if self.sha256.is_none() {
            return false;
        }
        self.away_since.get_or_insert_with(Instant::now);
        let overdue = self.is_overdue();
        if overdue {
            (self.sha256, self.away_since) = (None, None);
        }
        overdue
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    let meta = fs::metadata(path).ok()?;
    Some(Stamp {
        device: meta.dev(),
        inode: meta.ino(),
        length: meta.len(),
        modified: (meta.mtime(), meta.mtime_nsec()),
        changed: (meta.ctime(), meta.ctime_nsec()),
    })
}

/// The SHA-256 of a file that exists.
fn hash(path: &Path) -> Option<String> {
    bounded::read(path, bounded::JSON).ok().map(|content| sha256(&content))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn watched(file: &Path) -> (Watch, Receiver<PathBuf>) {
        let (sender, receiver) = channel();
        let watch = Watch::new(move |path| sender.send(path.to_path_buf()).unwrap()).unwrap();
        watch.add(file);
        (watch, receiver)
    }

    #[test]
    fn a_change_is_reported_once_and_a_rename_over_the_file_is_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.lua");
        fs::write(&file, "one").unwrap();
        let (_watch, receiver) = watched(&file);
        let next = || receiver.recv_timeout(Duration::from_secs(20));
        fs::write(&file, "one").unwrap();
        fs::write(&file, "two").unwrap();
        assert_eq!(next().unwrap(), file);
        let other = folder.path().join("b");
        fs::write(&other, "three").unwrap();
        fs::rename(&other, &file).unwrap();
        assert_eq!(next().unwrap(), file);
        fs::remove_file(&file).unwrap();
        fs::write(&file, "four").unwrap();
        assert_eq!(next().unwrap(), file);
        assert!(receiver.recv_timeout(Duration::from_millis(500)).is_err());
    }

    #[test]
    fn a_file_that_stays_away_is_reported_once_and_so_is_its_return() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.lua");
        fs::write(&file, "one").unwrap();
        let (_watch, receiver) = watched(&file);
        fs::remove_file(&file).unwrap();
        assert_eq!(receiver.recv_timeout(Duration::from_secs(20)).unwrap(), file);
        assert!(receiver.recv_timeout(2 * AWAY).is_err(), "reported once");
        fs::write(&file, "one").unwrap();
        assert_eq!(receiver.recv_timeout(Duration::from_secs(20)).unwrap(), file);
    }

    /// As when a link to a release is switched: times and lengths of the files are equal.
    #[test]
    fn a_link_to_another_folder_is_a_change_of_its_files() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let then = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        for (name, text) in [("1", "one"), ("2", "two")] {
            fs::create_dir(at(name)).unwrap();
            let file = at(name).join("a.lua");
            fs::write(&file, text).unwrap();
            fs::File::options().write(true).open(&file).unwrap().set_modified(then).unwrap();
        }
        std::os::unix::fs::symlink("1", at("current")).unwrap();
        let file = at("current/a.lua");
        let (_watch, receiver) = watched(&file);
        std::os::unix::fs::symlink("2", at("next")).unwrap();
        fs::rename(at("next"), at("current")).unwrap();
        assert_eq!(receiver.recv_timeout(Duration::from_secs(20)).unwrap(), file);
        // Written in place, with its old time.
        fs::write(at("2/a.lua"), "two").unwrap();
        fs::write(at("2/a.lua"), "six").unwrap();
        fs::File::options().write(true).open(at("2/a.lua")).unwrap().set_modified(then).unwrap();
        assert_eq!(receiver.recv_timeout(Duration::from_secs(20)).unwrap(), file);
    }

    #[test]
    fn a_folder_that_is_made_anew_is_still_watched() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("below/a.lua");
        let (_watch, receiver) = watched(&file);
        for text in ["one", "two"] {
            fs::create_dir(file.parent().unwrap()).unwrap();
            fs::write(&file, text).unwrap();
            assert_eq!(receiver.recv_timeout(Duration::from_secs(20)).unwrap(), file);
            fs::remove_dir_all(file.parent().unwrap()).unwrap();
        }
    }

    /// Reading a file must not cause an event that makes it be read again.
    #[test]
    fn looking_does_not_wake_the_watch() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.lua");
        fs::write(&file, "one").unwrap();
        let (wake, woken) = channel();
        let mut watcher = events(wake).unwrap();
        watcher.watch(folder.path(), RecursiveMode::NonRecursive).unwrap();
        fs::write(&file, "two").unwrap();
        let woke = AtomicUsize::new(0);
        while woken.recv_timeout(Duration::from_millis(200)).is_ok() {
            assert!(woke.fetch_add(1, Ordering::Relaxed) < 50, "every look wakes the watch");
            hash(&file);
        }
        assert!(woke.into_inner() > 0, "the write was not seen");
    }
}
