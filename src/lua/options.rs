//! Strict tables of named options: an unknown key is an error that names the nearest
//! known one.

use super::data;
use super::object::{self, Object};
use super::words::type_name;

pub use super::words::kind;
use crate::{Error, habits};
use compt_base::data::truth;
use compt_error::nearest;
use mlua::{FromLua, Lua, Table, Value};
use serde_json::Map;
use std::borrow::Cow;
use std::cell::RefCell;

/// The options of one call. Read each one, then call `finish`.
pub struct Options {
    call: String,
    table: Option<Table>,
    known: RefCell<Vec<Cow<'static, str>>>,
}

impl Options {
    /// `call` is the function's name for the user; nil means no options.
    pub fn new(call: &str, value: Value) -> mlua::Result<Self> {
        let table = match value {
            Value::Nil => None,
            Value::Table(table) => Some(table),
            other => {
                return Err(Error::new(format!(
                    "expected a table of options, got a {}",
                    kind(&other)
                ))
                .at(call)
                .into());
            }
        };
        Ok(Options { call: call.to_string(), table, known: RefCell::default() })
    }

    /// An optional option.
    pub fn get<T: FromLua>(&self, lua: &Lua, key: &'static str) -> mlua::Result<Option<T>> {
        self.get_named(lua, Cow::Borrowed(key))
    }

    /// An optional option whose name is not known at compile time.
    pub fn get_named<T: FromLua>(
        &self,
        lua: &Lua,
        key: impl Into<Cow<'static, str>>,
    ) -> mlua::Result<Option<T>> {
        let key: &str = &{
            let key = key.into();
            self.known.borrow_mut().push(key.clone());
            key
        };
        let value = match &self.table {
            Some(table) => table.get::<Value>(key)?,
            None => Value::Nil,
        };
        if value.is_nil() {
            return Ok(None);
        }
        let to = std::any::type_name::<T>();
        if let Some(wanted) = misfit(to, &value) {
            return Err(self.wrong(key, wanted, &value));
        }
        let holds =
            value.is_table() && [LIST, "alloc::collections::"].iter().any(|of| to.starts_with(of));
        T::from_lua(value.clone(), lua).map(Some).map_err(|e| match e {
            mlua::Error::FromLuaConversionError { to, from, .. } if holds => {
                let wanted = type_name(&to);
                self.error(format!(
                    "option '{key}' must have a {wanted} as every element, not a {from}"
                ))
            }
            mlua::Error::FromLuaConversionError { to, .. } => {
                self.wrong(key, type_name(&to), &value)
            }
            other => other,
        })
    }

    fn wrong(&self, key: &str, wanted: &str, value: &Value) -> mlua::Error {
        let got = match value {
            Value::Integer(n) => n.to_string(),
            Value::Number(n) => n.to_string(),
            other => format!("a {}", kind(other)),
        };
        let error = Error::new(format!("option '{key}' must be a {wanted}, got {got}"));
        let error = error.at(&self.call);
        match value.as_string().map(|text| text.to_string_lossy()) {
            Some(text) if wanted == "boolean" && truth(&text).is_some() => error
                .hint(format!("\"{text}\" in quotes is a string: write {}", text.to_lowercase())),
            _ => error,
        }
        .into()
    }

    /// The options among these that are set, as plain data.
    pub fn data(&self, keys: &[&'static str]) -> mlua::Result<Map<String, serde_json::Value>> {
        let mut map = Map::new();
        for key in keys {
            self.known.borrow_mut().push(Cow::Borrowed(key));
            let Some(table) = &self.table else { continue };
            let value = data::plain(&table.get(*key)?).map_err(|e| self.at(key, e))?;
            map.insert(key.to_string(), value);
        }
        Ok(map)
    }

    /// An option that is an object of the runtime.
    pub fn object<T: Object + Clone>(
        &self,
        lua: &Lua,
        key: &'static str,
    ) -> mlua::Result<Option<T>> {
        let Some(value) = self.get::<Value>(lua, key)? else { return Ok(None) };
        match object::take(&value) {
            Some(object) => Ok(Some(object)),
            None => {
                let what = format!("option '{key}' must be a {}, got a {}", T::NAME, kind(&value));
                let made = format!("{} makes one", T::MADE_BY);
                Err(Error::new(what).at(&self.call).hint(made).into())
            }
        }
    }

    /// An option with a default.
    pub fn get_or<T: FromLua>(&self, lua: &Lua, key: &'static str, default: T) -> mlua::Result<T> {
        Ok(self.get(lua, key)?.unwrap_or(default))
    }

    /// A required option.
    pub fn need<T: FromLua>(&self, lua: &Lua, key: &'static str) -> mlua::Result<T> {
        self.get(lua, key)?.ok_or_else(|| self.missing(key))
    }

    /// A required object.
    pub fn need_object<T: Object + Clone>(&self, lua: &Lua, key: &'static str) -> mlua::Result<T> {
        self.object(lua, key)?.ok_or_else(|| self.missing(key))
    }

    /// The error for a missing option, which may be misspelt.
    fn missing(&self, key: &str) -> mlua::Error {
        let mut given = Vec::new();
        if let Some(table) = &self.table {
            let _ = table.for_each(|name: Value, _: Value| {
                given.extend(name.as_string().map(|name| name.to_string_lossy()));
                Ok(())
            });
        }
        // An option that was read is not a misspelling.
        given.retain(|name| !self.known.borrow().iter().any(|known| known == name));
        let given: Vec<&str> = given.iter().map(String::as_str).collect();
        let error = Error::new(format!("option '{key}' is missing")).at(&self.call);
        let habit = given.iter().find(|name| habits::of_option(name, &[key]).is_some());
        match (habit, nearest(key, &given)) {
            (Some(other), _) => error.hint(format!("'{other}' is called '{key}'")).into(),
            (None, Some(near)) => error.hint(format!("is '{near}' a misspelling of it?")).into(),
            (None, None) => error.into(),
        }
    }

    /// An error of this call.
    pub fn error(&self, what: String) -> mlua::Error {
        Error::new(what).at(&self.call).into()
    }

    /// An error of an option of this call.
    pub fn at(&self, key: &str, error: Error) -> mlua::Error {
        error.at(key).at(&self.call).into()
    }

    /// The same error, prefixed with this call.
    pub fn error_of(&self, error: Error) -> mlua::Error {
        error.at(&self.call).into()
    }

    /// Refuses every key that was not read.
    pub fn finish(self) -> mlua::Result<()> {
        let Some(table) = &self.table else { return Ok(()) };
        let known = self.known.borrow();
        #[cfg(test)]
        seen::note(&self.call, &known);
        for pair in table.pairs::<Value, Value>() {
            let (key, _) = pair?;
            let name = match &key {
                Value::String(s) => s.to_string_lossy(),
                other => other.to_string()?,
            };
            if !known.iter().any(|known| *known == name) {
                let known: Vec<&str> = known.iter().map(|known| &**known).collect();
                return Err(habits::unknown_option(&name, &known).at(&self.call).into());
            }
        }
        Ok(())
    }
}

/// The prefix of Rust's names of lists.
const LIST: &str = "alloc::vec::Vec<";

/// The required type of an option, where mlua would silently convert another one: any
/// value to a boolean, a table with names to a list.
fn misfit(to: &str, value: &Value) -> Option<&'static str> {
    match value {
        Value::Table(table) if to.starts_with(LIST) => {
            let entries = table.pairs::<Value, Value>().count();
            (entries != table.raw_len()).then_some("list without names")
        }
        Value::Boolean(_) => None,
        _ => (to == "bool").then_some("boolean"),
    }
}

/// The options that each call has read, for the test that compares them with the documentation.
#[cfg(test)]
pub mod seen {
    use std::borrow::Cow;
    use std::cell::RefCell;
    use std::collections::{BTreeMap, BTreeSet};

    type Calls = BTreeMap<String, BTreeSet<&'static str>>;

    thread_local! {
        static CALLS: RefCell<Calls> = RefCell::default();
    }

    pub fn note(call: &str, known: &[Cow<'static, str>]) {
        let known = known.iter().map(|name| -> &'static str {
            match name {
                Cow::Borrowed(name) => name,
                Cow::Owned(name) => name.clone().leak(),
            }
        });
        CALLS.with_borrow_mut(|calls| calls.entry(call.to_string()).or_default().extend(known));
    }

    pub fn take() -> Calls {
        CALLS.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(source: &str) -> (Lua, Options) {
        let lua = Lua::new();
        let value = lua.load(source).eval::<Value>().unwrap();
        let options = Options::new("compt.backbone", value).unwrap();
        (lua, options)
    }

    #[test]
    fn an_unread_key_is_refused_with_the_nearest_known_one() {
        let (lua, o) = options("return { dtpye = 'auto' }");
        let _: Option<String> = o.get(&lua, "dtype").unwrap();
        let text = o.finish().unwrap_err().to_string();
        assert!(text.contains("compt.backbone: unknown option 'dtpye'"), "{text}");
        assert!(text.contains("did you mean 'dtype'?"), "{text}");
    }

    #[test]
    fn what_would_be_taken_for_something_else_is_refused() {
        let (lua, o) =
            options("return { trainable = 'False', dropout = 0, tasks = { rte = true } }");
        let text = o.get::<bool>(&lua, "trainable").unwrap_err().to_string();
        assert!(text.contains("'trainable' must be a boolean, got a string"), "{text}");
        assert!(text.contains("\"False\" in quotes is a string: write false"), "{text}");
        let text = o.get::<bool>(&lua, "dropout").unwrap_err().to_string();
        assert!(text.contains("'dropout' must be a boolean, got 0"), "{text}");
        let text = o.get::<Vec<String>>(&lua, "tasks").unwrap_err().to_string();
        assert!(text.contains("'tasks' must be a list without names, got a table"), "{text}");
        let (lua, o) = options("return { tasks = { 'a', extra = 'b' } }");
        assert!(o.get::<Vec<String>>(&lua, "tasks").is_err());
        let (lua, o) = options("return { tasks = { 'a', {} } }");
        let text = o.get::<Vec<String>>(&lua, "tasks").unwrap_err().to_string();
        assert!(
            text.contains("'tasks' must have a string as every element, not a table"),
            "{text}"
        );
    }

    #[test]
    fn a_wrong_type_names_the_option() {
        let (lua, o) = options("return { length = 'x' }");
        let text = o.get::<usize>(&lua, "length").unwrap_err().to_string();
        assert!(text.contains("'length' must be a whole number, got a string"), "{text}");
    }
}
