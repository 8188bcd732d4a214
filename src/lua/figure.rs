//! The figures of `compt.figures`: converts their tables to SVG and PNG.

use crate::Error;
use compt_study::plot::{Chart, png};
use mlua::{Lua, LuaSerdeExt, Table};
use serde_json::Value;

/// PNG pixels per unit of the SVG.
const SCALE: f32 = 2.0;

/// The SVG of a chart's description.
///
/// # Errors
/// An unknown kind or field, or lists of different lengths.
pub fn svg(lua: &Lua, figure: Table) -> mlua::Result<String> {
    Ok(chart(lua, figure)?.svg())
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
/// Those of [`svg`].
pub fn text(lua: &Lua, (figure, columns): (Table, usize)) -> mlua::Result<Option<String>> {
    Ok(chart(lua, figure)?.text(columns))
}

/// The PNG of an SVG.
///
/// # Errors
/// A picture that is too large, or a build without the feature `png`.
pub fn picture(lua: &Lua, svg: String) -> mlua::Result<mlua::LuaString> {
    let bytes = png(&svg, SCALE).map_err(|e| Error::new(e).at("figure"))?;
    lua.create_string(bytes)
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
