//! A cell's settings: plain data, and the files it names.

use super::refuse;
use crate::sweep::contents;
use crate::{Error, Result};
use mlua::{Lua, LuaSerdeExt, Table};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Settings as plain data, with sorted keys.
pub fn plain(lua: &Lua, settings: &Table) -> mlua::Result<Map<String, Value>> {
    for pair in settings.pairs::<mlua::Value, mlua::Value>() {
        let (key, value) = pair?;
        let plain: mlua::Result<Value> = lua.from_value(value.clone());
        if plain.is_err() {
            let key = key.to_string()?;
            let what = format!("settings are plain data: '{key}' is, or holds, a {}", kind(&value));
            return Err(refuse(what).hint("name what is to be made, and make it in 'run'").into());
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

/// What a setting is that is no plain data.
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

/// Fingerprints of files, each taken once.
pub struct Contents {
    /// The runs themselves do not count.
    out: PathBuf,
    known: BTreeMap<String, Option<String>>,
}

impl Contents {
    pub fn new(out: &Path) -> Contents {
        Contents { out: out.to_path_buf(), known: BTreeMap::new() }
    }

    /// Of the paths among these settings, and of these files.
    pub fn of(
        &mut self,
        settings: &Map<String, Value>,
        files: &[String],
    ) -> Result<BTreeMap<String, String>> {
        let mut found = BTreeMap::new();
        for file in files {
            if !Path::new(file).exists() {
                return Err(Error::new("there is no such file").at(file).at("compt.ablate: files"));
            }
        }
        let mut named = Vec::new();
        settings.values().for_each(|value| paths(value, &mut named));
        for path in named.into_iter().chain(files.iter().cloned()) {
            if !self.known.contains_key(&path) {
                let there = !path.is_empty() && Path::new(&path).exists();
                let print = there.then(|| contents(Path::new(&path), &self.out)).transpose()?;
                self.known.insert(path.clone(), print);
            }
            if let Some(Some(print)) = self.known.get(&path) {
                found.insert(path, print.clone());
            }
        }
        Ok(found)
    }
}

/// Texts: any may name a file.
fn paths(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(list) => list.iter().for_each(|value| paths(value, found)),
        Value::Object(map) => map.values().for_each(|value| paths(value, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn files_among_the_settings_count_with_their_content() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("rows.csv");
        std::fs::write(&file, "1").unwrap();
        let settings = json!({ "data": file, "method": "pt", "lr": { "source": 0.1 } });
        let settings = settings.as_object().unwrap();
        let fresh = || Contents::new(&folder.path().join("runs"));
        let of = || fresh().of(settings, &[]).unwrap();
        let before = of();
        assert_eq!(before.len(), 1);
        std::fs::write(&file, "2").unwrap();
        assert_ne!(of(), before);
        let missing = [folder.path().join("none").display().to_string()];
        let text = fresh().of(settings, &missing).unwrap_err().to_string();
        assert!(text.contains("there is no such file"), "{text}");
    }
}
