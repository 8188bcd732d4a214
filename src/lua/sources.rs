//! The texts of the chunks that were loaded, to show the line of an error as it was run.

use super::failure::Place;
use mlua::Lua;
use std::fs;

/// Name and text of every chunk, in the state's app data.
#[derive(Default)]
struct Sources(Vec<(String, String)>);

/// Notes a chunk's text.
pub fn record(lua: &Lua, name: &str, text: &str) {
    if lua.app_data_ref::<Sources>().is_none() {
        lua.set_app_data(Sources::default());
    }
    let mut sources = lua.app_data_mut::<Sources>().expect("it was just put there");
    sources.0.push((name.to_string(), text.to_string()));
}

/// The source line of a place, from the newest chunk of that name, or from the file if the script
/// loaded it by other means.
pub fn line(lua: &Lua, place: &Place) -> Option<String> {
    let recorded = lua.app_data_ref::<Sources>().and_then(|sources| {
        let newest = sources.0.iter().rev().find(|(name, _)| is_shown_as(name, &place.chunk));
        newest.map(|(_, text)| text.clone())
    });
    let text = recorded.or_else(|| fs::read_to_string(&place.chunk).ok())?;
    text.lines().nth(place.line.checked_sub(1)?).map(str::to_string)
}

/// Lua shows a long name by its end: `...ong/name.lua`.
fn is_shown_as(name: &str, shown: &str) -> bool {
    name == shown || shown.strip_prefix("...").is_some_and(|end| name.ends_with(end))
}
