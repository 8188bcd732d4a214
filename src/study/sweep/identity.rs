//! The identity of a cell as a hash of everything that determines its result.

use crate::progress::Gathering;
use crate::{Error, Result, interrupt};
use compt_base::files::source::{fingerprint_seen, sha256};
use compt_error::Context;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

/// Hexadecimal digits of an id: 2^48 ids are enough for 100,000 cells (a collision in 60,000 grids).
const DIGITS: usize = 12;

/// Everything that determines the result of a cell's run.
#[derive(Debug, Clone)]
pub struct Basis {
    pub settings: Map<String, Value>,
    /// The SHA-256 of the code that runs it.
    pub code: Arc<str>,
    /// The fingerprint of each file or folder that its settings name.
    pub data: BTreeMap<String, String>,
    /// The SHA-256 of the program.
    pub binary: Arc<str>,
    /// The relevant parts of the session: the values of `--set`, the seed, the device.
    pub session: Arc<Value>,
}

impl Basis {
    /// The id of the cell.
    pub fn id(&self) -> String {
        let whole = json!({
            "settings": canonical(&Value::Object(self.settings.clone())),
            "code": *self.code, "data": self.data, "binary": *self.binary,
            "session": canonical(&self.session),
        });
        sha256(whole.to_string().as_bytes())[..DIGITS].to_string()
    }
}

/// With sorted keys; 30 and 30.0 are the same number.
fn canonical(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let sorted: BTreeMap<&String, Value> =
                map.iter().map(|(key, value)| (key, canonical(value))).collect();
            json!(sorted)
        }
        Value::Array(list) => list.iter().map(canonical).collect(),
        Value::Number(n) => match n.as_f64() {
            Some(x) if x.fract() == 0.0 && x.abs() < 9e15 => json!(x as i64),
            _ => value.clone(),
        },
        other => other.clone(),
    }
}

/// The fingerprint of a file, or of all files below a folder except `without`. Entries without content
/// are skipped: broken links, which editors create beside a file that is being
/// edited, sockets, pipes and devices. Ctrl-C ends it, and progress is shown if it takes long.
/// Errors: a file cannot be read; it is named.
pub fn contents(path: &Path, without: &Path) -> Result<String> {
    let mut look = Look::new(path);
    let without = std::path::absolute(without).at(without.display())?;
    let mut files = Vec::new();
    look.walk(path, &without, &mut Vec::new(), &mut files)?;
    files.sort();
    look.read(&files)
}

/// The search of all files below a path.
struct Look {
    shown: String,
    tally: Gathering,
}

impl Look {
    fn new(path: &Path) -> Look {
        let shown = path.display().to_string();
        Look { tally: Gathering::new(&format!("{shown}: reading")), shown }
    }

    /// Finds the files; `above` are the resolved parent folders.
    fn walk(
        &mut self,
        path: &Path,
        without: &Path,
        above: &mut Vec<PathBuf>,
        files: &mut Vec<PathBuf>,
    ) -> Result<()> {
        let at = |e: io::Error| Error::from(e).at(path.display());
        unless_stopped().at(&self.shown)?;
        if std::path::absolute(path).map_err(at)? == without {
            return Ok(());
        }
        let kind = match fs::metadata(path) {
            Ok(meta) => meta.file_type(),
            // A broken or cyclic link, or a file that was just removed.
            Err(_) if !above.is_empty() => return Ok(()),
            Err(e) => return Err(at(e)),
        };
        if kind.is_file() {
            files.push(path.to_path_buf());
            self.tally.found(files.len());
        }
        if !kind.is_dir() {
            return Ok(());
        }
        let own = fs::canonicalize(path).map_err(at)?;
        // A link to a parent folder adds nothing.
        if above.contains(&own) {
            return Ok(());
        }
        above.push(own);
        for entry in fs::read_dir(path).map_err(at)? {
            self.walk(&entry.map_err(at)?.path(), without, above, files)?;
        }
        above.pop();
        Ok(())
    }

    fn read(&mut self, files: &[PathBuf]) -> Result<String> {
        let of = files.len();
        let (mut done, mut bytes) = (0, 0);
        let mut seen = |more: u64| {
            done += usize::from(more == 0);
            bytes += more;
            self.tally.read(done, of, bytes);
            unless_stopped()
        };
        fingerprint_seen(files, &mut seen).at(&self.shown)
    }
}

fn unless_stopped() -> io::Result<()> {
    match interrupt::requested() {
        true => Err(io::Error::other(interrupt::Interrupted.to_string())),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn basis(settings: Value) -> Basis {
        let settings = settings.as_object().unwrap().clone();
        Basis {
            settings,
            code: "c".into(),
            data: BTreeMap::new(),
            binary: "b".into(),
            session: Arc::default(),
        }
    }

    #[test]
    fn the_id_follows_from_what_the_cell_is_made_of() {
        let one = basis(json!({ "method": "ssum", "shots": 8 }));
        assert_eq!(one.id().len(), DIGITS);
        assert_eq!(one.id(), basis(json!({ "shots": 8.0, "method": "ssum" })).id());
        assert_ne!(one.id(), basis(json!({ "method": "ssum", "shots": 16 })).id());
        assert_ne!(one.id(), Basis { code: "d".into(), ..one.clone() }.id());
        assert_ne!(one.id(), Basis { binary: "d".into(), ..one.clone() }.id());
        let data = BTreeMap::from([("rows.csv".to_string(), "1".to_string())]);
        assert_ne!(one.id(), Basis { data, ..one.clone() }.id());
    }

    #[test]
    fn a_folder_has_the_content_of_its_files() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("a")).unwrap();
        let file = folder.path().join("a/rows.csv");
        std::fs::write(&file, "1").unwrap();
        let out = folder.path().join("runs");
        let of = || contents(folder.path(), &out).unwrap();
        let before = of();
        std::fs::create_dir(&out).unwrap();
        std::fs::write(out.join("result.json"), "1").unwrap();
        assert_eq!(of(), before);
        std::fs::write(&file, "2").unwrap();
        assert_ne!(of(), before);
    }

    #[test]
    fn what_holds_nothing_is_passed_over() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("rows.csv"), "1").unwrap();
        let of = || contents(folder.path(), &at("runs")).unwrap();
        let before = of();
        symlink("user@host.1234:1700000000", at(".#rows.csv")).unwrap();
        symlink("circle", at("circle")).unwrap();
        symlink(".", at("here")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
        let pipe = std::ffi::CString::new(at("pipe").to_str().unwrap()).unwrap();
        // SAFETY: a path that ends in a zero.
        assert_eq!(unsafe { libc::mkfifo(pipe.as_ptr(), 0o600) }, 0);
        assert_eq!(of(), before);
        symlink("rows.csv", at("link.csv")).unwrap();
        assert_ne!(of(), before, "a link to a file has its content");
        assert!(contents(&at("none"), &at("runs")).is_err());
    }

    /// Fixed: the folder name of a finished run contains it.
    #[test]
    fn the_fingerprint_of_a_folder_is_what_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("below")).unwrap();
        std::fs::write(at("below/b.txt"), "two\n").unwrap();
        std::fs::write(at("a.txt"), "one\n").unwrap();
        let found = contents(folder.path(), &at("runs")).unwrap();
        let mut bytes = Vec::new();
        for (name, text) in [("a.txt", "one\n"), ("b.txt", "two\n")] {
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(&(text.len() as u64).to_le_bytes());
            bytes.extend_from_slice(text.as_bytes());
        }
        assert_eq!(found, sha256(&bytes));
    }
}
