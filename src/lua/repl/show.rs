//! Formats values for the prompt: tables in Lua notation, large values abbreviated.

use crate::object;
use crate::rich::Forms;
use mlua::{Table, Value};

/// How values are formatted for the terminal.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    pub colour: bool,
    /// Characters per line.
    pub width: usize,
    /// Whether values have other forms beside text, as notebooks show them.
    pub rich: bool,
}

impl Look {
    /// Without a terminal.
    pub const PLAIN: Look = Look { colour: false, width: 100, rich: false };
}

/// What an input or `display` shows.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Shown {
    pub text: String,
    /// Its other forms; none without [`Look::rich`].
    pub forms: Forms,
}

impl From<String> for Shown {
    fn from(text: String) -> Shown {
        Shown { text, forms: Forms::new() }
    }
}

/// The maximum depth of tables that are expanded.
const DEEP: usize = 4;
/// The maximum number of elements shown of one table.
const MANY: usize = 40;
/// The maximum number of characters of a string inside a table.
const LONG: usize = 200;
/// The maximum number of characters of a string on its own; `print` shows the whole.
const LONGEST: usize = 10_000;

/// A value on its own.
pub fn value(value: &Value, look: Look) -> mlua::Result<String> {
    match value {
        // Text of several lines is a table or a report, shown unchanged.
        Value::String(text) if text.to_string_lossy().contains('\n') => {
            let lines = text.to_string_lossy();
            let visible = |c: &char| !c.is_control() || "\n\t".contains(*c);
            Ok(shortened(&lines, LONGEST).chars().filter(visible).collect())
        }
        Value::String(text) => Ok(quoted(&shortened(&text.to_string_lossy(), LONGEST))),
        Value::UserData(userdata) => object::summary(userdata, look.colour),
        value => nested(value, look, 0, &mut Vec::new()),
    }
}

fn nested(value: &Value, look: Look, depth: usize, above: &mut Vec<Table>) -> mlua::Result<String> {
    match value {
        Value::String(text) => Ok(quoted(&shortened(&text.to_string_lossy(), LONG))),
        Value::UserData(userdata) => {
            let summary = object::summary(userdata, false)?;
            Ok(summary.lines().next().unwrap_or_default().to_string())
        }
        Value::Table(table) if has_text(table)? => value.to_string(),
        Value::Table(table) if above.contains(table) => Ok("{ ... itself ... }".to_string()),
        Value::Table(table) if depth == DEEP => {
            Ok(if table.is_empty() { "{}" } else { "{ ... }" }.to_string())
        }
        Value::Table(table) => {
            above.push(table.clone());
            let text = self::table(table, look, depth, above);
            above.pop();
            text
        }
        Value::Function(_) => Ok("function".to_string()),
        value => value.to_string(),
    }
}

fn has_text(table: &Table) -> mlua::Result<bool> {
    Ok(match table.metatable() {
        Some(meta) => !meta.raw_get::<Value>("__tostring")?.is_nil(),
        None => false,
    })
}

fn table(table: &Table, look: Look, depth: usize, above: &mut Vec<Table>) -> mlua::Result<String> {
    let length = table.raw_len();
    let mut parts = Vec::new();
    for i in 1..=length.min(MANY) {
        parts.push(nested(&table.raw_get(i)?, look, depth + 1, above)?);
    }
    if length > MANY {
        parts.push(format!("... {} more", length - MANY));
    }
    let mut named = Vec::new();
    let mut others = 0;
    for pair in table.pairs::<Value, Value>() {
        let (key, value) = pair?;
        if matches!(key, Value::Integer(i) if (1..=length as i64).contains(&i)) {
            continue;
        }
        others += 1;
        // All keys are needed to show the first ones in order; a huge table is not sorted.
        if others <= 1000 {
            named.push((key_text(&key)?, value));
        }
    }
    named.sort_by(|a, b| a.0.cmp(&b.0));
    for (key, value) in named.iter().take(MANY) {
        let room = Look { width: look.width.saturating_sub(key.chars().count() + 4), ..look };
        parts.push(format!("{key} = {}", nested(value, room, depth + 1, above)?));
    }
    if others > MANY {
        parts.push(format!("... {} more", others - MANY));
    }
    Ok(joined(&parts, look.width.saturating_sub(2 * depth), depth))
}

/// On one line if it fits, else one line per part.
fn joined(parts: &[String], width: usize, depth: usize) -> String {
    if parts.is_empty() {
        return "{}".to_string();
    }
    let line = format!("{{ {} }}", parts.join(", "));
    if line.chars().count() <= width && !line.contains('\n') {
        return line;
    }
    let space = "  ".repeat(depth + 1);
    let lines: Vec<String> = parts.iter().map(|part| format!("{space}{part},")).collect();
    format!("{{\n{}\n{}}}", lines.join("\n"), "  ".repeat(depth))
}

fn key_text(key: &Value) -> mlua::Result<String> {
    Ok(match key {
        Value::String(name) => {
            let name = name.to_string_lossy();
            let plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
                && !crate::lexer::KEYWORDS.contains(&name.as_str());
            if plain { name } else { format!("[{}]", quoted(&shortened(&name, LONG))) }
        }
        key => format!("[{}]", key.to_string()?.lines().next().unwrap_or_default()),
    })
}

fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}... ({} bytes)", &text[..at], text.len()),
        None => text.to_string(),
    }
}

/// Quoted as a Lua string; control characters are escaped.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => out.push_str(&format!("\\u{{{:x}}}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use mlua::Lua;

    fn shown(source: &str) -> String {
        let lua = Lua::new();
        let value: Value = lua.load(source).eval().unwrap();
        super::value(&value, Look { width: 50, ..Look::PLAIN }).unwrap()
    }

    #[test]
    fn tables_are_shown_in_order_and_cut_short() {
        assert_eq!(
            shown("{ 1, 'a', b = { c = true }, ['d e'] = 1.5 }"),
            "{ 1, \"a\", [\"d e\"] = 1.5, b = { c = true } }"
        );
        assert_eq!(
            shown("{ aaaaaaaaaaaaaaaa = 1000000, bbbbbbbbbbbbbbbbbbbb = 2 }"),
            "{\n  aaaaaaaaaaaaaaaa = 1000000,\n  bbbbbbbbbbbbbbbbbbbb = 2,\n}"
        );
        assert!(
            shown("local t = {} for i = 1, 100 do t[i] = i end return t").contains("... 60 more")
        );
        assert!(shown("local t = {} t.t = t return t").contains("itself"));
        assert_eq!(shown("{ { { { { 1 } } } } }"), "{ { { { { ... } } } } }");
        assert_eq!(shown("setmetatable({}, { __tostring = function() return 'me' end })"), "me");
    }

    #[test]
    fn text_is_quoted_unless_it_has_lines() {
        assert_eq!(shown("'a\"\\27'"), "\"a\\\"\\u{1b}\"");
        assert_eq!(shown("'a\\nb'"), "a\nb");
        assert_eq!(
            (shown("nil"), shown("1/0"), shown("print")),
            ("nil".into(), "inf".into(), "function".into())
        );
    }
}
