//! A cache of the rows sampled from large files, so that the next run does not read them again.

use super::split::Splits;
use super::{Definition, Example, Form, LabelIs, Plan, Remarks, Source, Split};
use crate::Result;
use crate::files::atomic::write_atomic;
use crate::files::json::path_value;
use crate::files::source::sha256;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The version of the sampling algorithm.
const VERSION: u32 = 4;

/// The sampled rows, and the remarks on them.
#[derive(Debug, Serialize, Deserialize)]
pub struct Drawn {
    pub splits: Splits<Example>,
    pub remarks: Remarks,
}

/// Smaller files are as fast to read again.
const LARGE: u64 = 1 << 20;

/// The cache folder: `$COMPT_CACHE`, or `compt` in the system's cache folder; `None` if
/// the variable is empty.
pub fn folder() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("COMPT_CACHE") {
        return (!path.is_empty()).then(|| PathBuf::from(path).join("draws"));
    }
    let cache = std::env::var_os("XDG_CACHE_HOME").filter(|path| !path.is_empty());
    let cache = cache.map(PathBuf::from);
    let cache = cache.or_else(|| std::env::home_dir().map(|home| home.join(".cache")));
    Some(cache?.join("compt/draws"))
}

/// The cached files, and their total bytes.
pub fn kept() -> (Vec<PathBuf>, u64) {
    let entries = folder().and_then(|folder| fs::read_dir(folder).ok()).into_iter().flatten();
    let files = entries.flatten().map(|entry| entry.path());
    let files: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|kind| kind == "json")).collect();
    let size = files.iter().filter_map(|file| Some(fs::metadata(file).ok()?.len())).sum();
    (files, size)
}

/// The file name in the cache, a hash of all inputs: the files (path, inode, size, times of modification and
/// change), the conversion of rows to text, and the plan with its seed. `None` if there are no shots, the files
/// are small or were changed just now, or a function of a script makes the text.
pub fn key(task: &Definition, plan: &Plan) -> Option<String> {
    if !task.form.is_plain() || plan.shots.is_none() {
        return None;
    }
    let mut size = 0;
    let mut files = Vec::new();
    for split in Split::ALL {
        match task.sources.of(split) {
            Some(Source::Files(paths)) => {
                for file in paths {
                    let (bytes, identity) = identity(&file.path)?;
                    size += bytes;
                    files.push(json!([split.name(), identity]));
                }
            }
            Some(Source::Rows(_)) => return None,
            None => {}
        }
    }
    let form: &Form = &task.form;
    let what = json!({
        "version": VERSION, "task": task.name, "files": files, "form": form,
        "label_names": task.label_names, "class_names": task.class_names,
        "label_is": task.label_is.map(LabelIs::name), "missing": task.missing,
        "layout": task.layout, "small": task.small, "held_out": task.held_out(plan),
        "seed": plan.seed, "split_seed": plan.split_seed, "shots": plan.shots,
        "per": plan.per.name(), "max_test": plan.max_test, "keep": task.keep, "group": task.group,
        "each_target": task.each_target, "filter": task.filter,
    });
    (size >= LARGE).then(|| sha256(what.to_string().as_bytes()))
}

/// A file that is changed again within this time may keep its time of change, which advances with the
/// kernel's clock tick.
const TICK: Duration = Duration::from_millis(100);

fn identity(path: &Path) -> Option<(u64, Value)> {
    let path = fs::canonicalize(path).ok()?;
    let about = fs::metadata(&path).ok()?;
    let changed =
        Duration::new(about.ctime().try_into().ok()?, about.ctime_nsec().try_into().ok()?);
    let age = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.checked_sub(changed)?;
    let times = [about.mtime(), about.mtime_nsec(), about.ctime(), about.ctime_nsec()];
    let identity = json!([path_value(&path), about.dev(), about.ino(), about.len(), times]);
    (age > TICK).then_some((about.len(), identity))
}

/// The rows for this key, from the cache or `make`. A cache entry that is damaged, and a folder that cannot
/// be written, are ignored.
pub fn remembered(key: &str, make: impl FnOnce() -> Result<Drawn>) -> Result<Drawn> {
    let Some(folder) = folder() else { return make() };
    let file = folder.join(format!("{key}.json"));
    if let Some(drawn) = fs::read(&file).ok().and_then(|content| checked(&content)) {
        return Ok(drawn);
    }
    let drawn = make()?;
    if let Ok(text) = serde_json::to_vec(&drawn) {
        let content = [sha256(&text).as_bytes(), b"\n", &text].concat();
        let _ = fs::create_dir_all(&folder).map(|()| write_atomic(&file, &content));
    }
    Ok(drawn)
}

/// The rows of an entry whose hash, the first line, is that of the rest.
fn checked(content: &[u8]) -> Option<Drawn> {
    let at = content.iter().position(|byte| *byte == b'\n')?;
    let (hash, text) = (&content[..at], &content[at + 1..]);
    (hash == sha256(text).as_bytes()).then(|| serde_json::from_slice(text).ok())?
}
