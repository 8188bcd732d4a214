//! Parts of a run that are defined in Lua, operators, routers, optimizers and samplers: a function, or a table with a
//! function, its parameters and what else the part says, as a value or in a file that is watched during training.

mod file;
mod home;
mod in_use;
mod own;
mod parameters;

pub use file::Followed;
pub use home::Home;
pub use in_use::InUse;
pub use own::{Chosen, Own, define, options};
pub use parameters::{Context, Lengths, NO_FIELD, needs_prompts, options_table, seal, tensors};

use crate::failure::error_of;
use crate::options::{Options, kind};
use crate::{Error, Result};
use compt_base::files::source::Source;
use compt_core::nn::Named;
use compt_study::records::events::Role;
use mlua::{AnyUserData, Function, Lua, Table, Value};
use std::path::Path;
use std::rc::Rc;
use tch::Tensor;

/// What the definitions of one kind of part have in common, and what one of them says besides its function and
/// parameters.
pub trait Part: Clone + PartialEq + 'static {
    /// "operator"
    const NOUN: &'static str;
    /// "an operator's file"
    const FILE: &'static str;
    /// What a part is called in messages: "composition".
    const PLACE: &'static str;
    /// The key of its function in a table, and the arguments.
    const FUNCTION: &'static str;
    const ARGUMENTS: &'static str;
    /// The keys of the table in messages.
    const TABLE: &'static str;
    /// Another key that its function can have instead.
    const OTHER: Option<&'static str> = None;
    /// Why it cannot have parameters that are trained, if it cannot.
    const NO_PARAMETERS: Option<&'static str> = None;
    /// What a definition says besides its function and parameters.
    const SAYS: &'static str;
    /// What it is in the record of a run.
    const ROLE: Role;
    /// The registry key of the definitions by name.
    const REGISTRY: &'static str;

    /// Reads the other options of a definition.
    fn read(lua: &Lua, o: &Options) -> mlua::Result<Self>;

    /// What a function alone says.
    fn of_function() -> Self;
}

/// A user-defined part.
#[derive(Clone)]
pub struct Definition<P> {
    pub function: Function,
    /// As declared; nil if there are none.
    pub parameters: Value,
    /// The file that is watched.
    pub source: Option<Source>,
    pub home: Home,
    pub says: P,
}

impl<P: Part> Definition<P> {
    /// A function, or a table `{ parameters, FUNCTION, ... }`.
    pub fn read(lua: &Lua, value: Value) -> mlua::Result<Self> {
        let (function, parameters, says) = match value {
            Value::Function(function) => (function, Value::Nil, P::of_function()),
            Value::Table(_) => {
                let o = Options::new(P::NOUN, value)?;
                let function = one_function::<P>(lua, &o)?;
                let parameters: Value = o.get_or(lua, "parameters", Value::Nil)?;
                let says = P::read(lua, &o)?;
                if let (Some(why), false) = (P::NO_PARAMETERS, parameters.is_nil()) {
                    return Err(o.error(why.into()));
                }
                o.finish()?;
                if !matches!(parameters, Value::Nil | Value::Table(_) | Value::Function(_)) {
                    let got = kind(&parameters);
                    return Err(Error::new(format!(
                        "'parameters' must be a table of name -> tensor or {{ shape, init }}, or a \
                         function that returns one, got a {got}"
                    ))
                    .into());
                }
                (function, parameters, says)
            }
            other => {
                return Err(Error::new(format!(
                    "expected a function, a table {} or a file, got a {}",
                    P::TABLE,
                    kind(&other)
                ))
                .into());
            }
        };
        Ok(Definition { function, parameters, source: None, home: Home::script(lua), says })
    }

    /// Like `read`; a string is the path of a file that returns a definition.
    pub fn given(lua: &Lua, value: Value) -> mlua::Result<Self> {
        match value {
            Value::String(path) => file::open(lua, Path::new(&path.to_str()?.to_string())),
            value => Definition::read(lua, value),
        }
    }

    /// The definition that was registered under a name.
    pub fn named(lua: &Lua, name: &str) -> mlua::Result<Option<Self>> {
        match registry::<P>(lua)?.get::<Option<AnyUserData>>(name)? {
            Some(known) => Ok(Some(known.borrow::<Definition<P>>()?.clone())),
            None => Ok(None),
        }
    }

    pub fn register(self, lua: &Lua, name: &str) -> mlua::Result<()> {
        registry::<P>(lua)?.set(name, lua.create_any_userdata(self)?)
    }

    /// The recorded version of its file, if it is in one.
    pub fn at_version(self, lua: &Lua, recorded: Option<&Source>) -> Result<Self> {
        match recorded.filter(|_| self.source.is_some()) {
            Some(source) => file::load(lua, source),
            None => Ok(self),
        }
    }

    /// Creates the declared parameters.
    pub fn make_parameters(&self, name: &str, context: &Context) -> Result<Named> {
        let made = self.home.call(|lua| parameters::make(lua, &self.parameters, context));
        made.map_err(|e| error_of(&e).at(format!("{} '{name}': parameters", P::PLACE)))
    }
}

/// The function of a definition.
fn one_function<P: Part>(lua: &Lua, o: &Options) -> mlua::Result<Function> {
    let other = P::OTHER.map(|key| o.get(lua, key)).transpose()?.flatten();
    match (other, P::OTHER) {
        (Some(_), Some(key)) if o.get::<Value>(lua, P::FUNCTION)?.is_some() => {
            Err(o.error(format!("either '{}' or '{key}', not both", P::FUNCTION)))
        }
        (Some(function), _) => Ok(function),
        (None, _) => o.need(lua, P::FUNCTION),
    }
}

/// The definitions by name.
fn registry<P: Part>(lua: &Lua) -> mlua::Result<Table> {
    if let Some(table) = lua.named_registry_value::<Option<Table>>(P::REGISTRY)? {
        return Ok(table);
    }
    let table = lua.create_table()?;
    lua.set_named_registry_value(P::REGISTRY, &table)?;
    Ok(table)
}

/// The definitions of a kind by name, as they are now.
pub fn kept<P: Part>(lua: &Lua) -> mlua::Result<Table> {
    let copy = lua.create_table()?;
    for pair in registry::<P>(lua)?.pairs::<Value, Value>() {
        let (name, definition) = pair?;
        copy.raw_set(name, definition)?;
    }
    Ok(copy)
}

/// Puts back what `kept` returned.
pub fn put_back<P: Part>(lua: &Lua, kept: Table) -> mlua::Result<()> {
    lua.set_named_registry_value(P::REGISTRY, kept)
}

/// The names of all definitions.
pub fn names<P: Part>(lua: &Lua) -> mlua::Result<Vec<String>> {
    registry::<P>(lua)?.pairs::<String, Value>().map(|pair| Ok(pair?.0)).collect()
}

/// A version of a part to try before a run uses it, with its parameters.
pub struct Version<'a, P> {
    pub home: &'a Home,
    pub name: &'a str,
    pub function: &'a Function,
    pub parameters: &'a [(String, Tensor)],
    pub says: &'a P,
}

/// Calls a version as a step would; if the flag is set, also checks that equal arguments give equal results.
pub type TryOut<P> = Rc<dyn Fn(&Version<P>, bool) -> Result<()>>;
