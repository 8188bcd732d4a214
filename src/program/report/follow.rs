//! `compt report RUN... --follow`: the page is served at 127.0.0.1, and made anew when runs have changed.

use crate::{Error, FAILED, Result, errors};
use compt_base::{output, stop};
use compt_error::Context;
use compt_lua::Runtime;
use compt_lua::report::{Content, template};
use compt_lua::session::Session;
use compt_study::interrupt;
use compt_study::records::catalog::{self, State};
use compt_study::report::Server;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How often runs are looked at while a page is open. Making the page takes at most one part in `SHARE` of the time,
/// because runs may train on the same cores.
const EVERY: Duration = Duration::from_secs(2);
const SHARE: u32 = 5;
/// A run that trains may end without a change of a file: when its process is killed.
const AT_LEAST_EVERY: Duration = Duration::from_secs(30);
const TICK: Duration = Duration::from_millis(100);
/// Folders of runs are at most this deep, and their files two levels below.
const DEPTH: usize = 6;

/// Serves the page until a signal ends the process.
pub fn follow(folders: &[PathBuf], title: Option<&str>, port: u16) -> ExitCode {
    if let Err(e) = interrupt::install().at("cannot listen for Ctrl-C") {
        return errors::refuse(&e);
    }
    let followed = errors::guard(|| -> Result<()> {
        let page = Followed { folders, title };
        let (files, content) = (stamps(folders), page.content()?);
        let server = Server::start(port, template()?)?;
        let trains = page.show(&server, content);
        output::line(server.address());
        page.keep_up(&server, files, trains);
        Ok(())
    });
    match followed {
        Some(_) if stop::requested() => ExitCode::from(interrupt::exit_code()),
        Some(Err(e)) => errors::refuse(&e),
        Some(Ok(())) => ExitCode::SUCCESS,
        None => ExitCode::from(FAILED),
    }
}

struct Followed<'a> {
    folders: &'a [PathBuf],
    title: Option<&'a str>,
}

impl Followed<'_> {
    /// In a new state: the library remembers what it has read of runs.
    fn content(&self) -> Result<Content> {
        let runtime = Runtime::with_session(Session::default())
            .map_err(|e| Error::new(e.to_string()).at("stdlib"))?;
        let content = runtime.report_content(self.folders, self.title);
        let content = content.map_err(|failure| Error::new(failure.to_string()))?;
        // One that went while its runs were read looks like one without runs.
        match self.folders.iter().find(|folder| !folder.is_dir()) {
            Some(gone) => Err(Error::new("no such folder").at(gone.display())),
            None => Ok(content),
        }
    }

    /// Shows a page, with the runs that it leaves out; returns whether one trains.
    fn show(&self, server: &Server, content: Content) -> bool {
        server.publish(&content.title, content.parts);
        let found = catalog::find(self.folders).unwrap_or_default();
        let damaged = found.iter().filter_map(|run| Some((run.name(), run.damage()?)));
        let damaged: Vec<String> = damaged.map(|(name, why)| format!("{name}: {why}")).collect();
        let note = format!("Left out, because damaged: {}", damaged.join("; "));
        server.tell(None, (!damaged.is_empty()).then_some(note.as_str()));
        found.iter().any(|run| run.state == State::Running)
    }

    /// Makes the page anew while it is open somewhere and files change, until a signal. What goes wrong is shown on the
    /// page, which keeps what it had.
    fn keep_up(&self, server: &Server, mut files: Stamps, mut trains: bool) {
        let (mut made, mut next) = (Instant::now(), Instant::now() + EVERY);
        while !stop::requested() {
            sleep(TICK);
            if Instant::now() < next || !server.is_watched() {
                continue;
            }
            let (began, now) = (Instant::now(), stamps(self.folders));
            if now != files || (trains && made.elapsed() > AT_LEAST_EVERY) {
                match self.content() {
                    _ if stop::requested() => return,
                    Ok(content) => trains = self.show(server, content),
                    Err(problem) => server.tell(Some(&problem.to_string()), None),
                }
                (files, made) = (now, Instant::now());
            }
            next = Instant::now() + EVERY.max(began.elapsed() * SHARE);
        }
    }
}

/// Length, time and inode of every file below some folders.
type Stamps = BTreeMap<PathBuf, (u64, i64, i64, u64)>;

fn stamps(folders: &[PathBuf]) -> Stamps {
    fn walk(folder: &Path, depth: usize, found: &mut Stamps) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let Ok(about) = entry.metadata() else { continue };
            if about.is_dir() && depth < DEPTH {
                walk(&entry.path(), depth + 1, found);
            }
            let stamp = (about.len(), about.mtime(), about.mtime_nsec(), about.ino());
            found.insert(entry.path(), stamp);
        }
    }
    let mut found = Stamps::new();
    folders.iter().for_each(|folder| walk(folder, 0, &mut found));
    found
}
