//! The context of the cursor in an input: its calls and tables, its argument or option, and the
//! meaning of the names around it.

use crate::doc::{Docs, Entry};
use crate::lexer::{Kind, Token, tokens};
use crate::types::OBJECTS;
use mlua::{Lua, Table, Value};

/// An open bracket before the cursor.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// `(` or `{`, by its index among the tokens.
    pub at: usize,
    pub is_table: bool,
    /// The number of arguments or elements before the cursor's.
    pub index: usize,
    /// The key of the cursor's element, `key =`.
    pub key: Option<String>,
    /// The keys of the earlier elements.
    pub keys: Vec<String>,
}

/// The code tokens before the cursor, and the brackets open at it.
pub struct Context<'s> {
    pub source: &'s str,
    pub tokens: Vec<Token>,
    pub frames: Vec<Frame>,
}

/// What an expression refers to, as far as it is known without running code.
#[derive(Debug, Clone, Default)]
pub struct Known {
    pub value: Option<Value>,
    /// Its documented name: a module, a function, or its class.
    pub name: Option<String>,
}

impl<'s> Context<'s> {
    pub fn new(source: &'s str) -> Self {
        let tokens: Vec<Token> = tokens(source).into_iter().filter(Token::is_code).collect();
        let mut frames: Vec<Frame> = Vec::new();
        // The open brackets around each function whose body is being read, and its inner blocks.
        let mut around: Vec<(Vec<Frame>, usize)> = Vec::new();
        for (at, token) in tokens.iter().enumerate() {
            match (token.kind, token.text(source)) {
                (Kind::Symbol, bracket @ ("(" | "{" | "[")) => frames.push(Frame {
                    at,
                    is_table: bracket == "{",
                    index: 0,
                    key: None,
                    keys: Vec::new(),
                }),
                (Kind::Symbol, ")" | "}" | "]") => {
                    frames.pop();
                }
                (Kind::Symbol, "," | ";") => {
                    if let Some(frame) = frames.last_mut() {
                        frame.index += 1;
                        frame.keys.extend(frame.key.take());
                    }
                }
                (Kind::Symbol, "=") => {
                    let before = at.checked_sub(1).map(|i| tokens[i]);
                    if let (Some(frame), Some(name)) = (frames.last_mut(), before)
                        && frame.is_table
                        && frame.key.is_none()
                        && name.kind == Kind::Name
                    {
                        frame.key = Some(name.text(source).to_string());
                    }
                }
                // A function's body has its own statements.
                (Kind::Keyword, "function") => around.push((std::mem::take(&mut frames), 0)),
                (Kind::Keyword, "do" | "if" | "repeat") => {
                    if let Some((_, blocks)) = around.last_mut() {
                        *blocks += 1;
                    }
                }
                (Kind::Keyword, "end" | "until") => match around.last_mut() {
                    Some((_, blocks)) if *blocks > 0 => *blocks -= 1,
                    Some(_) => frames = around.pop().expect("there is one").0,
                    None => {}
                },
                _ => {}
            }
        }
        Context { source, tokens, frames }
    }

    fn text(&self, i: usize) -> &'s str {
        self.tokens.get(i).map_or("", |token| token.text(self.source))
    }

    /// The start of the expression that ends before token `end`.
    pub fn expression_start(&self, end: usize) -> usize {
        let mut start = end;
        loop {
            let Some(i) = start.checked_sub(1) else { return start };
            let token = self.tokens[i];
            match (token.kind, token.text(self.source)) {
                (Kind::Symbol, ")" | "}" | "]") => start = self.opening(i),
                (Kind::String, _) => start = i,
                (Kind::Name, _) => match i.checked_sub(1).map(|j| self.text(j)) {
                    Some("." | ":") => start = i - 1,
                    _ => return i,
                },
                _ => return start,
            }
        }
    }

    /// The bracket that is closed at `close`.
    fn opening(&self, close: usize) -> usize {
        let mut depth = 0;
        for i in (0..=close).rev() {
            match self.text(i) {
                ")" | "}" | "]" => depth += 1,
                "(" | "{" | "[" => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return i;
            }
        }
        0
    }

    /// What the expression of tokens `start..end` refers to.
    pub fn resolve(&self, lua: &Lua, docs: &Docs, start: usize, end: usize) -> Known {
        let mut known = Known::default();
        if start >= end {
            return known;
        }
        match (self.tokens[start].kind, self.text(start)) {
            (Kind::Name, name) => known = global(lua, docs, name),
            (Kind::String, _) => known.name = Some("string".to_string()),
            _ => return known,
        }
        let mut i = start + 1;
        while i < end {
            match (self.tokens[i].kind, self.text(i)) {
                (Kind::Symbol, "." | ":") if i + 1 < end => {
                    known = known.member(docs, self.text(i + 1), self.text(i) == ":");
                    i += 2;
                }
                (Kind::Symbol, "(" | "{") => {
                    known = known.called(docs);
                    i = self.closing(i, end) + 1;
                }
                (Kind::String, _) => {
                    known = known.called(docs);
                    i += 1;
                }
                (Kind::Symbol, "[") => {
                    known = Known::default();
                    i = self.closing(i, end) + 1;
                }
                _ => return Known::default(),
            }
        }
        known
    }

    /// Whether a tensor and a number are the sides of an `==` or `~=`.
    pub fn compares_by_identity(&self, lua: &Lua, docs: &Docs) -> bool {
        let is_tensor = |start, end| {
            self.resolve(lua, docs, start, end).name.as_deref() == Some("torch.Tensor")
        };
        let is_number = |i: usize| self.tokens.get(i).is_some_and(|t| t.kind == Kind::Number);
        (1..self.tokens.len()).filter(|i| ["==", "~="].contains(&self.text(*i))).any(|i| {
            let is_right = || is_number(i - 1) && is_tensor(i + 1, self.expression_end(i + 1));
            is_number(i + 1) && is_tensor(self.expression_start(i), i) || is_right()
        })
    }

    /// The end of the expression that starts at token `start`.
    fn expression_end(&self, start: usize) -> usize {
        let mut end = (start + 1).min(self.tokens.len());
        while end < self.tokens.len() {
            end = match self.text(end) {
                "." | ":" => (end + 2).min(self.tokens.len()),
                "(" | "{" | "[" => {
                    (self.closing(end, self.tokens.len()) + 1).min(self.tokens.len())
                }
                _ => return end,
            };
        }
        end
    }

    fn closing(&self, open: usize, end: usize) -> usize {
        let mut depth = 0;
        for i in open..end {
            match self.text(i) {
                "(" | "{" | "[" => depth += 1,
                ")" | "}" | "]" => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return i;
            }
        }
        end
    }

    /// The documented function that the frame's bracket calls.
    pub fn callee<'d>(&self, lua: &Lua, docs: &'d Docs, frame: &Frame) -> Option<Callee<'d>> {
        let start = self.expression_start(frame.at);
        if start == frame.at || self.tokens[frame.at - 1].kind == Kind::Keyword {
            return None;
        }
        let name = self.resolve(lua, docs, start, frame.at).name?;
        let as_method = frame.at >= 2 && self.text(frame.at - 2) == ":";
        let entry = docs.find(&name).filter(|entry| entry.signature().is_some())?;
        Some(Callee { entry, as_method })
    }

    /// The object whose method is called by the innermost such call around the end of the source.
    pub fn receiver(&self, lua: &Lua, docs: &Docs) -> Option<Value> {
        let ends = std::iter::once(self.tokens.len());
        let ends = ends.chain(self.frames.iter().rev().map(|frame| frame.at));
        let is_method = |&end: &usize| end >= 3 && self.text(end - 2) == ":";
        ends.filter(is_method)
            .find_map(|end| self.resolve(lua, docs, self.expression_start(end), end - 2).value)
    }

    /// The first argument of the call of this function around the end of the source, if it is a string.
    pub fn string_argument(&self, function: &str) -> Option<String> {
        let called = |at: usize| {
            let start = self.expression_start(at);
            (start..at).map(|i| self.text(i)).collect::<String>() == function
        };
        let frame = self.frames.iter().rev().find(|frame| called(frame.at))?;
        let first = self.tokens.get(frame.at + 1).filter(|token| token.kind == Kind::String)?;
        let text = first.text(self.source);
        text.get(1..text.len() - 1).map(String::from)
    }

    /// The keys of a table frame of type `table<K, V>`, where K names its values.
    pub fn keys(&self, lua: &Lua, docs: &Docs, which: usize) -> Option<Vec<String>> {
        let above = which.checked_sub(1)?;
        let key = self.frames[above].key.as_ref()?;
        let class = self.options(lua, docs, above)?;
        let kind = &docs.fields(&class).iter().find(|field| field.name == *key)?.kind;
        let (keys, _) = kind.strip_prefix("table<")?.split_once(',')?;
        let names =
            docs.values(keys).into_iter().map(|value| value.0.trim_matches('"').to_string());
        Some(names.collect())
    }

    /// The class of options of table frame number `which`.
    pub fn options(&self, lua: &Lua, docs: &Docs, which: usize) -> Option<String> {
        let frame = &self.frames[which];
        if !frame.is_table {
            return None;
        }
        let kind = match self.callee(lua, docs, frame) {
            Some(callee) => callee.param(0)?.kind.clone(),
            None => {
                let above = &self.frames[which.checked_sub(1)?];
                match (&above.key, above.is_table) {
                    (Some(key), true) => {
                        let class = self.options(lua, docs, which - 1)?;
                        docs.fields(&class).iter().find(|field| field.name == *key)?.kind.clone()
                    }
                    (None, false) => {
                        let callee = self.callee(lua, docs, above)?;
                        callee.param(above.index)?.kind.clone()
                    }
                    _ => return None,
                }
            }
        };
        let options = docs.options_in(&kind);
        // An alias may refer to a table of options.
        options.map(String::from).or_else(|| docs.options_behind(&kind))
    }
}

/// A function and how a call names it.
pub struct Callee<'d> {
    pub entry: &'d Entry,
    /// `t:f(...)`: for a function of torch, the first parameter is the object.
    pub as_method: bool,
}

impl Callee<'_> {
    /// The parameters that a call writes in its brackets.
    pub fn params(&self) -> &[crate::doc::Param] {
        let signature = self.entry.signature().expect("a function");
        match self.as_method && signature.both {
            true => &signature.params[1..],
            false => &signature.params,
        }
    }

    /// The parameters as the documentation writes them.
    pub fn written(&self) -> &[crate::doc::Param] {
        let signature = self.entry.signature().expect("a function");
        let own = usize::from(self.as_method && signature.both);
        &signature.written()[own..]
    }

    /// The parameter of an argument, from 0; the last one if the function is variadic.
    pub fn param(&self, index: usize) -> Option<&crate::doc::Param> {
        let params = self.params();
        params.get(index).or_else(|| params.last().filter(|last| last.name.starts_with("...")))
    }
}

fn global(lua: &Lua, docs: &Docs, name: &str) -> Known {
    let is_module = docs.find(name).is_some_and(|entry| entry.name == name) || name == "torch";
    let value: Option<Value> = lua.globals().raw_get(name).ok().filter(|v: &Value| !v.is_nil());
    match value {
        Some(value) if !["compt", "torch"].contains(&name) => Known::of(value, docs, name),
        value if is_module => Known { value, name: Some(name.to_string()) },
        value => Known { value, name: None },
    }
}

impl Known {
    /// A value found under a name: the class of an object, a documented function itself.
    fn of(value: Value, docs: &Docs, path: &str) -> Known {
        let name = match &value {
            Value::UserData(object) => object.type_name().ok().and_then(|kind| {
                let kind = kind.to_string_lossy();
                OBJECTS.iter().find(|object| object.0 == kind).map(|object| object.1.to_string())
            }),
            Value::String(_) => Some("string".to_string()),
            _ => docs.find(path).filter(|entry| entry.name == path).map(|_| path.to_string()),
        };
        Known { value: Some(value), name }
    }

    fn member(&self, docs: &Docs, name: &str, is_method: bool) -> Known {
        let path = self.name.as_ref().map(|class| {
            let separator = if is_method { ':' } else { '.' };
            format!("{class}{separator}{name}")
        });
        if let Some(path) = &path
            && let Some(entry) = docs.find(path)
            && (entry.name == *path || is_method)
        {
            return Known { value: self.field(name), name: Some(path.clone()) };
        }
        if let Some(value) = self.field(name) {
            return Known::of(value, docs, path.as_deref().unwrap_or_default());
        }
        // A field of a class has its declared type.
        let class = self.name.as_deref().unwrap_or_default();
        let fields = docs.fields(class);
        let kind = fields.iter().find(|field| field.name == name).map(|field| &field.kind);
        Known { value: None, name: kind.map(|kind| kind.trim_end_matches('?').to_string()) }
    }

    /// A field's value, if reading it has no side effect; a history is read from the record of its run, which takes time.
    fn field(&self, name: &str) -> Option<Value> {
        let value = match self.value.as_ref()? {
            Value::Table(table) => table.raw_get(name).ok(),
            Value::UserData(object) => {
                let kind = object.type_name().ok()?.to_string_lossy();
                let (.., members) = OBJECTS.iter().find(|object| object.0 == kind)?;
                let is_field =
                    name != "history" && members().fields.iter().any(|field| field == name);
                is_field.then(|| mlua::ObjectLike::get(object, name).ok()).flatten()
            }
            _ => None,
        };
        value.filter(|value: &Value| !value.is_nil())
    }

    /// The result of calling it.
    fn called(&self, docs: &Docs) -> Known {
        let entry = self.name.as_deref().and_then(|name| docs.find(name));
        let returns = entry.and_then(|entry| entry.signature()?.returns.first());
        Known { value: None, name: returns.map(|kind| kind.trim_end_matches('?').to_string()) }
    }

    /// The value as a table, if it is one.
    pub fn table(&self) -> Option<&Table> {
        self.value.as_ref().and_then(Value::as_table)
    }
}
