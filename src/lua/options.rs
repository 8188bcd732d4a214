//! Strict tables of named options: a key nobody asked for is an error that names the nearest
//! known one.

use super::object::{self, Object};
use crate::Error;
use crate::error::nearest;
use mlua::{FromLua, Lua, Table, Value};
use std::cell::RefCell;

/// The options of one call. Read each one, then `finish`.
pub struct Options {
    call: String,
    table: Option<Table>,
    known: RefCell<Vec<&'static str>>,
}

impl Options {
    /// `call` is the function's name as the user wrote it; nil stands for no options.
    pub fn new(call: &str, value: Value) -> mlua::Result<Self> {
        let table = match value {
            Value::Nil => None,
            Value::Table(table) => Some(table),
            other => {
                return Err(Error::new(format!(
                    "expected a table of options, got a {}",
                    other.type_name()
                ))
                .at(call)
                .into());
            }
        };
        Ok(Options { call: call.to_string(), table, known: RefCell::default() })
    }

    /// An option that may be absent.
    pub fn get<T: FromLua>(&self, lua: &Lua, key: &'static str) -> mlua::Result<Option<T>> {
        self.known.borrow_mut().push(key);
        let value = match &self.table {
            Some(table) => table.get::<Value>(key)?,
            None => Value::Nil,
        };
        if value.is_nil() {
            return Ok(None);
        }
        let got = match &value {
            Value::Integer(n) => n.to_string(),
            Value::Number(n) => n.to_string(),
            other => format!("a {}", kind(other)),
        };
        T::from_lua(value, lua).map(Some).map_err(|e| match e {
            mlua::Error::FromLuaConversionError { to, .. } => {
                self.error(format!("option '{key}' must be a {}, got {got}", plain(&to)))
            }
            other => other,
        })
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

    /// An option that must be there.
    pub fn need<T: FromLua>(&self, lua: &Lua, key: &'static str) -> mlua::Result<T> {
        self.get(lua, key)?.ok_or_else(|| self.missing(key))
    }

    /// An object that must be there.
    pub fn need_object<T: Object + Clone>(&self, lua: &Lua, key: &'static str) -> mlua::Result<T> {
        self.object(lua, key)?.ok_or_else(|| self.missing(key))
    }

    /// What to say where an option is not there, perhaps because it is misspelt.
    fn missing(&self, key: &str) -> mlua::Error {
        let mut given = Vec::new();
        if let Some(table) = &self.table {
            let _ = table.for_each(|name: Value, _: Value| {
                given.extend(name.as_string().map(|name| name.to_string_lossy()));
                Ok(())
            });
        }
        // One that was asked for is no misspelling.
        given.retain(|name| !self.known.borrow().contains(&name.as_str()));
        let given: Vec<&str> = given.iter().map(String::as_str).collect();
        let error = Error::new(format!("option '{key}' is missing")).at(&self.call);
        match nearest(key, &given) {
            Some(near) => error.hint(format!("is '{near}' a misspelling of it?")).into(),
            None => error.into(),
        }
    }

    /// An error about this call.
    pub fn error(&self, what: String) -> mlua::Error {
        Error::new(what).at(&self.call).into()
    }

    /// An error about an option of this call.
    pub fn at(&self, key: &str, error: Error) -> mlua::Error {
        error.at(key).at(&self.call).into()
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
            if !known.contains(&name.as_str()) {
                return Err(Error::unknown("option", &name, known.iter().copied())
                    .at(&self.call)
                    .into());
            }
        }
        Ok(())
    }
}

/// What a value is, in Lua's words or by the name of its type.
pub fn kind(value: &Value) -> String {
    let own = value.as_userdata().and_then(|object| object.type_name().ok());
    own.map_or_else(|| value.type_name().to_string(), |name| name.to_string_lossy())
}

/// A Rust type's name in Lua's words.
pub(super) fn plain(to: &str) -> &str {
    match to {
        "i64" | "i32" | "usize" | "u64" | "u32" => "whole number",
        "f64" | "f32" => "number",
        "bool" => "boolean",
        "String" => "string",
        list if list.starts_with("Vec<") => "list",
        other => other,
    }
}

impl From<Error> for mlua::Error {
    fn from(e: Error) -> Self {
        mlua::Error::external(e)
    }
}

/// The options each call has asked for, for the test that compares them with the documentation.
#[cfg(test)]
pub mod seen {
    use std::cell::RefCell;
    use std::collections::{BTreeMap, BTreeSet};

    type Calls = BTreeMap<String, BTreeSet<&'static str>>;

    thread_local! {
        static CALLS: RefCell<Calls> = RefCell::default();
    }

    pub fn note(call: &str, known: &[&'static str]) {
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
    fn a_wrong_type_names_the_option() {
        let (lua, o) = options("return { length = 'x' }");
        let text = o.get::<usize>(&lua, "length").unwrap_err().to_string();
        assert!(text.contains("'length' must be a whole number, got a string"), "{text}");
    }
}
