//! Routers that are defined in Lua: by name, in a file, in a method, or in the library.

use super::in_lua::InLua;
use super::trial;
use crate::Result;
use crate::options::Options;
use crate::types::defined::{
    Chosen, Context, Definition, Followed, InUse, Own, Part, TryOut, Version, options,
};
use compt_base::files::source::Source;
use compt_core::nn::Named;
use compt_core::prompt::PromptBank;
use compt_core::router::KINDS;
use compt_run::steering::PartFile;
use compt_study::records::events::Role;
use mlua::Lua;
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
            options: options::<Self>(lua, o, &RESERVED)?,
        })
    }

    fn of_function() -> Self {
        Weights { normalised: true, inputs: false, options: Map::new() }
    }
}

/// The options of every router.
pub const RESERVED: [&str; 5] = ["kind", "tasks", "sources", "device", "temperature"];

impl Chosen for Weights {
    const FOLDER: &'static str = "routers";
    const DEFINE: &'static str = super::DEFINE;

    fn built_in() -> Vec<&'static str> {
        KINDS.iter().map(|kind| kind.name).collect()
    }

    fn options(&self) -> &Map<String, serde_json::Value> {
        &self.options
    }
}

/// Makes a router for the sizes of a run; `recorded` is the recorded version of its file, for a run that is made
/// again. It is to be tried out before it is used.
pub fn make(
    own: Own<Weights>,
    lua: &Lua,
    context: Context,
    recorded: Option<Source>,
) -> Result<Made> {
    let (definition, options) = own.resolved(lua, recorded)?;
    let context = Context { options, ..context };
    let parameters = definition.make_parameters(&own.name, &context)?;
    let (home, function, says) = (&definition.home, &definition.function, &definition.says);
    let version = Version { home, name: &own.name, function, parameters: &parameters, says };
    let in_use = Rc::new(InUse::new(&version));
    let router = Rc::new(InLua::new(in_use, says.clone(), context.clone()));
    Ok(Made { router, definition, parameters, context })
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
