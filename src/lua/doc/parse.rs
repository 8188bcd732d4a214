//! Parses the texts of the documentation into entries.

use super::entry::{Alias, Class, Entry, Kind, Param, Signature};
use crate::{Error, Result};

/// `name(params): returns`; parameters after `*` are given by name only.
pub fn function(text: &str) -> Result<(String, Signature)> {
    let wrong = || Error::new(format!("'{text}' is not a signature"));
    let open = text.find('(').ok_or_else(wrong)?;
    let close = open + matching(&text[open..]).ok_or_else(wrong)?;
    let mut params = Vec::new();
    let mut named = false;
    for part in list(&text[open + 1..close]) {
        match part {
            "*" => named = true,
            part => params.push(Param { named, ..param(part)? }),
        }
    }
    let returns = match text[close + 1..].trim() {
        "" => Vec::new(),
        rest => {
            let rest = rest.strip_prefix(':').ok_or_else(wrong)?;
            list(rest).into_iter().map(String::from).collect()
        }
    };
    Ok((text[..open].to_string(), Signature { params, returns, ..Signature::default() }))
}

/// `name?: type = default`
pub fn param(text: &str) -> Result<Param> {
    let colon = outside(text, |rest| rest.starts_with(':'))
        .ok_or_else(|| Error::new(format!("'{text}' has no type")))?;
    let (name, rest) = (text[..colon].trim(), text[colon + 1..].trim());
    let (kind, default) = match outside(rest, |rest| rest.starts_with(" = ")) {
        Some(at) => (&rest[..at], Some(rest[at + 3..].trim().to_string())),
        None => (rest, None),
    };
    Ok(Param {
        name: name.trim_end_matches('?').to_string(),
        optional: name.ends_with('?'),
        kind: kind.trim().to_string(),
        default,
        ..Param::default()
    })
}

/// A text split into prose, example, and lines that begin with a mark.
pub struct Body {
    pub text: Vec<String>,
    pub example: Vec<String>,
    pub items: Vec<String>,
    pub calls: Vec<String>,
}

pub fn body(text: &str) -> Body {
    let mut body =
        Body { text: Vec::new(), example: Vec::new(), items: Vec::new(), calls: Vec::new() };
    let mut paragraph = String::new();
    for line in text.lines().map(str::trim_end) {
        if let Some(item) = line.strip_prefix("- ") {
            body.items.push(item.to_string());
        } else if let Some(code) = line.strip_prefix("> ") {
            body.example.push(code.to_string());
        } else if let Some(call) = line.strip_prefix("~ ") {
            body.calls.push(call.to_string());
        } else if line.is_empty() {
            body.text.extend((!paragraph.is_empty()).then(|| std::mem::take(&mut paragraph)));
        } else {
            let space = if paragraph.is_empty() { "" } else { " " };
            paragraph.push_str(&format!("{space}{line}"));
        }
    }
    body.text.extend((!paragraph.is_empty()).then_some(paragraph));
    body
}

/// A class from its head `name` or `name: parent` and its lines.
pub fn class(head: &str, text: &str, exact: bool) -> Result<Entry> {
    let (name, parent) = match head.split_once(": ") {
        Some((name, parent)) => (name, Some(parent.to_string())),
        None => (head, None),
    };
    let body = body(text);
    let mut class = Class { parent, exact, calls: body.calls, ..Class::default() };
    for item in &body.items {
        let (head, text) = item.split_once(" -- ").unwrap_or((item, ""));
        match head.strip_prefix("operator ") {
            Some(operator) => class.operators.push(operator.to_string()),
            None => class.fields.push(Param { text: text.to_string(), ..param(head)? }),
        }
    }
    Ok(entry(name, Kind::Class(class), body.text, body.example))
}

/// An alias of a type, or of the values in its lines.
pub fn alias(name: &str, of: Option<&str>, text: &str) -> Entry {
    let body = body(text);
    let value = |item: &String| {
        let (value, text) = item.split_once(" -- ").unwrap_or((item, ""));
        (value.to_string(), text.to_string())
    };
    let values = body.items.iter().map(value).collect();
    let alias = Alias { of: of.map(String::from), values };
    entry(name, Kind::Alias(alias), body.text, body.example)
}

pub fn entry(name: &str, kind: Kind, text: Vec<String>, example: Vec<String>) -> Entry {
    let section = String::new();
    Entry { name: name.to_string(), section, kind, text, example, implied: false }
}

/// The parts between commas outside brackets and quotes.
fn list(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(at) = outside(rest, |rest| rest.starts_with(',')) {
        parts.push(rest[..at].trim());
        rest = &rest[at + 1..];
    }
    if !rest.trim().is_empty() {
        parts.push(rest.trim());
    }
    parts
}

/// The position of the bracket that closes the first one of `text`.
fn matching(text: &str) -> Option<usize> {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

/// The first position outside brackets and quotes where `here` holds for the rest.
fn outside(text: &str, here: impl Fn(&str) -> bool) -> Option<usize> {
    let (mut depth, mut quoted) = (0, false);
    for (at, c) in text.char_indices() {
        if depth == 0 && !quoted && here(&text[at..]) {
            return Some(at);
        }
        match c {
            '"' => quoted = !quoted,
            '(' | '{' | '[' | '<' if !quoted => depth += 1,
            ')' | '}' | ']' | '>' if !quoted => depth -= 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_read() {
        let (name, s) = function(
            "compt.f(a: fun(x: integer): number, b?: \"x\"|{ y: integer } = \"x\"): A, table<string, B>",
        )
        .unwrap();
        assert_eq!(name, "compt.f");
        assert_eq!(s.params[0].kind, "fun(x: integer): number");
        assert_eq!(s.params[1].shown(), "b?: \"x\"|{ y: integer } = \"x\"");
        assert_eq!(s.returns, ["A", "table<string, B>"]);
        assert!(function("compt.f").is_err() && function("compt.f(a)").is_err());
    }

    #[test]
    fn a_class_has_fields_and_operators() {
        let text =
            "Prose\nmore.\n- x?: integer = 3 -- a place\n- [string]: A\n- operator unm: A\n> x";
        let entry = class("A: B", text, true).unwrap();
        assert_eq!((entry.text[0].as_str(), entry.example[0].as_str()), ("Prose more.", "x"));
        let class = entry.class().unwrap();
        assert_eq!(class.parent.as_deref(), Some("B"));
        assert_eq!(class.fields[0].text, "a place");
        assert_eq!(class.fields[1].name, "[string]");
        assert_eq!(class.operators, ["unm: A"]);
    }
}
