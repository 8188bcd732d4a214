//! Checks edits of a control file on a separate thread while the run continues.

use super::program::{Loaded, Loader, Origin, Touched};
use crate::{Error, Result};
use compt_base::files::source::Source;
use compt_core::train::control::Setting;
use compt_study::watch::{GRACE, Watch};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// Watches a control file and all files that it requires.
pub struct Checker {
    news: Receiver<News>,
    poke: Sender<Poke>,
}

/// A version of the file: its sources, if they are valid.
pub struct News {
    pub outcome: Result<Vec<Source>>,
}

enum Poke {
    /// A file has changed.
    Look,
    Stop,
}

impl Checker {
    /// Watches the file, starting from the sources of a version. Errors: no thread can be started.
    pub fn start(
        load: Loader,
        path: &Path,
        stages: &[Setting],
        from: &[Source],
    ) -> Result<Checker> {
        let (poke, poked) = channel();
        let (told, news) = channel();
        let waker = poke.clone();
        let watch = Watch::new(move |_| drop(waker.send(Poke::Look)))?;
        for source in from {
            watch.add_from(&source.path, Some(source.sha256.clone()));
        }
        let follow = Follow { load, path: path.to_path_buf(), stages: stages.to_vec(), watch };
        thread::Builder::new()
            .name("control".into())
            .spawn(move || follow.run(&poked, &told))
            .map_err(|e| Error::from(e).at("the control file cannot be followed"))?;
        Ok(Checker { news, poke })
    }

    /// The next checked version, if there is one.
    pub fn next(&self) -> Option<News> {
        self.news.try_recv().ok()
    }
}

impl Drop for Checker {
    fn drop(&mut self) {
        let _ = self.poke.send(Poke::Stop);
    }
}

/// The result of a check of the files.
struct Checked {
    outcome: Result<Vec<Source>>,
    touched: Vec<Touched>,
    is_unfinished: bool,
}

/// Loads and tries the current files. Files that seem to be truncated are read again for a short
/// time. Errors: the file is invalid.
pub fn check_whole(load: Loader, path: &Path, stages: &[Setting]) -> Result<Vec<Source>> {
    const PAUSE: Duration = Duration::from_millis(50);
    let mut checked = check(load, path, stages);
    let mut since = Instant::now();
    while checked.is_unfinished && since.elapsed() < GRACE {
        thread::sleep(PAUSE);
        let now = check(load, path, stages);
        if now.touched != checked.touched {
            since = Instant::now();
        }
        checked = now;
    }
    checked.outcome
}

/// Checks the files as they are. The loader bounds the time of a trial.
fn check(load: Loader, path: &Path, stages: &[Setting]) -> Checked {
    let Loaded { program, touched, is_unfinished } = load(path, Origin::Disk, stages);
    // The program itself belongs to this thread; only its sources are sent.
    let outcome = program.map(|program| program.sources().to_vec());
    Checked { outcome, touched, is_unfinished }
}

struct Follow {
    load: Loader,
    path: PathBuf,
    stages: Vec<Setting>,
    watch: Watch,
}

impl Follow {
    fn run(&self, poked: &Receiver<Poke>, told: &Sender<News>) {
        let mut before = Vec::new();
        // The deadline for a version that seems to be truncated.
        let mut until = None;
        loop {
            let woke = match until {
                None => poked.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(until) => {
                    let left = Instant::saturating_duration_since(&until, Instant::now());
                    poked.recv_timeout(left)
                }
            };
            let is_due = match woke {
                Ok(Poke::Look) => false,
                Err(RecvTimeoutError::Timeout) => true,
                Ok(Poke::Stop) | Err(RecvTimeoutError::Disconnected) => return,
            };
            // Several files that are saved together are one edit.
            if poked.try_iter().any(|poke| matches!(poke, Poke::Stop)) {
                return;
            }
            let Checked { outcome, touched, is_unfinished } =
                check(self.load, &self.path, &self.stages);
            for (path, sha256) in touched.clone() {
                self.watch.add_from(&path, sha256);
            }
            // A save during the last check may be reported twice.
            let is_known = !touched.is_empty() && touched == before;
            before = touched;
            if is_known && !is_due {
                continue;
            }
            if is_unfinished && !(is_due && is_known) {
                until = Some(Instant::now() + GRACE);
                continue;
            }
            until = None;
            if told.send(News { outcome }).is_err() {
                return;
            }
        }
    }
}
