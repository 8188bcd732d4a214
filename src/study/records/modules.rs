//! The files that a run's script has loaded, stored with the run: `modules.json` lists them, the texts are
//! `modules/SHA256.lua`.

use crate::{Error, Result};
use compt_base::files::atomic::write_atomic;
use compt_base::files::json::{read_json, write_json};
use compt_base::files::source::Source;
use compt_error::Context;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

/// The list of modules.
pub const LIST: &str = "modules.json";
/// The folder of the source texts, below the run's folder.
pub const TEXTS: &str = "modules";

/// The hint for a copy that was edited or removed.
pub const PUT_BACK: &str = "put the recorded text back, or run the study again into another folder";

#[derive(Serialize, Deserialize)]
struct Entry {
    file: PathBuf,
    sha256: String,
}

/// Writes the modules of a run, if there are any. Errors: a file cannot be written.
pub fn write(run: &Path, modules: &[Source]) -> Result<()> {
    if modules.is_empty() {
        return Ok(());
    }
    let folder = run.join(TEXTS);
    fs::create_dir_all(&folder).at(folder.display())?;
    for module in modules {
        write_atomic(&folder.join(format!("{}.lua", module.sha256)), module.text.as_bytes())?;
    }
    let entry = |m: &Source| Entry { file: m.path.clone(), sha256: m.sha256.clone() };
    let list: Vec<Entry> = modules.iter().map(entry).collect();
    write_json(&run.join(LIST), &serde_json::to_value(list).unwrap_or_default())
}

/// Reads the modules of a run; empty if its script loaded none.
///
/// # Errors
/// A record cannot be read, or a source text does not match its recorded hash.
pub fn read(run: &Path) -> Result<Vec<Source>> {
    let path = run.join(LIST);
    if !path.is_file() {
        return Ok(Vec::new());
    }
    let list: Vec<Entry> = serde_json::from_value(read_json(&path)?)
        .map_err(|e| Error::new(e.to_string()).at(path.display()))?;
    let copy = |hash: &str| run.join(TEXTS).join(format!("{hash}.lua"));
    let read = |entry: &Entry| copied(&entry.file, &copy(&entry.sha256), &entry.sha256);
    list.iter().map(read).collect::<Result<_>>().map_err(|e| e.hint(PUT_BACK))
}

/// Reads the copy of a source text that a run keeps.
///
/// # Errors
/// The copy cannot be read, or its SHA-256 is not `recorded`; the file and its copy are named.
pub fn copied(file: &Path, copy: &Path, recorded: &str) -> Result<Source> {
    let read = || -> Result<Source> {
        let text = fs::read_to_string(copy).at(copy.display())?;
        let source = Source::new(file.to_path_buf(), text);
        match source.sha256 == recorded {
            true => Ok(source),
            false => {
                Err(Error::new("the text is not the one that was recorded").at(copy.display()))
            }
        }
    };
    read().at(format!("the run's copy of {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_read_as_they_were_written_or_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert!(read(folder.path()).unwrap().is_empty());
        let modules = [Source::new("a/b.lua".into(), "return 1".into())];
        write(folder.path(), &modules).unwrap();
        assert_eq!(read(folder.path()).unwrap(), modules);
        let copy = folder.path().join(TEXTS).join(format!("{}.lua", modules[0].sha256));
        std::fs::write(copy, "return 2").unwrap();
        let text = read(folder.path()).unwrap_err().to_string();
        assert!(text.starts_with("the run's copy of a/b.lua: "), "{text}");
        assert!(text.contains("not the one that was recorded"), "{text}");
    }
}
