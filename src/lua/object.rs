//! The objects that scripts hold: their names, their members, and errors for unknown members.

use crate::rich::MIME;
use crate::words::a;
use crate::{Error, habits};
use compt_error::nearest;
use mlua::{
    AnyUserData, FromLua, FromLuaMulti, Function, IntoLua, IntoLuaMulti, Lua, MetaMethod, Result,
    UserData, UserDataFields, UserDataMethods, Value,
};

/// A userdata that scripts hold.
pub trait Object: UserData + 'static {
    /// Its name in messages: `trainer`.
    const NAME: &'static str;
    /// Its class in the documentation: `compt.Trainer`.
    const CLASS: &'static str;
    /// The call that creates it: `compt.trainer { ... }`.
    const MADE_BY: &'static str;

    /// Its printed form, shortened for large objects. With `colour` it may
    /// use terminal colours.
    fn summary(&self, colour: bool) -> Result<String>;

    /// Its form in a notebook; by default it has only its text.
    fn html(&self) -> Result<Option<String>> {
        Ok(None)
    }

    /// The call that sets a member, if it cannot be assigned.
    fn set_by(_key: &str) -> Option<String> {
        None
    }
}

/// The metamethod that returns a summary in colour.
const SUMMARY: &str = "__summary";

/// Makes `tostring` and `print` return the summary.
pub fn printable<T: Object, M: UserDataMethods<T>>(methods: &mut M) {
    methods.add_meta_method(MetaMethod::ToString, |_, this, ()| this.summary(false));
    methods.add_meta_method(SUMMARY, |_, this, colour: bool| this.summary(colour));
    methods.add_meta_method(MIME, |lua, this, _: Value| {
        let form = |html: String| lua.create_table_from([("text/html", html)]);
        this.html()?.map(form).transpose()
    });
}

/// The printed form of an object.
pub fn summary(object: &AnyUserData, colour: bool) -> Result<String> {
    // Other userdata, such as open files, have no accessible metatable.
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
    /// The members that `T` registers.
    pub fn of<T: UserData>() -> Members {
        let mut members = Members::default();
        T::add_fields(&mut members);
        T::add_methods(&mut members);
        members
    }
}

/// Sets the type name of `T`'s values.
pub fn name<T: Object, F: UserDataFields<T>>(fields: &mut F) {
    fields.add_meta_field(MetaMethod::Type, T::NAME);
}

/// Makes access to an unknown member an error that names the nearest one.
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
            let error = Error::new(format!("{}'s '{key}' cannot be set", a(T::NAME)));
            Err(match T::set_by(&key) {
                Some(way) => error.hint(way).into(),
                None => error.into(),
            })
        },
    );
}

/// `tensor has no method 'sofmax' (did you mean 'softmax'?)`.
pub fn no_such(what: &str, name: &str, known: &[&str]) -> Error {
    let owner = what.split(' ').next().unwrap_or_default();
    let what = format!("{what} '{name}'");
    match (habits::of_name(owner, name), nearest(name, known)) {
        (Some(instead), _) => Error::new(what).hint(instead),
        (None, Some(near)) => Error::new(format!("{what} (did you mean '{near}'?)")),
        (None, None) => Error::new(what),
    }
}

/// The object of type `T` in a value, as a copy of its handle.
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

/// Methods of `UserDataMethods` that note a name, or (`meta`) nothing.
macro_rules! noted {
    (@note $members:ident $name:ident) => { $members.methods.push($name.into()) };
    (@note $members:ident $name:ident meta) => { drop($name) };
    ($($method:ident($($function:tt)+) $($meta:ident)?;)*) => {$(
        fn $method<F, A, R>(&mut self, name: impl Into<String>, _: F)
        where
            F: $($function)+ -> Result<R> + 'static,
            A: FromLuaMulti,
            R: IntoLuaMulti,
        {
            noted!(@note self name $($meta)?)
        }
    )*};
}

impl<T> UserDataMethods<T> for Members {
    noted! {
        add_method(Fn(&Lua, &T, A));
        add_method_mut(FnMut(&Lua, &mut T, A));
        add_function(Fn(&Lua, A));
        add_function_mut(FnMut(&Lua, A));
        add_meta_method(Fn(&Lua, &T, A)) meta;
        add_meta_method_mut(FnMut(&Lua, &mut T, A)) meta;
        add_meta_function(Fn(&Lua, A)) meta;
        add_meta_function_mut(FnMut(&Lua, A)) meta;
    }
}
