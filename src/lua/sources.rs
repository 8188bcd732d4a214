//! The texts of the loaded chunks: to show the line of an error as it was run, and to find
//! the code that a function depends on.

use super::text;
use compt_base::files::source::{Source, sha256};
use mlua::{Function, Lua, Table};
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// A line of a Lua chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The chunk's name as Lua shows it.
    pub chunk: String,
    pub line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.chunk, self.line)
    }
}

impl Place {
    pub fn in_library(&self) -> bool {
        self.chunk.starts_with("stdlib/") || self.chunk.starts_with("__mlua")
    }
}

/// In the state's app data.
#[derive(Default)]
struct Sources {
    /// Name and text of every chunk.
    texts: Vec<(String, String)>,
    /// The files that scripts required, in that order.
    modules: Vec<Source>,
}

/// Records a chunk's text.
pub fn record(lua: &Lua, name: &str, text: &str) {
    if lua.app_data_ref::<Sources>().is_none() {
        lua.set_app_data(Sources::default());
    }
    let mut sources = lua.app_data_mut::<Sources>().expect("it was just put there");
    sources.texts.push((name.to_string(), text.to_string()));
}

/// Records a file that a script requires, with its text.
pub fn record_module(lua: &Lua, path: &str, text: &str) {
    record(lua, path, text);
    let mut sources = lua.app_data_mut::<Sources>().expect("it was just put there");
    sources.modules.push(Source::new(PathBuf::from(path), text.to_string()));
}

/// The files that scripts required, in that order.
pub fn modules(lua: &Lua) -> Vec<Source> {
    lua.app_data_ref::<Sources>().map(|sources| sources.modules.clone()).unwrap_or_default()
}

/// The SHA-256 of each file of a function's code, by path: the chunk that defines it and all files it
/// requires, directly or indirectly, found by their `require` calls. The embedded library is part of the
/// program and not included.
pub fn code_of(lua: &Lua, function: &Function) -> mlua::Result<BTreeMap<PathBuf, String>> {
    let own = function.info().source.unwrap_or_default();
    let mut needed = vec![own.strip_prefix(['@', '=']).unwrap_or(&own).to_string()];
    let mut hashes = BTreeMap::new();
    let mut at = 0;
    while at < needed.len() {
        if let Some(text) = text_of(lua, &needed[at]) {
            for name in required(&text) {
                let path = path_of(lua, name)?;
                needed.extend(path.filter(|path| !needed.contains(path)));
            }
            hashes.insert(PathBuf::from(&needed[at]), sha256(text.as_bytes()));
        }
        at += 1;
    }
    Ok(hashes)
}

/// A chunk's newest text as it was loaded; for a file that was not loaded, its content.
pub fn text_of(lua: &Lua, name: &str) -> Option<String> {
    let loaded = lua.app_data_ref::<Sources>().and_then(|sources| {
        sources.texts.iter().rev().find(|(known, _)| known == name).map(|(_, text)| text.clone())
    });
    loaded.or_else(|| text::read(Path::new(name)).ok())
}

/// The names in `require "name"`, `require 'name'` and `require("name")`.
fn required(text: &str) -> Vec<&str> {
    let calls = text.match_indices("require").filter_map(|(at, word)| {
        let rest = text[at + word.len()..].trim_start_matches([' ', '(']);
        let quote = rest.chars().next().filter(|c| ['"', '\''].contains(c))?;
        rest[1..].split_once(quote).map(|(name, _)| name)
    });
    calls.collect()
}

/// The path where `require` finds a module outside the library.
fn path_of(lua: &Lua, name: &str) -> mlua::Result<Option<String>> {
    let package: Table = lua.globals().get("package")?;
    let search: Function = package.get("searchpath")?;
    let (path, _): (Option<String>, Option<String>) =
        search.call((name, package.get::<String>("path")?))?;
    Ok(path)
}

/// The source line of a place, from the newest chunk with that name, or from the file if it was
/// loaded by other means.
pub fn line(lua: &Lua, place: &Place) -> Option<String> {
    let recorded = lua.app_data_ref::<Sources>().and_then(|sources| {
        let newest = sources.texts.iter().rev().find(|(name, _)| is_shown_as(name, &place.chunk));
        newest.map(|(_, text)| text.clone())
    });
    let text = recorded.or_else(|| text::read(Path::new(&place.chunk)).ok())?;
    text::without_mark(&text).lines().nth(place.line.checked_sub(1)?).map(str::to_string)
}

/// Lua abbreviates a long name to its end: `...ong/name.lua`.
fn is_shown_as(name: &str, shown: &str) -> bool {
    name == shown || shown.strip_prefix("...").is_some_and(|end| name.ends_with(end))
}
