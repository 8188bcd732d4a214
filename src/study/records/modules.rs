//! The files that a run's script has loaded, stored with the run: `modules.json` lists them, the texts are
//! `modules/SHA256.lua`.

use crate::{Error, Result};
use compt_base::files::atomic::write_atomic;
use compt_base::files::json::{read_json, write_json};
use compt_base::files::source::{Source, sha256};
use compt_error::Context;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

/// The list of modules.
pub const LIST: &str = "modules.json";
/// The folder of the source texts, below the run's folder.
pub const TEXTS: &str = "modules";

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
    list.into_iter()
        .map(|Entry { file, sha256: recorded }| {
            let path = run.join(TEXTS).join(format!("{recorded}.lua"));
            let text = fs::read_to_string(&path).at(path.display())?;
            match sha256(text.as_bytes()) == recorded {
                true => Ok(Source { path: file, sha256: recorded, text }),
                false => {
                    Err(Error::new("the text is not the one that was recorded").at(path.display()))
                }
            }
        })
        .collect()
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
        assert!(text.contains("not the one that was recorded"), "{text}");
    }
}
