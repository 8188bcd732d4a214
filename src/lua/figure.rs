//! The figures of `compt.figures`: converts their tables to files.

use crate::Error;
use compt_study::plot::{Chart, pdf, png};
use mlua::{Lua, LuaSerdeExt, LuaString, Table};
use serde_json::Value;

/// A chart's description as the bytes of a file: `format` is "svg", "png" or "pdf".
///
/// # Errors
/// An unknown kind or field, lists of different lengths, panels that do not fit, a font that is not installed, a picture that
/// is too large, or a build without the feature `pictures`.
pub fn file(lua: &Lua, (figure, format): (Table, String)) -> mlua::Result<LuaString> {
    let chart = chart(lua, figure)?;
    let wrong = |what: String| mlua::Error::from(Error::new(what).at("figure"));
    let svg = chart.svg().map_err(wrong)?;
    let font = chart.layout.font.as_deref();
    let bytes = match format.as_str() {
        "png" => png(&svg, chart.layout.png_scale() as f32, font).map_err(wrong)?,
        "pdf" => pdf(&svg, font).map_err(wrong)?,
        _ => svg.into_bytes(),
    };
    lua.create_string(bytes)
}

fn chart(lua: &Lua, figure: Table) -> mlua::Result<Chart> {
    let value: Value = lua.from_value(mlua::Value::Table(figure))?;
    let wrong = |what: String| mlua::Error::from(Error::new(what).at("figure"));
    let chart: Chart = serde_json::from_value(in_lists(value)).map_err(|e| wrong(e.to_string()))?;
    chart.check().map_err(wrong)?;
    Ok(chart)
}

/// A chart's description as text for a terminal of this many columns; nil if a panel has no such form.
///
/// # Errors
/// An unknown kind or field, lists of different lengths, or panels that do not fit.
pub fn text(lua: &Lua, (figure, columns): (Table, usize)) -> mlua::Result<Option<String>> {
    Ok(chart(lua, figure)?.text(columns))
}

/// An empty Lua table is an empty list; `false` in a list is a missing value.
fn in_lists(value: Value) -> Value {
    match value {
        Value::Object(map) if map.is_empty() => Value::Array(Vec::new()),
        Value::Object(map) => map.into_iter().map(|(key, value)| (key, in_lists(value))).collect(),
        Value::Array(list) => {
            let missing =
                |value| if value == Value::Bool(false) { Value::Null } else { in_lists(value) };
            list.into_iter().map(missing).collect()
        }
        other => other,
    }
}
