//! Calls from Lua into the runtime: errors about arguments use Lua's terms, and count the arguments as the
//! user wrote them.

use super::object::Object;
use super::words::{a, in_words, kind, shown, type_name, with_colon};
use crate::Error;
use mlua::{
    AnyUserData, FromLua, FromLuaMulti, Function, IntoLuaMulti, Lua, MultiValue, Result, Table,
    UserDataMethods, Value,
};
use std::cell::RefCell;
use std::marker::PhantomData;

/// The arguments of a function: a fixed number of values.
pub trait Arguments: FromLuaMulti {
    const COUNT: usize;
}

macro_rules! arguments {
    ($($count:literal: ($($value:ident),*)),* $(,)?) => {
        $(impl<$($value: FromLua),*> Arguments for ($($value,)*) {
            const COUNT: usize = $count;
        })*
    };
}

macro_rules! single_arguments {
    ($($kind:ty),* $(,)?) => {
        $(impl Arguments for $kind {
            const COUNT: usize = 1;
        })*
    };
}

arguments!(0: (), 2: (A, B), 3: (A, B, C), 4: (A, B, C, D));
single_arguments!(AnyUserData, Value, String, mlua::LuaString, Function, Table, i64, bool);

impl<T: FromLua> Arguments for Option<T> {
    const COUNT: usize = 1;
}

impl<T: FromLua> Arguments for Vec<T> {
    const COUNT: usize = 1;
}

impl Arguments for MultiValue {
    const COUNT: usize = usize::MAX;
}

/// A Lua function; `name` is its name for the user.
pub fn function<A, R>(
    lua: &Lua,
    name: impl Into<String>,
    body: impl Fn(&Lua, A) -> Result<R> + 'static,
) -> Result<Function>
where
    A: Arguments,
    R: IntoLuaMulti,
{
    let name = name.into();
    lua.create_function(move |lua, given: MultiValue| {
        let args = arguments(lua, &name, given)?;
        body(lua, args).map_err(|e| told(e, &name))
    })
}

/// Converts a value that is assigned to a field, such as `router.temperature`.
pub fn field<T: FromLua>(lua: &Lua, name: &str, value: Value) -> Result<T> {
    let got = kind(&value);
    T::from_lua(value, lua).map_err(|e| match e {
        mlua::Error::FromLuaConversionError { to, .. } => {
            Error::new(format!("must be a {}, got {}", type_name(&to), a(&got))).at(name).into()
        }
        other => told(other, name),
    })
}

/// Converts a boolean that is assigned to a field: by Lua's rules any value but nil and false would be true.
pub fn truth(name: &str, value: Value) -> Result<bool> {
    match value {
        Value::Boolean(truth) => Ok(truth),
        other => {
            Err(Error::new(format!("must be true or false, got {}", shown(&other))).at(name).into())
        }
    }
}

/// The first argument of a variadic function.
pub fn one<T: FromLua>(lua: &Lua, name: &str, given: Option<Value>) -> Result<T> {
    let value = given.unwrap_or(Value::Nil);
    T::from_lua(value.clone(), lua)
        .map_err(|e| Error::new(format!("argument 1 {}", misfit(&e, &value))).at(name).into())
}

/// The arguments of a call; an extra argument is an error. A trailing nil is ignored.
fn arguments<A: Arguments>(lua: &Lua, name: &str, given: MultiValue) -> Result<A> {
    let count = given.iter().rposition(|value| !value.is_nil()).map_or(0, |last| last + 1);
    if count > A::COUNT {
        let most = match A::COUNT {
            0 => "no arguments".to_string(),
            1 => "at most 1 argument".to_string(),
            n => format!("at most {n} arguments"),
        };
        let error = Error::new(format!("{name} takes {most}, got {count}"));
        let last =
            given.get(count - 1).and_then(|value| Some(value.as_string()?.to_string_lossy()));
        return Err(match last.filter(|last| count == A::COUNT + 1 && last.ends_with(".lua")) {
            Some(_) => error.hint(
                "`require` returns the file's path as a second value: write (require \"name\") \
                 in parentheses",
            ),
            None => error,
        }
        .into());
    }
    A::from_lua_args(given.clone(), 1, None, lua).map_err(|e| match e {
        mlua::Error::BadArgument { pos, cause, .. } => {
            let value = given.get(pos - 1).unwrap_or(&Value::Nil);
            Error::new(format!("argument {pos} {}", misfit(&cause, value))).at(name).into()
        }
        other => told(other, name),
    })
}

/// A description of an argument error.
fn misfit(cause: &mlua::Error, value: &Value) -> String {
    match cause {
        mlua::Error::FromLuaConversionError { from, to, message } => {
            let wanted = type_name(to);
            match (message.as_deref(), *from == value.type_name()) {
                (Some("out of range"), true) => format!("is out of range: {}", shown(value)),
                (_, true) => format!("must be a {wanted}, got {}", shown(value)),
                (_, false) => format!("contains {} where a {wanted} is expected", a(from)),
            }
        }
        other => format!("is not valid: {}", in_words(other).unwrap_or_else(|| other.to_string())),
    }
}

/// Rewrites an error for a script: Rust types become Lua types, and the call is named.
fn told(error: mlua::Error, name: &str) -> mlua::Error {
    match in_words(&error) {
        Some(words) => Error::new(words).at(name).into(),
        None => error,
    }
}

/// Registers the methods of an object: functions that also accept the object as an argument.
pub struct Methods<'m, T, M>(&'m mut M, PhantomData<T>);

/// The methods of `T`, whose errors name `name:method`.
pub fn methods<T: Object, M: UserDataMethods<T>>(methods: &mut M) -> Methods<'_, T, M> {
    Methods(methods, PhantomData)
}

/// The object that a method is called on, and the other arguments.
fn this<T: Object>(
    name: &str,
    method: &str,
    mut given: MultiValue,
) -> Result<(AnyUserData, MultiValue)> {
    match given.pop_front() {
        Some(Value::UserData(object)) if object.is::<T>() => Ok((object, given)),
        _ => Err(Error::new(with_colon(method)).at(name).into()),
    }
}

impl<T: Object, M: UserDataMethods<T>> Methods<'_, T, M> {
    pub fn add_method<F, A, R>(&mut self, method: impl Into<String>, body: F)
    where
        F: Fn(&Lua, &T, A) -> Result<R> + 'static,
        A: Arguments,
        R: IntoLuaMulti,
    {
        let method = method.into();
        let name = format!("{}:{method}", T::NAME);
        self.0.add_function(method.clone(), move |lua, given: MultiValue| {
            let (object, given) = this::<T>(&name, &method, given)?;
            let args = arguments(lua, &name, given)?;
            let object = object.borrow::<T>().map_err(|e| told(e, &name))?;
            body(lua, &object, args).map_err(|e| told(e, &name))
        });
    }

    pub fn add_method_mut<F, A, R>(&mut self, method: impl Into<String>, body: F)
    where
        F: FnMut(&Lua, &mut T, A) -> Result<R> + 'static,
        A: Arguments,
        R: IntoLuaMulti,
    {
        let method = method.into();
        let name = format!("{}:{method}", T::NAME);
        let body = RefCell::new(body);
        self.0.add_function(method.clone(), move |lua, given: MultiValue| {
            let (object, given) = this::<T>(&name, &method, given)?;
            let args = arguments(lua, &name, given)?;
            let mut object = object.borrow_mut::<T>().map_err(|e| told(e, &name))?;
            let busy = |_| told(mlua::Error::RecursiveMutCallback, &name);
            let mut body = body.try_borrow_mut().map_err(busy)?;
            body(lua, &mut object, args).map_err(|e| told(e, &name))
        });
    }
}
