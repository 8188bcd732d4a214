//! The texts of the chunks that were loaded: to show the line of an error as it was run, and to tell
//! what code a function depends on.

use super::failure::Place;
use crate::run::source::sha256;
use mlua::{Function, Lua};
use std::collections::BTreeMap;
use std::fs;

/// In the state's app data.
#[derive(Default)]
struct Sources {
    /// Name and text of every chunk.
    texts: Vec<(String, String)>,
    /// Which chunk's main part required which: not what functions require when they run.
    requires: Vec<(String, String)>,
}

/// Notes a chunk's text.
pub fn record(lua: &Lua, name: &str, text: &str) {
    if lua.app_data_ref::<Sources>().is_none() {
        lua.set_app_data(Sources::default());
    }
    let mut sources = lua.app_data_mut::<Sources>().expect("it was just put there");
    sources.texts.push((name.to_string(), text.to_string()));
    // 0 is the searcher, 1 `require`.
    let by = lua.inspect_stack(2, |frame| {
        let source = frame.source();
        let name = source.source.as_ref()?.strip_prefix('@')?.to_string();
        (source.what == "main").then_some(name)
    });
    if let Some(by) = by.flatten() {
        sources.requires.push((by, name.to_string()));
    }
}

/// The SHA-256 of the chunk that defines a function and of all that it required as it was loaded.
/// The embedded library is the program's.
pub fn code_sha256(lua: &Lua, function: &Function) -> String {
    let Some(sources) = lua.app_data_ref::<Sources>() else { return String::new() };
    let own = function.info().source.unwrap_or_default();
    let own = own.strip_prefix(['@', '=']).unwrap_or(&own).to_string();
    let mut needed = vec![own];
    let mut at = 0;
    while at < needed.len() {
        for (by, name) in &sources.requires {
            if *by == needed[at] && !needed.contains(name) {
                needed.push(name.clone());
            }
        }
        at += 1;
    }
    // By content: the same files elsewhere are the same code.
    let texts: BTreeMap<String, ()> = needed
        .iter()
        .filter_map(|name| sources.texts.iter().rev().find(|(known, _)| known == name))
        .map(|(_, text)| (sha256(text.as_bytes()), ()))
        .collect();
    sha256(texts.into_keys().collect::<Vec<_>>().join(" ").as_bytes())
}

/// The source line of a place, from the newest chunk of that name, or from the file if the script
/// loaded it by other means.
pub fn line(lua: &Lua, place: &Place) -> Option<String> {
    let recorded = lua.app_data_ref::<Sources>().and_then(|sources| {
        let newest = sources.texts.iter().rev().find(|(name, _)| is_shown_as(name, &place.chunk));
        newest.map(|(_, text)| text.clone())
    });
    let text = recorded.or_else(|| fs::read_to_string(&place.chunk).ok())?;
    text.lines().nth(place.line.checked_sub(1)?).map(str::to_string)
}

/// Lua shows a long name by its end: `...ong/name.lua`.
fn is_shown_as(name: &str, shown: &str) -> bool {
    name == shown || shown.strip_prefix("...").is_some_and(|end| name.ends_with(end))
}
