//! Who works on a cell. A claim is a file that only one process can make, `claims/1`; where its
//! maker is gone it is taken over by making `claims/2`, and so on: no lock, no listing of folders,
//! nothing that a network file system leaves out.

use crate::error::Context;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// The folder of claims, below the cell's.
const FOLDER: &str = "claims";
/// A claim that says nothing is being written; after this long its maker died doing so.
const WRITING: Duration = Duration::from_secs(60);

/// A process, so that another one can tell whether it is still there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Owner {
    host: String,
    /// The host's boot: after another one no process is left.
    boot: String,
    pid: u32,
    /// When it began, in the kernel's ticks: its number may be another's by now.
    began: u64,
}

/// A cell that is this process's; given back when dropped.
#[derive(Debug)]
pub struct Claim {
    path: PathBuf,
    /// Those of processes that are gone, which this one took over.
    stale: Vec<PathBuf>,
}

/// Claims a cell; None where a process that is still there, or may be, has it.
pub fn claim(cell: &Path) -> Result<Option<Claim>> {
    let folder = cell.join(FOLDER);
    fs::create_dir_all(&folder).at(folder.display())?;
    let me = serde_json::to_vec(&Owner::this()).map_err(|e| Error::new(e.to_string()))?;
    let mut stale = Vec::new();
    let mut number = 0;
    loop {
        number += 1;
        let path = folder.join(number.to_string());
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(mut file) => {
                let mut claim = Claim { path, stale };
                file.write_all(&me).at(claim.path.display())?;
                // One that was stale may have gone, and be made anew by a process that began at 1.
                let taken = claim.stale.iter().any(|path| look(path) != Look::Stale);
                if taken {
                    claim.stale.clear();
                    return Ok(None);
                }
                return Ok(Some(claim));
            }
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
                match look(&path) {
                    Look::Held => return Ok(None),
                    Look::Stale => stale.push(path),
                    // It was given back between the two calls.
                    Look::Gone => (number, stale) = (0, Vec::new()),
                }
            }
            // The folder went with the cell's end, between two calls.
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(Error::from(e).at(path.display())),
        }
    }
}

/// Whether a process that is still there, or may be, works on a cell.
pub fn is_claimed(cell: &Path) -> bool {
    let folder = cell.join(FOLDER);
    let paths = (1..).map(|number: u32| folder.join(number.to_string()));
    paths.map(|path| look(&path)).take_while(|look| *look != Look::Gone).any(|l| l == Look::Held)
}

/// What is seen of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    /// Its maker is there, or may be.
    Held,
    Stale,
    Gone,
}

fn look(path: &Path) -> Look {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Look::Gone,
        Err(_) => return Look::Held,
    };
    let held = match serde_json::from_slice::<Owner>(&text) {
        Ok(owner) => owner.may_be_there(),
        Err(_) => {
            let written = fs::metadata(path).and_then(|meta| meta.modified());
            let age = written.ok().and_then(|at| SystemTime::now().duration_since(at).ok());
            age.is_none_or(|age| age < WRITING)
        }
    };
    if held { Look::Held } else { Look::Stale }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // The own one last: until then nobody begins anew at 1.
        self.stale.iter().chain([&self.path]).for_each(|path| drop(fs::remove_file(path)));
        if let Some(folder) = self.path.parent() {
            let _ = fs::remove_dir(folder);
        }
    }
}

impl Owner {
    fn this() -> Owner {
        let pid = std::process::id();
        Owner { host: host(), boot: boot(), pid, began: began(pid).unwrap_or(0) }
    }

    /// Of another host's process nothing is known: it may be there.
    fn may_be_there(&self) -> bool {
        self.host != host() || (self.boot == boot() && began(self.pid) == Some(self.began))
    }
}

fn host() -> String {
    first_line("/proc/sys/kernel/hostname")
}

fn boot() -> String {
    first_line("/proc/sys/kernel/random/boot_id")
}

fn first_line(path: &str) -> String {
    fs::read_to_string(path).map(|text| text.trim().to_string()).unwrap_or_default()
}

/// When a process began: the 22nd field of its `stat`, whose second may hold spaces.
fn began(pid: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = text.rsplit_once(')')?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    (fields.first() != Some(&"Z")).then(|| fields.get(19)?.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_one_s_until_it_is_given_back() {
        let folder = tempfile::tempdir().unwrap();
        let first = claim(folder.path()).unwrap().unwrap();
        assert!(claim(folder.path()).unwrap().is_none());
        assert!(is_claimed(folder.path()));
        drop(first);
        assert!(!is_claimed(folder.path()) && !folder.path().join(FOLDER).exists());
        assert!(claim(folder.path()).unwrap().is_some());
    }

    #[test]
    fn the_claim_of_a_process_that_is_gone_is_taken_over_by_one() {
        let folder = tempfile::tempdir().unwrap();
        let gone = Owner { pid: u32::MAX, ..Owner::this() };
        fs::create_dir(folder.path().join(FOLDER)).unwrap();
        fs::write(folder.path().join("claims/1"), serde_json::to_vec(&gone).unwrap()).unwrap();
        assert!(!is_claimed(folder.path()));
        let taken: Vec<_> = std::thread::scope(|scope| {
            let one = || scope.spawn(|| claim(folder.path()).unwrap());
            let all: Vec<_> = (0..8).map(|_| one()).collect();
            all.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(taken.iter().flatten().count(), 1);
    }

    #[test]
    fn another_host_s_process_may_be_there() {
        let me = Owner::this();
        assert!(me.may_be_there());
        assert!(Owner { host: "elsewhere".into(), pid: 0, ..me.clone() }.may_be_there());
        assert!(!Owner { boot: "before".into(), ..me.clone() }.may_be_there());
        assert!(!Owner { began: me.began + 1, ..me }.may_be_there());
    }
}
