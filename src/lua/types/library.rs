//! Host functions for the library's Lua files.

use crate::Error;
use crate::rich::html;
use crate::session::refuse_trials;
use crate::{call, figure, grid, habits, recorded, report, stdlib};
use compt_base::files::atomic::write_atomic;
use compt_base::notice;
use compt_base::shown::one_line;
use compt_error::nearest;
use mlua::{Lua, LuaSerdeExt, Table};
use std::path::Path;

/// The internal module `compt.library`.
pub fn module(lua: &Lua) -> mlua::Result<Table> {
    let library = lua.create_table()?;
    library.set("known", call::function(lua, "compt.library.known", known)?)?;
    let near = |_: &Lua, (name, list): (String, Vec<String>)| {
        let list: Vec<&str> = list.iter().map(String::as_str).collect();
        Ok(nearest(&name, &list).map(String::from))
    };
    library.set("nearest", call::function(lua, "compt.library.nearest", near)?)?;
    let note = |_: &Lua, text: mlua::LuaString| {
        notice::say_once(&text.to_string_lossy());
        Ok(())
    };
    library.set("note", call::function(lua, "compt.library.note", note)?)?;
    let modules = call::function(lua, "compt.library.modules", |_, folder: String| {
        Ok(stdlib::modules_in(&folder))
    })?;
    library.set("modules", modules)?;
    library.set("ablate", call::function(lua, "compt.ablate", grid::ablate)?)?;
    library.set("search", call::function(lua, "compt.search", grid::ablate)?)?;
    let refuse = |lua: &Lua, what: String| Err::<(), _>(refuse_trials(lua, Error::new(what)));
    library.set("refuse_trials", call::function(lua, "compt.search", refuse)?)?;
    library
        .set("is_planned", call::function(lua, "compt.library.is_planned", grid::is_planned)?)?;
    library.set("runs", call::function(lua, "compt.runs", recorded::runs)?)?;
    library.set("details", call::function(lua, "compt.library.details", recorded::details)?)?;
    library.set("answers", call::function(lua, "compt.library.answers", recorded::answers)?)?;
    let row_scores = call::function(lua, "compt.library.row_scores", recorded::row_scores)?;
    library.set("row_scores", row_scores)?;
    library.set("html_table", call::function(lua, "compt.library.html_table", html_table)?)?;
    library.set("figure_file", call::function(lua, "compt.figures", figure::file)?)?;
    library.set("plot_text", call::function(lua, "compt.figures", figure::text)?)?;
    library.set("curve", call::function(lua, "compt.library.curve", recorded::curve)?)?;
    library.set("recorded", call::function(lua, "compt.library.recorded", recorded::names)?)?;
    library.set("newest", call::function(lua, "compt.library.newest", recorded::newest)?)?;
    library.set("table_rows", call::function(lua, "runs:rows", recorded::table_rows)?)?;
    library.set("table_bytes", call::function(lua, "runs:export", recorded::table_bytes)?)?;
    let plain = |_: &Lua, text: String| Ok(one_line(&text).into_owned());
    library.set("plain", call::function(lua, "compt.library.plain", plain)?)?;
    library.set("write", call::function(lua, "compt.library.write", write)?)?;
    library.set("write_page", call::function(lua, "compt.report.page", report::write_page)?)?;
    library.set("json", call::function(lua, "compt.library.json", json)?)?;
    Ok(library)
}

type HtmlTable = (String, Vec<String>, Vec<Vec<String>>, usize);

fn html_table(_: &Lua, (caption, head, rows, names): HtmlTable) -> mlua::Result<String> {
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    Ok(html::table(&caption, &head, &rows, names))
}

/// Writes a file atomically; its folder is created.
fn write(_: &Lua, (path, content): (String, mlua::LuaString)) -> mlua::Result<()> {
    let path = Path::new(&path);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|e| Error::from(e).at(folder.display()))?;
    }
    Ok(write_atomic(path, &content.as_bytes())?)
}

/// A value as JSON, indented, with sorted keys.
fn json(lua: &Lua, value: mlua::Value) -> mlua::Result<String> {
    let mut value: serde_json::Value = lua.from_value(value)?;
    value.sort_all_objects();
    serde_json::to_string_pretty(&value).map_err(mlua::Error::external)
}

/// `known(kind, name, list, place)`: an error that names the nearest known name unless `name` is in the
/// list.
fn known(
    _: &Lua,
    (kind, name, list, place): (String, String, Vec<String>, String),
) -> mlua::Result<()> {
    if list.contains(&name) {
        return Ok(());
    }
    let list: Vec<&str> = list.iter().map(String::as_str).collect();
    let error = match habits::of_name(&place, &name) {
        Some(instead) => Error::new(format!("unknown {kind} '{name}'")).hint(instead),
        None if kind == "option" => habits::unknown_option(&name, &list),
        None => Error::unknown(&kind, &name, list),
    };
    Err(error.at(place).into())
}
