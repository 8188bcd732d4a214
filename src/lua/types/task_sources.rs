//! The sources of a task's rows: local files, files on the Hub, or lists of tables.

use crate::options::{Options, kind};
use crate::words::in_words;
use crate::{Error, Result};
use compt_base::data::{DataFile, Source, Sources};
use compt_base::files::intact;
use compt_error::Context;
use compt_study::hub::{Hub, RepoId, included};
use mlua::{Lua, LuaSerdeExt, Table, Value};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The prefix of Hub paths, as in Hugging Face's libraries.
const HUB: &str = "hf://";

/// Reads `files`, `hub` or `rows` of a task's table.
pub fn sources(lua: &Lua, o: &Options, call: &str, folder: Option<&Path>) -> mlua::Result<Sources> {
    let files: Option<Value> = o.get(lua, "files")?;
    let hub: Option<Value> = o.get(lua, "hub")?;
    let rows: Option<Value> = o.get(lua, "rows")?;
    let given = match (files, hub, rows) {
        (Some(_), Some(hub), None) if folder.is_none() => ("hub", hub),
        (Some(files), _, None) => ("files", files),
        (None, Some(hub), None) => ("hub", hub),
        (None, None, Some(rows)) => ("rows", rows),
        _ => return Err(o.error("exactly one of 'files' and 'rows' must be set".to_string())),
    };
    let given = Options::new(&format!("{call}: {}", given.0), given.1)?;
    let train = given.need(lua, "train").and_then(|value| source(lua, o, value, folder))?;
    let optional =
        |key| given.get(lua, key)?.map(|value| source(lua, o, value, folder)).transpose();
    let sources = Sources { train, validation: optional("validation")?, test: optional("test")? };
    given.finish()?;
    Ok(sources)
}

fn source(lua: &Lua, o: &Options, value: Value, folder: Option<&Path>) -> mlua::Result<Source> {
    match value {
        Value::String(path) => Ok(Source::Files(files(o, &path.to_str()?, folder)?)),
        Value::Table(list) if list.get::<Value>(1)?.is_string() => {
            whole(o, &list)?;
            let paths = list.sequence_values::<String>();
            let found = paths.map(|path| files(o, &path?, folder));
            let found = found.collect::<mlua::Result<Vec<_>>>()?.concat();
            let real = |file: &DataFile| file.path.canonicalize().unwrap_or(file.path.clone());
            let known: Vec<PathBuf> = found.iter().map(real).collect();
            match (1..known.len()).find(|&i| known[..i].contains(&known[i])) {
                Some(i) => Err(o.error(format!("the file '{}' occurs twice", found[i].origin))),
                None => Ok(Source::Files(found)),
            }
        }
        Value::Table(rows) => {
            whole(o, &rows)?;
            let row = |(i, row): (usize, mlua::Result<Value>)| {
                let row = row?;
                let got = kind(&row);
                lua.from_value(row).map_err(|e| {
                    let why = match &got[..] {
                        "table" => in_words(&e).unwrap_or_default(),
                        other => format!("it is a {other}"),
                    };
                    let row = i + 1;
                    o.error(format!("a row must be a table of named values: row {row}: {why}"))
                })
            };
            let rows = rows.sequence_values::<Value>().enumerate().map(row);
            rows.collect::<mlua::Result<_>>().map(Source::Rows)
        }
        other => Err(o.error(format!("expected a path or a list of rows, got a {}", kind(&other)))),
    }
}

/// Refuses a list with a hole, or with named keys.
fn whole(o: &Options, list: &Table) -> mlua::Result<()> {
    let first = list.sequence_values::<Value>().count();
    for pair in list.pairs::<Value, Value>() {
        let (key, _) = pair?;
        if key.as_i64().is_none_or(|i| i < 1 || i > first as i64) {
            let key = match &key {
                Value::String(name) => format!("'{}'", name.to_string_lossy()),
                other => other.to_string()?,
            };
            return Err(o.error(format!(
                "a list of {first} has a value at {key}, too: element {} is nil, or the key is a \
                 name",
                first + 1
            )));
        }
    }
    Ok(())
}

/// The files of a path: the file itself, or the matching files on the Hub.
fn files(o: &Options, path: &str, folder: Option<&Path>) -> mlua::Result<Vec<DataFile>> {
    if let Some(rest) = path.strip_prefix(HUB) {
        return Ok(of_hub(rest).map_err(|e| e.at(path))?);
    }
    let file = Path::new(path);
    let path = match folder {
        Some(folder) => folder.join(file),
        None if file.is_absolute() => file.to_path_buf(),
        None => {
            return Err(o.error(format!("the folder of '{path}' is not known: set data = FOLDER")));
        }
    };
    Ok(local(path).map_err(|e| e.at(file.display()))?)
}

/// The file with exactly this name or, for a pattern, all matching files, sorted by name.
fn local(path: PathBuf) -> Result<Vec<DataFile>> {
    let is_pattern = path.to_string_lossy().contains(['*', '?']);
    let found = if is_pattern && !path.exists() { glob(&path)? } else { vec![path] };
    Ok(found
        .into_iter()
        .map(|path| DataFile { origin: path.display().to_string(), path })
        .collect())
}

/// The files that match a pattern, in which `*` matches any part of a name and `?` one character.
fn glob(pattern: &Path) -> Result<Vec<PathBuf>> {
    let mut found = vec![PathBuf::new()];
    for part in pattern.components() {
        let name = part.as_os_str().to_string_lossy();
        if !name.contains(['*', '?']) {
            found.iter_mut().for_each(|path| path.push(part));
            continue;
        }
        if name.contains("**") {
            return Err(Error::new("'**' is not supported in patterns")
                .hint("'*' matches any part of one name: folder/*/train-*.jsonl"));
        }
        let mut below = Vec::new();
        for folder in &found {
            // Another folder may match where this one does not.
            let Ok(names) = names_in(folder, name.starts_with('.')) else { continue };
            let fitting = included(&names, &[name.to_string()]).unwrap_or_default();
            below.extend(fitting.iter().map(|name| folder.join(name)));
        }
        found = below;
    }
    let mut found = found
        .into_iter()
        .filter_map(|path| match intact::is_there(&path) {
            Ok(is_there) => is_there.then_some(Ok(path)),
            Err(e) => Some(Err(e.hint("it matches the pattern"))),
        })
        .collect::<Result<Vec<PathBuf>>>()?;
    found.sort();
    match found.is_empty() {
        true => Err(Error::new("no file matches this pattern").hint(there_is(pattern))),
        false => Ok(found),
    }
}

/// The entries of a folder; hidden ones (with a leading dot) only if `hidden`.
fn names_in(folder: &Path, hidden: bool) -> std::io::Result<Vec<String>> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        names.extend(entry?.file_name().to_str().map(str::to_string));
    }
    names.retain(|name| name.starts_with('.') == hidden);
    Ok(names)
}

/// Some of the entries of the folder where a pattern begins.
fn there_is(pattern: &Path) -> String {
    const SOME: usize = 8;
    let whole = pattern
        .components()
        .take_while(|part| !part.as_os_str().to_string_lossy().contains(['*', '?']));
    let folder: PathBuf = whole.collect();
    let folder = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder };
    let Ok(mut names) = names_in(&folder, false) else {
        return format!("there is no folder '{}'", folder.display());
    };
    names.sort();
    let more = if names.len() > SOME { ", ..." } else { "" };
    names.truncate(SOME);
    format!("{} has: {}{more}", folder.display(), names.join(", "))
}

/// `datasets/org/name[@revision]/path`; `*` in the path matches any text, `%2F` in the revision is `/`.
fn of_hub(path: &str) -> Result<Vec<DataFile>> {
    let parts: Vec<&str> = path.splitn(4, '/').collect();
    let ["datasets", owner, name, pattern] = parts[..] else {
        return Err(Error::new("not the path of a dataset's file")
            .hint("for example hf://datasets/nyu-mll/glue/cola/train-*.parquet"));
    };
    let asked = RepoId::parse(&format!("datasets/{owner}/{}", name.replace("%2F", "/")))?;
    let name = pinned(&asked)?;
    let wanted = |names: &[String]| included(names, &[pattern.to_string()]);
    let hub = Hub::from_env()?;
    // A numbered series shows whether it is complete. For other files that match a pattern the Hub must be
    // asked.
    let trusted = hub.settings().offline || !pattern.contains('*');
    let missing = |folder: &Path| match fitting(folder, pattern) {
        Ok(found) if is_whole(&found, trusted) => Vec::new(),
        _ => vec![pattern.to_string()],
    };
    let snapshot = match hub.cached(&name) {
        Some(snapshot) if !trusted && !missing(&snapshot.folder).is_empty() => {
            hub.fetch(&name, wanted)?
        }
        _ => hub.get(&name, wanted, |folder: &Path| match fitting(folder, pattern) {
            Ok(found) if is_whole(&found, true) => Vec::new(),
            _ => vec![pattern.to_string()],
        })?,
    };
    PINNED.with_borrow_mut(|pinned| pinned.insert(asked.to_string(), snapshot.commit.clone()));
    let found = fitting(&snapshot.folder, pattern)?;
    let place = format!("{HUB}datasets/{}@{}", name.name, snapshot.commit);
    let file = |path: &String| DataFile {
        path: snapshot.folder.join(path),
        origin: format!("{place}/{path}"),
    };
    Ok(found.iter().map(file).collect())
}

thread_local! {
    /// The commits of the datasets read so far: all parts of a task use the same one.
    static PINNED: RefCell<BTreeMap<String, String>> = RefCell::default();
}

/// The dataset at the commit that was read before, if any.
fn pinned(asked: &RepoId) -> Result<RepoId> {
    let commit = PINNED.with_borrow(|pinned| pinned.get(&asked.to_string()).cloned());
    match commit {
        Some(commit) => RepoId { revision: None, ..asked.clone() }.at_revision(&commit),
        None => Ok(asked.clone()),
    }
}

/// The files of a snapshot that match a pattern, sorted by name.
fn fitting(folder: &Path, pattern: &str) -> Result<Vec<String>> {
    let mut names = Vec::new();
    files_below(folder, Path::new(""), &mut names).at(folder.display())?;
    let mut found = included(&names, &[pattern.to_string()])?;
    found.sort();
    Ok(found)
}

fn files_below(folder: &Path, below: &Path, names: &mut Vec<String>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder.join(below))? {
        let entry = entry?;
        let name = below.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => files_below(folder, &name, names)?,
            false => names.extend(name.to_str().map(str::to_string)),
        }
    }
    Ok(())
}

/// Whether every series (`train-00000-of-00003.parquet`) is complete, and all files belong to a series
/// unless others are `trusted`.
fn is_whole(found: &[String], trusted: bool) -> bool {
    let series = |name: &String| -> Option<(String, usize)> {
        let (before, after) = name.rsplit_once("-of-")?;
        let (title, _) = before.rsplit_once('-')?;
        Some((title.to_string(), after.split('.').next()?.parse().ok()?))
    };
    let mut parts: BTreeMap<(String, usize), usize> = BTreeMap::new();
    for name in found {
        match series(name) {
            Some(series) => *parts.entry(series).or_default() += 1,
            None if trusted => {}
            None => return false,
        }
    }
    !found.is_empty() && parts.iter().all(|((_, count), there)| there >= count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_is_whole_or_not() {
        let names = |n: usize| -> Vec<String> {
            (0..n).map(|i| format!("a/train-0000{i}-of-00003.parquet")).collect()
        };
        for trusted in [true, false] {
            assert!(is_whole(&names(3), trusted) && !is_whole(&names(2), trusted));
            assert!(!is_whole(&[], trusted));
            assert_eq!(is_whole(&["train.csv".to_string()], trusted), trusted);
        }
        let other = ["b/train-00000-of-00001.parquet".to_string()];
        assert!(is_whole(&[names(3), other.to_vec()].concat(), false));
        assert!(!is_whole(&[names(2), other.to_vec()].concat(), false));
    }

    #[test]
    fn paths_of_the_hub_name_a_dataset_and_a_file() {
        for wrong in ["models/a/b/c", "datasets/a/b", "datasets/a"] {
            let text = of_hub(wrong).unwrap_err().to_string();
            assert!(text.contains("not the path of a dataset's file"), "{text}");
        }
    }
}
