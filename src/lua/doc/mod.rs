//! The documentation in `stdlib/doc`: description, parameters and results of every name. `?`,
//! completion, the editor's stubs and the manual are generated from it.

mod entry;
mod manual;
mod operator;
mod parse;
mod stubs;
mod text;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod wrong_calls;

pub use entry::{Alias, Class, Entry, Kind, Param, Signature};
pub use manual::manual;
pub use stubs::stubs;
pub use text::describe;

use super::stdlib;
use crate::{Error, Result};
use compt_error::nearest;
use mlua::{Function, Lua, Table};
use std::cell::RefCell;
use std::rc::Rc;

/// All entries, in the order of the manual.
pub struct Docs {
    pub entries: Vec<Entry>,
}

impl Docs {
    /// Runs the files of `stdlib/doc`.
    pub fn load() -> Result<Self> {
        let failed = |e: mlua::Error| Error::new(e.to_string()).at("stdlib/doc");
        let lua = Lua::new();
        let reading = Rc::new(RefCell::new(Reading::default()));
        install(&lua, &reading).map_err(failed)?;
        let files: Vec<String> = stdlib::load(&lua, "doc/init.lua").map_err(failed)?;
        for file in files {
            stdlib::load::<()>(&lua, &format!("doc/{file}.lua")).map_err(failed)?;
        }
        drop(lua);
        let entries = std::mem::take(&mut reading.borrow_mut().entries);
        Ok(Docs { entries })
    }

    /// The entry of a name. A method or field is also found by the last part of its class or, if the
    /// name is unique, by the name alone.
    pub fn find(&self, name: &str) -> Option<&Entry> {
        let exact = self.entries.iter().find(|entry| entry.name == name);
        exact.or_else(|| self.method(name)).or_else(|| {
            // A function before methods of the same name.
            let only = |mark: char| {
                let ends = |full: &str| full.strip_suffix(name).is_some_and(|h| h.ends_with(mark));
                let mut found = self.entries.iter().filter(|entry| ends(&entry.name));
                match (found.next(), found.next()) {
                    (None, _) => Some(None),
                    (one, None) => Some(one),
                    _ => None,
                }
            };
            match only('.')? {
                Some(function) => Some(function),
                None => only(':')?,
            }
        })
    }

    /// `torch.Tensor:softmax` is the function `torch.softmax`.
    fn method(&self, name: &str) -> Option<&Entry> {
        let name = name.strip_prefix("torch.Tensor:").or_else(|| name.strip_prefix("Tensor:"))?;
        let entry = self.entries.iter().find(|entry| entry.name == format!("torch.{name}"))?;
        entry.signature().filter(|signature| signature.both).map(|_| entry)
    }

    /// All documented names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| entry.name.as_str())
    }

    /// The nearest documented name.
    pub fn nearest(&self, name: &str) -> Option<&str> {
        nearest(name, &self.names().collect::<Vec<_>>())
    }

    /// The class with this name.
    pub fn class(&self, name: &str) -> Option<&Class> {
        self.entries.iter().find(|entry| entry.name == name)?.class()
    }

    /// The fields of a class, inherited ones first.
    pub fn fields(&self, class: &str) -> Vec<&Param> {
        let Some(found) = self.class(class) else { return Vec::new() };
        let mut fields = found.parent.as_ref().map_or(Vec::new(), |parent| self.fields(parent));
        fields.extend(&found.fields);
        fields
    }

    /// The options with a name, each after the function that takes it: `recompute`, or `compt.trainer.recompute` of one
    /// function. Functions with the same class of options are listed once, and so are arguments of functions of torch
    /// that are the same in many.
    pub fn options_named<'d>(&'d self, name: &str) -> Vec<(&'d str, &'d Param)> {
        let (function, option) = match name.rsplit_once('.') {
            Some((function, option)) => (Some(function), option),
            None => (None, name),
        };
        let mut classes: Vec<String> = Vec::new();
        let mut found = Vec::new();
        for entry in &self.entries {
            let is_asked = |asked: &str| self.find(asked).is_some_and(|of| of.name == entry.name);
            let Some(signature) = entry.signature().filter(|_| function.is_none_or(is_asked))
            else {
                continue;
            };
            for param in &signature.params {
                let own = self.options_in(&param.kind).map(String::from);
                let Some(class) = own.or_else(|| self.options_behind(&param.kind)) else {
                    continue;
                };
                let field = self.fields(&class).into_iter().find(|field| field.name == option);
                let is_told = |field: &&Param| {
                    let same = |(_, told): &(&str, &Param)| {
                        told.shown() == field.shown() && told.text == field.text
                    };
                    let implied = class.starts_with(operator::CLASSES);
                    classes.contains(&class) || (implied && found.iter().any(same))
                };
                if let Some(field) = field.filter(|field| !is_told(field)) {
                    classes.push(class);
                    found.push((entry.name.as_str(), field));
                }
            }
        }
        found
    }

    /// The functions and methods of a class or module, with their short names.
    pub fn functions<'d>(&'d self, of: &'d str) -> impl Iterator<Item = (&'d str, &'d Entry)> {
        self.entries.iter().filter_map(move |entry| {
            let signature = entry.signature()?;
            let (owner, _, name) = entry.split();
            let method = of == "torch.Tensor" && signature.both;
            (owner == of || method).then_some((name, entry))
        })
    }

    /// The class of options that a parameter of this type accepts, if any.
    pub fn options_in<'k>(&self, kind: &'k str) -> Option<&'k str> {
        kind.split('|').find_map(|part| {
            let part = part.trim_end_matches('?');
            match &self.entries.iter().find(|entry| entry.name == part)?.kind {
                Kind::Class(class) if class.exact => Some(part),
                _ => None,
            }
        })
    }

    /// The class of options that an alias in the type refers to.
    pub fn options_behind(&self, kind: &str) -> Option<String> {
        kind.split('|').find_map(|part| {
            let entry =
                self.entries.iter().find(|entry| entry.name == part.trim_end_matches('?'))?;
            match &entry.kind {
                Kind::Alias(Alias { of: Some(of), .. }) => self.options_in(of).map(String::from),
                _ => None,
            }
        })
    }

    /// The values of an alias, in Lua notation, or of a type such as `"a"|"b"`.
    pub fn values(&self, kind: &str) -> Vec<(String, String)> {
        kind.split('|')
            .flat_map(|part| {
                if part.starts_with('"') {
                    return vec![(part.to_string(), String::new())];
                }
                match self.entries.iter().find(|entry| entry.name == part).map(|e| &e.kind) {
                    Some(Kind::Alias(Alias { of: Some(of), .. })) => self.values(of),
                    Some(Kind::Alias(alias)) => alias.values.clone(),
                    _ => Vec::new(),
                }
            })
            .collect()
    }
}

/// The entries read so far.
#[derive(Default)]
struct Reading {
    section: String,
    entries: Vec<Entry>,
}

impl Reading {
    fn add(&mut self, mut entry: Entry) {
        entry.section = self.section.clone();
        self.entries.push(entry);
    }
}

/// Defines the functions that the documentation files call.
fn install(lua: &Lua, reading: &Rc<RefCell<Reading>>) -> mlua::Result<()> {
    let globals = lua.globals();
    let shared = reading.clone();
    let section = lua.create_function(move |_, name: String| {
        shared.borrow_mut().section = name;
        Ok(())
    })?;
    globals.set("section", section)?;
    for (word, both) in [("fn", false), ("method", false), ("op", true)] {
        two(lua, &globals, word, reading, move |head, text| {
            let (mut name, signature) = parse::function(head)?;
            if both {
                name = format!("torch.{name}");
            }
            let body = parse::body(text);
            let mut signature = Signature { both, ..signature };
            if !name.starts_with("torch.") {
                return Ok(vec![parse::entry(
                    &name,
                    Kind::Function(signature),
                    body.text,
                    body.example,
                )]);
            }
            let options = operator::name_all(&name, &mut signature, &body)?;
            let entry = parse::entry(&name, Kind::Function(signature), body.text, body.example);
            Ok([Some(entry), options].into_iter().flatten().collect())
        })?;
    }
    two(lua, &globals, "class", reading, |head, text| Ok(vec![parse::class(head, text, false)?]))?;
    two(lua, &globals, "options", reading, |head, text| Ok(vec![parse::class(head, text, true)?]))?;
    alias(lua, &globals, reading)
}

/// `word "head" [[text]]`
fn two(
    lua: &Lua,
    globals: &Table,
    word: &str,
    reading: &Rc<RefCell<Reading>>,
    read: impl Fn(&str, &str) -> Result<Vec<Entry>> + Copy + 'static,
) -> mlua::Result<()> {
    let reading = reading.clone();
    let make = lua.create_function(move |lua, head: String| -> mlua::Result<Function> {
        let reading = reading.clone();
        lua.create_function(move |_, text: String| {
            let entries = read(&head, &text)?;
            entries.into_iter().for_each(|entry| reading.borrow_mut().add(entry));
            Ok(())
        })
    })?;
    globals.set(word, make)
}

/// `alias "name" [[text with values]]`, or `alias "name" "type" [[text]]`.
fn alias(lua: &Lua, globals: &Table, reading: &Rc<RefCell<Reading>>) -> mlua::Result<()> {
    let reading = reading.clone();
    let make = lua.create_function(move |lua, name: String| {
        let reading = reading.clone();
        lua.create_function(move |lua, first: String| {
            reading.borrow_mut().add(parse::alias(&name, None, &first));
            let (reading, name) = (reading.clone(), name.clone());
            lua.create_function(move |_, text: String| {
                let mut reading = reading.borrow_mut();
                reading.entries.pop();
                reading.add(parse::alias(&name, Some(&first), &text));
                Ok(())
            })
        })
    })?;
    globals.set("alias", make)
}
