//! A cell's settings: plain data, and the files they name.

use super::refuse;
use crate::{Error, Result};
use compt_base::notice;
use compt_error::nearest;
use compt_study::sweep::contents;
use mlua::{Lua, LuaSerdeExt, Table};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Settings as plain data, with sorted keys.
pub fn plain(lua: &Lua, settings: &Table) -> mlua::Result<Map<String, Value>> {
    for pair in settings.pairs::<mlua::Value, mlua::Value>() {
        let (key, value) = pair?;
        let plain: mlua::Result<Value> = lua.from_value(value.clone());
        if plain.is_err() {
            let key = key.to_string()?;
            let what =
                format!("settings are plain data: '{key}' is or contains a {}", kind(&value));
            return Err(refuse(what)
                .hint("use a name as the setting, and create the object in 'run'")
                .into());
        }
    }
    let value: Value = lua.from_value(mlua::Value::Table(settings.clone()))?;
    match value {
        Value::Object(map) if map.values().any(holds_null) => {
            Err(refuse("settings are plain data: a number must be finite").into())
        }
        Value::Object(mut map) => {
            map.sort_keys();
            Ok(map)
        }
        Value::Array(list) if list.is_empty() => Ok(Map::new()),
        _ => Err(refuse("settings are tables with names for keys").into()),
    }
}

/// The type of a setting that is not plain data.
fn kind(value: &mlua::Value) -> &'static str {
    match value {
        mlua::Value::Table(_) => "table with a function or an object in it",
        other => other.type_name(),
    }
}

/// JSON has no infinity and no NaN.
fn holds_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(list) => list.iter().any(holds_null),
        Value::Object(map) => map.values().any(holds_null),
        _ => false,
    }
}

/// Settings that always name files or folders.
const FILES: [&str; 2] = ["data", "backbone"];

/// Fingerprints of files, each computed once.
pub struct Contents {
    /// The folder of the runs, which is excluded.
    out: PathBuf,
    /// The settings that name files, and files that are always included.
    settings: BTreeSet<String>,
    /// The settings that the grid declares to be files.
    said: Vec<String>,
    files: Vec<String>,
    known: BTreeMap<String, Option<String>>,
    /// Settings whose text happens to be a path but was not declared as one, or was declared but is not a
    /// path; reported once.
    by_chance: BTreeSet<String>,
}

impl Contents {
    /// `files` are names of settings that are paths, and paths; `names` are all settings.
    pub fn new(out: &Path, files: &[String], names: &BTreeSet<String>) -> Result<Contents> {
        let (settings, files): (Vec<String>, Vec<String>) =
            files.iter().cloned().partition(|file| names.contains(file));
        for file in &files {
            if !Path::new(file).exists() {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                let hint = match nearest(file, &names) {
                    Some(near) => format!("a setting is called '{near}'"),
                    None => "'files' lists paths, and names of settings that are paths".to_string(),
                };
                let what = Error::new("there is no such file, and no such setting").at(file);
                return Err(what.at("compt.ablate: files").hint(hint));
            }
        }
        Ok(Contents {
            out: out.to_path_buf(),
            settings: settings.iter().cloned().chain(FILES.map(String::from)).collect(),
            said: settings,
            files,
            known: BTreeMap::new(),
            by_chance: BTreeSet::new(),
        })
    }

    /// The fingerprints of the paths that these settings name, and of the other files.
    pub fn of(&mut self, settings: &Map<String, Value>) -> Result<BTreeMap<String, String>> {
        let mut found = BTreeMap::new();
        let mut named = Named::default();
        named.look(settings, &self.settings);
        named.others.into_iter().for_each(|(name, text)| self.tell(name, &text));
        let files = self.files.iter().map(|file| (String::new(), file.clone()));
        for (name, path) in named.paths.into_iter().chain(files) {
            if !self.known.contains_key(&path) {
                let there = !path.is_empty() && Path::new(&path).exists();
                if !there && self.said.contains(&name) && self.by_chance.insert(name.clone()) {
                    notice::say(&format!(
                        "note: compt.ablate: the setting {name} = \"{path}\" is listed in 'files', \
                         but there is no such file"
                    ));
                }
                let print = there.then(|| contents(Path::new(&path), &self.out)).transpose()?;
                self.known.insert(path.clone(), print);
            }
            if let Some(Some(print)) = self.known.get(&path) {
                found.insert(path, print.clone());
            }
        }
        Ok(found)
    }

    /// Reports a setting whose text is an existing path that was not declared.
    fn tell(&mut self, name: String, text: &str) {
        if self.by_chance.contains(&name) || text.is_empty() || !Path::new(text).exists() {
            return;
        }
        let kind = if Path::new(text).is_dir() { "folder" } else { "file" };
        notice::say(&format!(
            "note: compt.ablate: the setting {name} = \"{text}\" is also the name of a {kind}; its \
             content is not part of the hash. If a run depends on it: files = {{ \"{name}\" }}"
        ));
        self.by_chance.insert(name);
    }
}

/// The texts in the settings.
#[derive(Default)]
struct Named {
    /// With the names of their settings, like the others.
    paths: Vec<(String, String)>,
    others: Vec<(String, String)>,
}

impl Named {
    fn look(&mut self, settings: &Map<String, Value>, files: &BTreeSet<String>) {
        for (name, value) in settings {
            self.take(name, value, files, files.contains(name));
        }
    }

    fn take(&mut self, name: &str, value: &Value, files: &BTreeSet<String>, is_file: bool) {
        match value {
            Value::String(text) if is_file => self.paths.push((name.to_string(), text.clone())),
            Value::String(text) => self.others.push((name.to_string(), text.clone())),
            Value::Array(list) => list.iter().for_each(|v| self.take(name, v, files, is_file)),
            Value::Object(map) if is_file => {
                map.values().for_each(|value| self.take(name, value, files, true));
            }
            Value::Object(map) => self.look(map, files),
            _ => {}
        }
    }
}

/// The names of settings, including nested ones.
pub fn names(settings: &Map<String, Value>, found: &mut BTreeSet<String>) {
    for (name, value) in settings {
        found.insert(name.clone());
        if let Value::Object(map) = value {
            names(map, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    /// The paths in the settings that are included.
    fn counted(settings: Value, files: &[&str], out: &Path) -> Result<Vec<String>> {
        let settings = map(settings);
        let mut known = BTreeSet::new();
        names(&settings, &mut known);
        let files: Vec<String> = files.iter().map(|file| file.to_string()).collect();
        let found = Contents::new(out, &files, &known)?.of(&settings)?;
        Ok(found.into_keys().collect())
    }

    #[test]
    fn files_that_settings_are_said_to_name_count_with_their_content() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("rows.csv");
        std::fs::write(&file, "1").unwrap();
        let settings = map(json!({ "data": file, "method": "pt", "lr": { "source": 0.1 } }));
        let of = || {
            let out = folder.path().join("runs");
            Contents::new(&out, &[], &BTreeSet::new()).unwrap().of(&settings).unwrap()
        };
        let before = of();
        assert_eq!(before.len(), 1);
        std::fs::write(&file, "2").unwrap();
        assert_ne!(of(), before);
    }

    #[test]
    fn a_text_is_a_path_only_where_that_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let (rows, words) = (folder.path().join("rows.csv"), folder.path().join("words"));
        std::fs::write(&rows, "1").unwrap();
        std::fs::create_dir(&words).unwrap();
        std::fs::write(words.join("a.txt"), "1").unwrap();
        let out = folder.path().join("runs");
        let shown = |path: &Path| path.display().to_string();
        let separators =
            json!({ "separator": "/", "tmp": "/tmp", "here": ["."], "lr": { "data_": "/" } });
        assert!(counted(separators, &[], &out).unwrap().is_empty());
        let settings = json!({ "train": rows, "task": { "data": [words], "name": "/" } });
        assert_eq!(counted(settings.clone(), &[], &out).unwrap(), [shown(&words)]);
        let both = counted(settings.clone(), &["train"], &out).unwrap();
        assert_eq!(both, [shown(&rows), shown(&words)]);
        let path = shown(&rows);
        assert_eq!(counted(json!({ "x": 1 }), &[&path], &out).unwrap(), [path]);
        let text = counted(settings, &["trian"], &out).unwrap_err().to_string();
        assert!(text.contains("no such file, and no such setting"), "{text}");
        assert!(text.contains("a setting is called 'train'"), "{text}");
    }
}
