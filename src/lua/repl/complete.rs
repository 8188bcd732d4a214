//! Completion at the cursor: globals, fields, methods, option names, values and files; and the
//! signature of the enclosing call.

use super::command::COMMANDS;
use super::context::Context;
use crate::doc::{Docs, Param};
use crate::lexer::{KEYWORDS, Kind};
use crate::stdlib;
use crate::types::OBJECTS;
use mlua::{Lua, Value};
use std::collections::BTreeSet;
use std::path::Path;

/// The candidates for the text from byte `start` to the cursor, sorted, without duplicates.
#[derive(Debug, Default, PartialEq)]
pub struct Candidates {
    pub start: usize,
    pub texts: Vec<String>,
}

/// Candidates at the end of `source`, the text before the cursor.
pub fn complete(lua: &Lua, docs: &Docs, source: &str) -> Candidates {
    let blank = source.len() - source.trim_start().len();
    // `?t.run`: fields and methods of the session's values.
    if let Some(rest) = source[blank..].strip_prefix('?')
        && let Some(dot) = rest.rfind(['.', ':'])
        && !docs.names().any(|name| name.starts_with(rest))
    {
        let mut found = code(lua, docs, rest);
        let as_method = format!("{}:{}", &rest[..dot], &rest[dot + 1..]);
        found.texts.extend(code(lua, docs, &as_method).texts);
        found.texts.sort();
        found.texts.dedup();
        return Candidates { start: found.start + blank + 1, ..found };
    }
    if let Some(found) = command(docs, &source[blank..]) {
        return Candidates { start: found.start + blank, ..found };
    }
    let skip = timed(source);
    let found = code(lua, docs, &source[skip..]);
    Candidates { start: found.start + skip, ..found }
}

/// Where the code begins: `:time CODE` completes the code.
fn timed(source: &str) -> usize {
    [":time ", ":timeit "].iter().find(|c| source.starts_with(**c)).map_or(0, |c| c.len())
}

fn command(docs: &Docs, source: &str) -> Option<Candidates> {
    if let Some(name) = source.strip_prefix('?') {
        return Some(matching(1, name, docs.names().map(String::from)));
    }
    if !source.starts_with(':') {
        return None;
    }
    match source.split_once(' ') {
        None => Some(matching(0, source, COMMANDS.map(|c| format!(":{}", c.name)))),
        Some((name, rest)) => {
            let known = COMMANDS.iter().find(|c| name[1..] == *c.name);
            let takes_file = known.is_some_and(|c| c.arguments.starts_with("FILE"));
            takes_file.then(|| files(source.len() - rest.len(), rest))
        }
    }
}

fn code(lua: &Lua, docs: &Docs, source: &str) -> Candidates {
    let context = Context::new(source);
    if let Some(last) = context.tokens.last()
        && last.end == source.len()
    {
        match last.kind {
            Kind::String if last.open => return in_string(lua, docs, source),
            Kind::String | Kind::Number => return Candidates::default(),
            _ => {}
        }
    } else if crate::lexer::tokens(source).last().is_some_and(|t| t.kind == Kind::Comment) {
        return Candidates::default();
    }
    let (start, word) = word_before(source);
    // The tokens before the word.
    let before = context.tokens.iter().take_while(|token| token.end <= start).count();
    match before.checked_sub(1).map(|i| context.tokens[i].text(source)) {
        Some(separator @ ("." | ":")) => {
            let first = context.expression_start(before - 1);
            let known = context.resolve(lua, docs, first, before - 1);
            let mut names = BTreeSet::new();
            members(&mut names, lua, docs, &known, separator == ":");
            matching(start, word, names)
        }
        previous => {
            let ahead = Context::new(&source[..start]);
            if let Some(found) = element(lua, docs, &ahead, start, word) {
                return found;
            }
            if previous.is_some_and(|p| p == "function" || p == "goto") {
                return Candidates::default();
            }
            let mut names: BTreeSet<String> = KEYWORDS.iter().map(|k| k.to_string()).collect();
            names.extend(super::survey::globals(lua).unwrap_or_default());
            names.extend(["compt", "torch"].map(String::from));
            names.retain(|_| !word.is_empty());
            matching(start, word, names)
        }
    }
}

/// Option names, or the values of the current option.
fn element(
    lua: &Lua,
    docs: &Docs,
    context: &Context,
    start: usize,
    word: &str,
) -> Option<Candidates> {
    let which = context.frames.len().checked_sub(1)?;
    let frame = &context.frames[which];
    let Some(class) = context.options(lua, docs, which) else {
        let names = context.keys(lua, docs, which)?;
        let found = matching(start, word, names.into_iter().map(|name| format!("{name} = ")));
        return (frame.key.is_none() && !found.texts.is_empty()).then_some(found);
    };
    let fields = docs.fields(&class);
    if let Some(key) = &frame.key {
        let kind = &fields.iter().find(|field| field.name == *key)?.kind;
        let mut values: Vec<String> = docs.values(kind).into_iter().map(|value| value.0).collect();
        if kind.split('|').any(|part| part == "boolean") {
            values.extend(["true", "false"].map(String::from));
        }
        let at_value = context.tokens.last().is_some_and(|t| t.text(context.source) == "=");
        let found = matching(start, word, values);
        return (at_value && !found.texts.is_empty()).then_some(found);
    }
    let names = fields.iter().filter(|field| !frame.keys.contains(&field.name));
    let found = matching(start, word, names.map(|field| format!("{} = ", field.name)));
    (!found.texts.is_empty()).then_some(found)
}

/// Inside an open string: the values, files or modules that its position accepts.
fn in_string(lua: &Lua, docs: &Docs, source: &str) -> Candidates {
    let whole = Context::new(source);
    let string = *whole.tokens.last().expect("the string");
    let quote = source[string.start..].chars().next().unwrap_or('"');
    if quote == '[' {
        return Candidates::default();
    }
    let start = string.start + 1;
    let typed = &source[start..];
    let context = Context::new(&source[..string.start]);
    let last = context.tokens.len();
    // `f "..."`: the string is the only argument.
    let bare = last > 0 && {
        let token = context.tokens[last - 1];
        token.kind == Kind::Name || [")", "]"].contains(&token.text(source))
    };
    let kind = if bare {
        let first = context.expression_start(last);
        let called = (last - first == 1).then(|| context.tokens[first].text(source));
        match called {
            Some("dofile" | "loadfile") => return files(start, typed),
            Some("require") => return modules(start, typed),
            _ => {}
        }
        let name = context.resolve(lua, docs, first, last).name;
        let entry = name.as_deref().and_then(|name| docs.find(name));
        let as_method = last >= 2 && context.tokens[last - 2].text(source) == ":";
        entry.filter(|entry| entry.signature().is_some()).and_then(|entry| {
            super::context::Callee { entry, as_method }.param(0).map(|p| p.kind.clone())
        })
    } else {
        place_kind(lua, docs, &context)
    };
    let Some(kind) = kind else {
        let is_require = last >= 2 && context.tokens[last - 2].text(source) == "require";
        return if is_require { modules(start, typed) } else { Candidates::default() };
    };
    let values = docs.values(&kind).into_iter().filter_map(|(value, _)| {
        value.strip_prefix('"').and_then(|v| v.strip_suffix('"')).map(String::from)
    });
    let names = super::named::names(lua, docs, &context, &kind);
    let mut found = matching(start, typed, values.chain(names));
    if kind.contains("compt.run_folder") && !kind.contains("compt.path") {
        return run_folders(start, typed);
    }
    if kind.contains("compt.path") || kind.contains("compt.folder") {
        // Only the shell's words and the prompt's commands expand `~`.
        let files = if typed.starts_with('~') {
            Candidates { start, texts: Vec::new() }
        } else {
            files(start, typed)
        };
        found.start = files.start;
        let typed_folder = &source[start..files.start];
        found.texts.retain(|_| typed_folder.is_empty());
        found.texts.extend(files.texts);
    }
    found
}

/// The type that the cursor's position accepts.
fn place_kind(lua: &Lua, docs: &Docs, context: &Context) -> Option<String> {
    let which = context.frames.len().checked_sub(1)?;
    let frame = &context.frames[which];
    match (&frame.key, frame.is_table) {
        (Some(key), true) => {
            let class = context.options(lua, docs, which)?;
            Some(docs.fields(&class).iter().find(|field| field.name == *key)?.kind.clone())
        }
        (None, false) => Some(context.callee(lua, docs, frame)?.param(frame.index)?.kind.clone()),
        // An element of a list.
        (None, true) => {
            let callee = context.callee(lua, docs, frame);
            let above = &context.frames[..which];
            let kind = match (callee, above.last()) {
                (Some(callee), _) => callee.param(0)?.kind.clone(),
                (None, Some(above)) if above.is_table => {
                    let class = context.options(lua, docs, which - 1)?;
                    let key = above.key.as_ref()?;
                    docs.fields(&class).iter().find(|field| field.name == *key)?.kind.clone()
                }
                (None, Some(above)) => {
                    context.callee(lua, docs, above)?.param(above.index)?.kind.clone()
                }
                (None, None) => return None,
            };
            element_of(&kind)
        }
        _ => None,
    }
}

/// The type of the elements of the lists in a type: `(a|b)[]`, `a[]|c`.
fn element_of(kind: &str) -> Option<String> {
    if let Some(inner) = kind.strip_prefix('(').and_then(|kind| kind.strip_suffix(")[]")) {
        return Some(inner.to_string());
    }
    let lists: Vec<&str> = kind.split('|').filter_map(|part| part.strip_suffix("[]")).collect();
    (!lists.is_empty()).then(|| lists.join("|"))
}

/// Fields (after a dot) or methods (after a colon).
fn members(
    names: &mut BTreeSet<String>,
    lua: &Lua,
    docs: &Docs,
    known: &super::context::Known,
    methods: bool,
) {
    if let Some(table) = known.table() {
        let _ = table.for_each(|key: Value, value: Value| {
            if let Some(name) = key.as_string().map(|name| name.to_string_lossy())
                && (!methods || value.is_function())
                && is_name(&name)
            {
                names.insert(name);
            }
            Ok(())
        });
    }
    let Some(class) = known.name.as_deref() else { return };
    if class == "string" {
        let library = lua.globals().raw_get::<mlua::Table>("string");
        let _ = library.and_then(|library| {
            library.for_each(|name: String, _: Value| {
                names.insert(name);
                Ok(())
            })
        });
        return;
    }
    let is_object = OBJECTS.iter().any(|object| object.1 == class);
    if !methods {
        let fields = docs.fields(class).into_iter().filter(|f| is_name(&f.name));
        names.extend(fields.map(|field| field.name.clone()));
    }
    let functions = docs.functions(class).filter(|(_, entry)| {
        let is_method = entry.split().1 == ':' || is_object;
        is_method == methods
    });
    names.extend(functions.map(|function| function.0.to_string()));
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// The name that ends at the cursor, and its start.
fn word_before(source: &str) -> (usize, &str) {
    let tail = source.rfind(|c: char| !(c.is_alphanumeric() || c == '_'));
    let start = tail.map_or(0, |at| at + source[at..].chars().next().map_or(0, char::len_utf8));
    (start, &source[start..])
}

/// The candidates that begin with the typed text.
fn matching(start: usize, typed: &str, texts: impl IntoIterator<Item = String>) -> Candidates {
    let texts: BTreeSet<String> = texts.into_iter().filter(|t| t.starts_with(typed)).collect();
    Candidates { start, texts: texts.into_iter().collect() }
}

fn modules(start: usize, typed: &str) -> Candidates {
    matching(start, typed, stdlib::MODULES.map(String::from))
}

/// The files and folders that begin with the typed text; folders end in `/`.
fn files(start: usize, typed: &str) -> Candidates {
    let (folder, name) = match typed.rfind('/') {
        Some(at) => (&typed[..=at], &typed[at + 1..]),
        None => ("", typed),
    };
    let place = match folder.strip_prefix("~/") {
        Some(rest) => std::env::home_dir().unwrap_or_default().join(rest),
        None if folder.is_empty() => Path::new(".").to_path_buf(),
        None => Path::new(folder).to_path_buf(),
    };
    let entries = std::fs::read_dir(place).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| {
        let found = entry.file_name().to_str()?.to_string();
        let hidden = found.starts_with('.') && !name.starts_with('.');
        let slash = if entry.path().is_dir() { "/" } else { "" };
        (!hidden).then(|| format!("{found}{slash}"))
    });
    matching(start + folder.len(), name, names)
}

/// The folders that begin with the typed text: those of runs, and others, which end in `/`.
fn run_folders(start: usize, typed: &str) -> Candidates {
    let mut found = files(start, typed);
    let folder = Path::new(&typed[..found.start - start]);
    found.texts.retain(|name| name.ends_with('/'));
    for name in &mut found.texts {
        if super::named::is_run(&folder.join(&*name)) {
            name.pop();
        }
    }
    found
}

/// The remaining parameters of the innermost call, for display after the cursor.
pub fn signature(lua: &Lua, docs: &Docs, source: &str) -> Option<String> {
    let source = &source[timed(source)..];
    if source.starts_with([':', '?']) {
        return None;
    }
    let context = Context::new(source);
    if context.tokens.last().is_some_and(|token| token.open) {
        return None;
    }
    let which = context.frames.len().checked_sub(1)?;
    let frame = &context.frames[which];
    let at_start = context.tokens.last().is_some_and(|t| ["(", "{", ","].contains(&t.text(source)));
    if let Some(class) = context.options(lua, docs, which) {
        let fields = docs.fields(&class);
        if let Some(key) = &frame.key {
            let field = fields.iter().find(|field| field.name == *key)?;
            let bare = context.tokens.last().is_some_and(|t| t.text(source) == "=");
            return bare.then(|| format!("{}: {}", field.kind, field.text));
        }
        let left = fields.iter().filter(|field| !frame.keys.contains(&field.name));
        let names: Vec<&str> = left.map(|field| field.name.as_str()).collect();
        return at_start.then(|| format!("{} }}", names.join(", ")));
    }
    let callee = context.callee(lua, docs, frame).filter(|_| !frame.is_table)?;
    let params = callee.written();
    let from = frame.index.min(params.len());
    at_start.then(|| format!("{})", Param::list(&params[from..]).join(", ")))
}
