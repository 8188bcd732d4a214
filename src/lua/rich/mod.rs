//! Forms of values beside text, as notebooks show them: HTML, LaTeX, pictures. A value has them if its metatable has
//! `__mime`, a function of the value and of the name of one form or nil, which returns { [type] = data }.

mod display;
pub mod html;

pub use display::{Displays, install};

use crate::Error;
use crate::repl::show::{self, Look, Shown};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mlua::{Function, Lua, Table, Value};
use serde_json::{Map, Value as Json};

/// Data by MIME type, without `text/plain`; pictures in Base64.
pub type Forms = Map<String, Json>;

/// The metamethod that returns the forms.
pub const MIME: &str = "__mime";
const HTML: &str = "text/html";

/// The names of forms, and their MIME types.
const NAMES: [(&str, &str); 8] = [
    ("text", "text/plain"),
    ("html", HTML),
    ("latex", "text/latex"),
    ("markdown", "text/markdown"),
    ("json", "application/json"),
    ("svg", "image/svg+xml"),
    ("png", "image/png"),
    ("pdf", "application/pdf"),
];

/// A value as text and, if the look asks for them, in its other forms.
pub fn shown(value: &Value, look: Look) -> mlua::Result<Shown> {
    let text = show::value(value, look)?;
    let forms = if look.rich { forms(value, None)? } else { Forms::new() };
    Ok(Shown { text, forms })
}

/// Several values below each other.
pub fn joined(mut values: Vec<Shown>) -> Shown {
    if values.len() == 1 {
        return values.remove(0);
    }
    let text = values.iter().map(|value| value.text.as_str()).collect::<Vec<_>>().join("\n");
    let mut forms = Forms::new();
    if values.iter().any(|value| value.forms.contains_key(HTML)) {
        let one = |value: &Shown| match value.forms.get(HTML).and_then(Json::as_str) {
            Some(html) => html.to_string(),
            None => format!("<pre>{}</pre>", html::escape(&value.text)),
        };
        forms.insert(HTML.into(), values.iter().map(one).collect::<Vec<_>>().join("\n").into());
    }
    Shown { text, forms }
}

/// Makes a table print as a text, and show as HTML in notebooks.
pub fn printed(lua: &Lua, table: &Table, text: String, html: String) -> mlua::Result<()> {
    let meta = lua.create_table()?;
    meta.set("__tostring", lua.create_function(move |_, _: Value| Ok(text.clone()))?)?;
    let forms = move |lua: &Lua, _: Value| lua.create_table_from([(HTML, html.clone())]);
    meta.set(MIME, lua.create_function(forms)?)?;
    table.set_metatable(Some(meta))
}

/// The forms of a value, or the one of this name if it has it.
fn forms(value: &Value, name: Option<&str>) -> mlua::Result<Forms> {
    let function: Option<Function> = match value {
        Value::Table(table) => match table.metatable() {
            Some(meta) => meta.raw_get(MIME)?,
            None => None,
        },
        Value::UserData(object) => match object.metatable() {
            Ok(meta) => meta.get(MIME)?,
            // Files have none that is accessible.
            Err(_) => None,
        },
        _ => None,
    };
    let Some(function) = function else { return Ok(Forms::new()) };
    let Some(found) = function.call::<Option<Table>>((value, name))? else {
        return Ok(Forms::new());
    };
    let mut forms = Forms::new();
    for pair in found.pairs::<String, mlua::LuaString>() {
        let (kind, data) = pair?;
        let is_text = kind.starts_with("text/") || kind.ends_with("+xml");
        let data = match &*kind {
            "text/plain" => continue,
            _ if is_text => Json::from(data.to_string_lossy()),
            kind if kind == "application/json" || kind.ends_with("+json") => {
                let wrong =
                    |e| Error::new(format!("'{MIME}' returned a text that is not JSON: {e}"));
                serde_json::from_slice(&data.as_bytes()).map_err(wrong)?
            }
            _ => Json::from(STANDARD.encode(&*data.as_bytes())),
        };
        forms.insert(kind, data);
    }
    Ok(forms)
}

/// The one form of this name.
///
/// # Errors
/// There is no such form, or the value does not have it.
fn only(value: &Value, name: &str, look: Look) -> mlua::Result<Shown> {
    let known = NAMES.map(|(name, _)| name);
    let Some((_, mime)) = NAMES.iter().find(|(known, _)| *known == name) else {
        return Err(Error::unknown("form", name, known).at("display").into());
    };
    let text = show::value(value, look)?;
    if name == "text" {
        return Ok(text.into());
    }
    let mut found = forms(value, Some(name))?;
    if let Some(data) = found.remove(*mime) {
        return Ok(Shown { text, forms: Forms::from_iter([(mime.to_string(), data)]) });
    }
    let has = |(name, mime): &&(&str, &str)| {
        forms(value, Some(name)).is_ok_and(|found| found.contains_key(*mime))
    };
    let others = NAMES.iter().filter(has).map(|(name, _)| *name);
    let others: Vec<&str> = std::iter::once("text").chain(others).collect();
    let what = format!("the value has no form '{name}': it has {}", others.join(", "));
    Err(Error::new(what).at("display").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const RICH: Look = Look { rich: true, ..Look::PLAIN };

    #[test]
    fn a_metatable_gives_the_forms() {
        let lua = Lua::new();
        let value: Value = lua
            .load(
                "return setmetatable({}, { __tostring = function() return 'me' end,
                   __mime = function(_, name)
                     return { ['text/html'] = '<b>me</b>', ['image/png'] = name == 'png' and 'a\\255' or nil }
                   end })",
            )
            .eval()
            .unwrap();
        let all = shown(&value, RICH).unwrap();
        assert_eq!((all.text.as_str(), &all.forms[HTML]), ("me", &Json::from("<b>me</b>")));
        assert!(shown(&value, Look::PLAIN).unwrap().forms.is_empty());
        assert_eq!(only(&value, "png", RICH).unwrap().forms["image/png"], Json::from("Yf8="));
        let refused = |name| only(&value, name, RICH).unwrap_err().to_string();
        assert!(refused("pdf").contains("no form 'pdf': it has text, html"), "{}", refused("pdf"));
        assert!(refused("pgn").contains("did you mean 'png'"), "{}", refused("pgn"));
        let both = joined(vec![all, Shown::from("<1>".to_string())]);
        assert_eq!(both.text, "me\n<1>");
        assert_eq!(both.forms[HTML], Json::from("<b>me</b>\n<pre>&lt;1&gt;</pre>"));
    }
}
