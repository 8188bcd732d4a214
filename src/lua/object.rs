//! The objects scripts hold: their names, their members, and errors for members there are not.

use crate::Error;
use compt_error::nearest;
use mlua::{
    AnyUserData, FromLua, FromLuaMulti, Function, IntoLua, IntoLuaMulti, Lua, MetaMethod, Result,
    UserData, UserDataFields, UserDataMethods, Value,
};

/// A userdata that scripts hold.
pub trait Object: UserData + 'static {
    /// What messages call it: `trainer`.
    const NAME: &'static str;
    /// Its class in the documentation: `compt.Trainer`.
    const CLASS: &'static str;
    /// What makes one: `compt.trainer { ... }`.
    const MADE_BY: &'static str;

    /// How it prints: what it is, and of large things what matters in them. With `colour` it may
    /// use a terminal's shades.
    fn summary(&self, colour: bool) -> Result<String>;

    /// What sets this, where assigning to it does not.
    fn set_by(_key: &str) -> Option<String> {
        None
    }
}

/// The metamethod behind a summary in colour.
const SUMMARY: &str = "__summary";

/// Makes `tostring` and `print` give the summary.
pub fn printable<T: Object, M: UserDataMethods<T>>(methods: &mut M) {
    methods.add_meta_method(MetaMethod::ToString, |_, this, ()| this.summary(false));
    methods.add_meta_method(SUMMARY, |_, this, colour: bool| this.summary(colour));
}

/// How an object prints.
pub fn summary(object: &AnyUserData, colour: bool) -> Result<String> {
    // What is not of the runtime, as an open file, has no metatable to look into.
    let own = object.metatable().ok().map(|meta| meta.get::<Option<Function>>(SUMMARY));
    match own.transpose()?.flatten() {
        Some(summary) => summary.call((object, colour)),
        None => Value::UserData(object.clone()).to_string(),
    }
}

/// The names of an object's fields and methods.
#[derive(Debug, Default)]
pub struct Members {
    pub fields: Vec<String>,
    pub methods: Vec<String>,
}

impl Members {
    /// What `T` registers.
    pub fn of<T: UserData>() -> Members {
        let mut members = Members::default();
        T::add_fields(&mut members);
        T::add_methods(&mut members);
        members
    }
}

/// Names the type of `T`'s values.
pub fn name<T: Object, F: UserDataFields<T>>(fields: &mut F) {
    fields.add_meta_field(MetaMethod::Type, T::NAME);
}

/// Makes a member that is not there an error with the nearest name.
pub fn refuse_unknown<T: Object, M: UserDataMethods<T>>(methods: &mut M) {
    methods.add_meta_function(
        MetaMethod::Index,
        |_, (_, key): (AnyUserData, Value)| -> Result<()> {
            let members = Members::of::<T>();
            let known: Vec<&str> =
                members.fields.iter().chain(&members.methods).map(String::as_str).collect();
            Err(no_such(&format!("{} has no member", T::NAME), &key.to_string()?, &known).into())
        },
    );
    methods.add_meta_function(
        MetaMethod::NewIndex,
        |_, (_, key, _): (AnyUserData, Value, Value)| -> Result<()> {
            let key = key.to_string()?;
            let error = Error::new(format!("a {}'s '{key}' cannot be set", T::NAME));
            Err(match T::set_by(&key) {
                Some(way) => error.hint(way).into(),
                None => error.into(),
            })
        },
    );
}

/// `tensor has no method 'sofmax' (did you mean 'softmax'?)`.
pub fn no_such(what: &str, name: &str, known: &[&str]) -> Error {
    let near = nearest(name, known).map(|near| format!(" (did you mean '{near}'?)"));
    Error::new(format!("{what} '{name}'{}", near.unwrap_or_default()))
}

/// The object of that type a value is, as a copy of its handle.
pub fn take<T: Object + Clone>(value: &Value) -> Option<T> {
    Some(value.as_userdata()?.borrow::<T>().ok()?.clone())
}

impl<T> UserDataFields<T> for Members {
    fn add_field<V: IntoLua + 'static>(&mut self, name: impl Into<String>, _: V) {
        self.fields.push(name.into());
    }

    fn add_field_method_get<M, R>(&mut self, name: impl Into<String>, _: M)
    where
        M: Fn(&Lua, &T) -> Result<R> + 'static,
        R: IntoLua,
    {
        self.fields.push(name.into());
    }

    fn add_field_method_set<M, A>(&mut self, _: impl Into<String>, _: M)
    where
        M: FnMut(&Lua, &mut T, A) -> Result<()> + 'static,
        A: FromLua,
    {
    }

    fn add_field_function_get<F, R>(&mut self, name: impl Into<String>, _: F)
    where
        F: Fn(&Lua, AnyUserData) -> Result<R> + 'static,
        R: IntoLua,
    {
        self.fields.push(name.into());
    }

    fn add_field_function_set<F, A>(&mut self, _: impl Into<String>, _: F)
    where
        F: FnMut(&Lua, AnyUserData, A) -> Result<()> + 'static,
        A: FromLua,
    {
    }

    fn add_meta_field<V: IntoLua + 'static>(&mut self, _: impl Into<String>, _: V) {}

    fn add_meta_field_with<F, R>(&mut self, _: impl Into<String>, _: F)
    where
        F: FnOnce(&Lua) -> Result<R> + 'static,
        R: IntoLua,
    {
    }
}

impl<T> UserDataMethods<T> for Members {
    fn add_method<M, A, R>(&mut self, name: impl Into<String>, _: M)
    where
        M: Fn(&Lua, &T, A) -> Result<R> + 'static,
        A: FromLuaMulti,
        R: IntoLuaMulti,
    {
        self.methods.push(name.into());
    }

    fn add_method_mut<M, A, R>(&mut self, name: impl Into<String>, _: M)
    where
        M: FnMut(&Lua, &mut T, A) -> Result<R> + 'static,
        A: FromLuaMulti,
        R: IntoLuaMulti,
    {
        self.methods.push(name.into());
    }

    fn add_function<F, A, R>(&mut self, name: impl Into<String>, _: F)
    where
        F: Fn(&Lua, A) -> Result<R> + 'static,
        A: FromLuaMulti,
        R: IntoLuaMulti,
    {
        self.methods.push(name.into());
    }

    fn add_function_mut<F, A, R>(&mut self, name: impl Into<String>, _: F)
    where
        F: FnMut(&Lua, A) -> Result<R> + 'static,
        A: FromLuaMulti,
        R: IntoLuaMulti,
    {
        self.methods.push(name.into());
    }

    fn add_meta_method<M, A, R>(&mut self, _: impl Into<String>, _: M)
    where
        M: Fn(&Lua, &T, A) -> Result<R> + 'static,
        A: FromLuaMulti,
        R: IntoLuaMulti,
    {
    }

    fn add_meta_method_mut<M, A, R>(&mut self, _: impl Into<String>, _: M)
    where
        M: FnMut(&Lua, &mut T, A) -> Result<R> + 'static,
        A: FromLuaMulti,
        R: IntoLuaMulti,
    {
    }

    fn add_meta_function<F, A, R>(&mut self, _: impl Into<String>, _: F)
    where
        F: Fn(&Lua, A) -> Result<R> + 'static,
        A: FromLuaMulti,
        R: IntoLuaMulti,
    {
    }

    fn add_meta_function_mut<F, A, R>(&mut self, _: impl Into<String>, _: F)
    where
        F: FnMut(&Lua, A) -> Result<R> + 'static,
        A: FromLuaMulti,
        R: IntoLuaMulti,
    {
    }
}
