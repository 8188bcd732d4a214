//! Routers that are defined in Lua: by name, in a file, in a method, or in the library.

use super::in_lua::InLua;
use super::trial;
use crate::failure::error_of;
use crate::options::Options;
use crate::types::defined::{
    Context, Definition, Followed, InUse, Part, TryOut, Version, merged, names, options,
};
use crate::{Error, Result, data, stdlib};
use compt_base::files::source::Source;
use compt_core::nn::Named;
use compt_core::prompt::PromptBank;
use compt_core::router::KINDS;
use compt_run::steering::PartFile;
use compt_study::records::events::Role;
use mlua::{Function, Lua, Value};
use serde_json::Map;
use std::rc::Rc;

/// What a definition says besides its parameters and the function of its weights.
#[derive(Clone, PartialEq)]
pub struct Weights {
    /// Whether the weights of a row sum to 1.
    pub normalised: bool,
    /// Whether they depend on the input.
    pub inputs: bool,
    /// The options of a method's `router`, with their defaults.
    pub options: Map<String, serde_json::Value>,
}

impl Part for Weights {
    const NOUN: &'static str = "router";
    const FILE: &'static str = "a router's file";
    const PLACE: &'static str = "router";
    const FUNCTION: &'static str = "weights";
    const ARGUMENTS: &'static str = "(context)";
    const TABLE: &'static str = "{ parameters, weights }";
    const SAYS: &'static str = "'normalised', 'inputs' and 'options'";
    const ROLE: Role = Role::Router;
    const REGISTRY: &'static str = "compt.router.defined";

    fn read(lua: &Lua, o: &Options) -> mlua::Result<Self> {
        Ok(Weights {
            normalised: o.get_or(lua, "normalised", true)?,
            inputs: o.get_or(lua, "inputs", false)?,
            options: options(lua, o, "router", &RESERVED)?,
        })
    }

    fn of_function() -> Self {
        Weights { normalised: true, inputs: false, options: Map::new() }
    }
}

/// The options of every router.
pub const RESERVED: [&str; 5] = ["kind", "tasks", "sources", "device", "temperature"];

/// A user-defined router, before it is made for the sizes of a run.
pub struct Own {
    pub name: String,
    pub definition: Definition<Weights>,
    /// Its options, where they are not the defaults.
    pub given: Map<String, serde_json::Value>,
    /// Whether it is a module of the library.
    in_library: bool,
}

/// Whether a name is that of a router of compt, or of a function beside them.
pub fn is_taken(name: &str) -> bool {
    name == "define"
        || KINDS.iter().any(|kind| kind.name == name)
        || stdlib::modules_in("routers").iter().any(|known| known == name)
}

/// The definition with this name, also in the library; `None` for a built-in kind. Errors: an unknown name.
pub fn named(lua: &Lua, name: &str) -> mlua::Result<Option<Own>> {
    let own = |definition, in_library| {
        Some(Own { name: name.to_string(), definition, given: Map::new(), in_library })
    };
    if KINDS.iter().any(|kind| kind.name == name) {
        return Ok(None);
    }
    if let Some(definition) = Definition::named(lua, name)? {
        return Ok(own(definition, false));
    }
    let library = stdlib::modules_in("routers");
    if library.iter().any(|known| known == name) {
        let require: Function = lua.globals().get("require")?;
        let value: Value = require.call(format!("compt.routers.{name}"))?;
        return Ok(own(Definition::read(lua, value)?, true));
    }
    let known = KINDS.iter().map(|kind| kind.name.to_string()).chain(library);
    let known: Vec<String> = known.chain(names::<Weights>(lua)?).collect();
    Err(Error::unknown("router", name, known.iter().map(String::as_str)).into())
}

/// The `router` of a method, if it is defined in Lua: a name, a table of options, a function of a context, or a
/// definition. Errors: an unknown name, or an invalid definition.
pub fn choice(lua: &Lua, value: &Value) -> mlua::Result<Option<Own>> {
    let table = match value {
        Value::String(name) => return named(lua, &name.to_str()?),
        Value::Table(table) if !table.contains_key(Weights::FUNCTION)? => table,
        Value::Table(_) | Value::Function(_) => {
            let definition = Definition::read(lua, value.clone())?;
            let (name, given) = ("function".to_string(), Map::new());
            return Ok(Some(Own { name, definition, given, in_library: false }));
        }
        _ => return Ok(None),
    };
    let Some(kind) = table.get::<Option<String>>("kind")? else { return Ok(None) };
    let Some(mut own) = named(lua, &kind)? else { return Ok(None) };
    if let serde_json::Value::Object(map) = data::plain(&Value::Table(table.clone()))? {
        own.given = map.into_iter().filter(|(key, _)| key != "kind").collect();
    }
    Ok(Some(own))
}

impl Own {
    /// Whether only the script can make it: it is neither in a file of its own nor in the library.
    pub fn is_of_script(&self) -> bool {
        self.definition.source.is_none() && !self.in_library
    }

    /// The method's `router` as plain data.
    pub fn plain(&self) -> serde_json::Value {
        let mut map = Map::from_iter([("kind".to_string(), self.name.as_str().into())]);
        map.extend(self.given.clone());
        map.into()
    }

    /// Makes the router for the sizes of a run; `recorded` is the recorded version of its file, for a run that is
    /// made again. It is to be tried out before it is used.
    pub fn make(self, lua: &Lua, context: Context, recorded: Option<Source>) -> Result<Made> {
        let definition = self.definition.at_version(lua, recorded.as_ref())?;
        let options = merged(&definition.says.options, &self.given);
        let options = options.map_err(|e| e.at(format!("router '{}'", self.name)))?;
        let context = Context { options, ..context };
        let parameters = definition.make_parameters(&self.name, &context)?;
        let (home, function, says) = (&definition.home, &definition.function, &definition.says);
        let version = Version { home, name: &self.name, function, parameters: &parameters, says };
        let in_use = Rc::new(InUse::new(&version));
        let router = Rc::new(InLua::new(in_use, says.clone(), context.clone()));
        Ok(Made { router, definition, parameters, context })
    }
}

/// A router that was made from a definition.
pub struct Made {
    pub router: Rc<InLua>,
    definition: Definition<Weights>,
    parameters: Named,
    context: Context,
}

impl Made {
    /// Calls it as steps and evaluations would, with the prompts of a bank if there is one. Returns the file to
    /// watch, if it is in one.
    pub fn try_out(
        self,
        lua: &Lua,
        bank: Option<Rc<PromptBank>>,
    ) -> Result<Option<Box<dyn PartFile>>> {
        let context = self.context.clone();
        let try_out: TryOut<Weights> = Rc::new(move |version, twice| {
            trial::run(version, &context, bank.as_deref())?;
            if twice { trial::same_twice(version, &context, bank.as_deref()) } else { Ok(()) }
        });
        let Definition { home, function, says, source, .. } = &self.definition;
        let in_use = self.router.in_use().clone();
        let name = in_use.name().to_string();
        let version = Version { home, name: &name, function, parameters: &self.parameters, says };
        try_out(&version, false)?;
        let Some(source) = source.clone() else { return Ok(None) };
        let followed = Followed::new(lua, in_use, (source, says.clone()), self.context, try_out);
        Ok(Some(Box::new(followed)))
    }
}

/// `define(name, router)`: `router = name` then selects it. The router is a function of a context that returns the
/// weights `[B, S]`, a table `{ parameters, weights, normalised, inputs, options }`, or the path of a file that
/// returns one of these.
pub fn define(lua: &Lua, name: &str, given: Value) -> mlua::Result<()> {
    if is_taken(name) {
        return Err(Error::new(format!("'{name}' is a router of compt"))
            .at(super::DEFINE)
            .hint("choose another name")
            .into());
    }
    let definition: mlua::Result<Definition<Weights>> = Definition::given(lua, given);
    definition.map_err(|e| error_of(&e).at(super::DEFINE))?.register(lua, name)
}
