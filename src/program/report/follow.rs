//! `compt report RUN... --follow`: the page is served at 127.0.0.1, and made anew when runs have changed.

use crate::{Error, FAILED, Result, errors};
use compt_base::{output, stop};
use compt_error::Context;
use compt_lua::Runtime;
use compt_lua::report::{Content, template};
use compt_lua::session::Session;
use compt_study::interrupt;
use compt_study::records::catalog;
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
/// Runs end without a change of a file, too: when their process is killed.
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
        server.publish(&content.title, content.parts);
        server.tell(None, left_out(folders).as_deref());
        output::line(server.address());
        page.keep_up(&server, files);
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
        content.map_err(|failure| Error::new(failure.to_string()))
    }

    /// Makes the page anew while it is open somewhere and files change, until a signal. What goes wrong is shown on the
    /// page, which keeps what it had.
    fn keep_up(&self, server: &Server, mut files: Stamps) {
        let (mut made, mut next) = (Instant::now(), Instant::now() + EVERY);
        while !stop::requested() {
            sleep(TICK);
            if Instant::now() < next || !server.is_watched() {
                continue;
            }
            let (began, now) = (Instant::now(), stamps(self.folders));
            if now != files || made.elapsed() > AT_LEAST_EVERY {
                match self.content() {
                    _ if stop::requested() => return,
                    Ok(content) => {
                        server.publish(&content.title, content.parts);
                        server.tell(None, left_out(self.folders).as_deref());
                    }
                    Err(problem) => server.tell(Some(&problem.to_string()), None),
                }
                (files, made) = (now, Instant::now());
            }
            next = Instant::now() + EVERY.max(began.elapsed() * SHARE);
        }
    }
}

/// Which runs cannot be read, and why.
fn left_out(folders: &[PathBuf]) -> Option<String> {
    let found = catalog::find(folders).unwrap_or_default();
    let damaged = found.iter().filter_map(|run| Some(format!("{}: {}", run.name(), run.damage()?)));
    let damaged: Vec<String> = damaged.collect();
    (!damaged.is_empty()).then(|| format!("Left out, because damaged: {}", damaged.join("; ")))
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
