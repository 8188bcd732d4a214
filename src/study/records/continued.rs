//! A cell that goes on with the runs of another cell.

use super::folder::{CHECKPOINTS, CONFIG, ENVIRONMENT, EVALUATIONS, METRICS, SCRIPT, SESSION};
use super::{events, modules};
use crate::Result;
use compt_base::files::json::{path_value, read_json, write_json};
use compt_error::Context;
use serde_json::Value;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// The records that a run needs to be resumed.
const NEEDED: [&str; 10] = [
    CONFIG,
    ENVIRONMENT,
    SCRIPT,
    METRICS,
    EVALUATIONS,
    CHECKPOINTS,
    events::LINES,
    events::TEXTS,
    modules::LIST,
    modules::TEXTS,
];

/// Copies the runs of the cell `from`, without their results, to the cell `to`, where they are resumed. `cell` and
/// `id` are the cell and the session in their `session.json`, which is written last: what a killed process has left
/// is not a run, and is copied again. Does nothing if `to` has a run, or `from` has none.
///
/// # Errors
/// A record cannot be read or written.
pub fn continue_runs(from: &Path, to: &Path, cell: &Value, id: &str) -> Result<()> {
    if !runs_of(to).is_empty() {
        return Ok(());
    }
    for run in runs_of(from) {
        let copy = run.strip_prefix(from).map_or_else(|_| to.to_path_buf(), |name| to.join(name));
        fs::create_dir_all(&copy).at(copy.display())?;
        NEEDED.iter().try_for_each(|name| copied(&run.join(name), &copy.join(name)))?;
        let mut session = read_json(&run.join(SESSION))?;
        session["cell"] = cell.clone();
        session["session"] = id.into();
        session["out"] = path_value(to);
        write_json(&copy.join(SESSION), &session)?;
    }
    Ok(())
}

/// The runs in the folder of a cell: the first trainer's, and those below of trainers with a name.
fn runs_of(cell: &Path) -> Vec<PathBuf> {
    let below = fs::read_dir(cell).into_iter().flatten().flatten().map(|entry| entry.path());
    let all = below.chain([cell.to_path_buf()]);
    all.filter(|path| path.join(SESSION).is_file()).collect()
}

/// Copies a file, or the files of a folder, if there are any.
fn copied(from: &Path, to: &Path) -> Result<()> {
    if from.is_dir() {
        fs::create_dir_all(to).at(to.display())?;
        for entry in fs::read_dir(from).at(from.display())? {
            let path = entry.at(from.display())?.path();
            copied(&path, &to.join(path.file_name().unwrap_or_default()))?;
        }
    } else if from.is_file() {
        fs::copy(from, to).at(from.display())?;
        File::open(to).and_then(|file| file.sync_all()).at(to.display())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::folder::RESULT;
    use serde_json::json;

    #[test]
    fn what_is_left_of_a_broken_copy_is_copied_again() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("a"), folder.path().join("b"));
        let write = |path: PathBuf, text: &str| {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write(from.join(CONFIG), "{}");
        write(from.join(METRICS), "1\n2\n");
        write(from.join(RESULT), "{}");
        write(from.join("cell.json"), "{}");
        write(from.join(CHECKPOINTS).join("step-2.safetensors"), "state");
        write(from.join(SESSION), r#"{ "session": "x", "trainer": 1, "cell": { "id": "a" } }"#);
        write(from.join("teacher").join(SESSION), r#"{ "session": "x", "trainer": 2 }"#);
        write(to.join(METRICS), "1\n");
        write(to.join("cell.json"), "the other's");
        let cell = json!({ "id": "b" });
        let go_on = || continue_runs(&from, &to, &cell, "y").unwrap();
        go_on();
        let read = |name: &str| fs::read_to_string(to.join(name)).unwrap();
        assert_eq!(read(METRICS), "1\n2\n");
        assert_eq!(read("checkpoints/step-2.safetensors"), "state");
        assert_eq!(read("cell.json"), "the other's");
        assert!(!to.join(RESULT).exists());
        let session = read_json(&to.join(SESSION)).unwrap();
        assert_eq!((&session["cell"], &session["session"]), (&cell, &json!("y")));
        assert_eq!(read_json(&to.join("teacher").join(SESSION)).unwrap()["trainer"], 2);

        // A run that has gone on stays as it is.
        write(to.join(METRICS), "1\n2\n3\n");
        go_on();
        assert_eq!(read(METRICS), "1\n2\n3\n");
        continue_runs(&folder.path().join("none"), &folder.path().join("c"), &cell, "y").unwrap();
        assert!(!folder.path().join("c").exists());
    }
}
