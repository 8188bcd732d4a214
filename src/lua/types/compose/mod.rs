//! `compt.compose`: the operators as functions, and user-defined operators.

mod in_lua;
mod trial;

pub use trial::Shapes;

use crate::call;
use crate::options::{Options, kind};
use crate::torch::{LuaTensor, leaves};
use crate::types::defined::{
    Context, Definition, Followed, Home, InUse, Part, TryOut, Version, names, tensors,
};
use crate::{Error, Result};
use compt_base::files::source::Source;
use compt_core::compose::{self, Operator};
use compt_run::steering::PartFile;
use compt_study::records::events::Role;
use in_lua::InLua;
use mlua::{Function, Lua, Table, Value};
use std::rc::Rc;
use trial::Trial;

const DEFINE: &str = "compt.compose.define";

/// What the definitions of operators have in common.
#[derive(Clone, PartialEq)]
pub struct Compose;

impl Part for Compose {
    const NOUN: &'static str = "operator";
    const FILE: &'static str = "an operator's file";
    const PLACE: &'static str = "composition";
    const FUNCTION: &'static str = "compose";
    const ARGUMENTS: &'static str = "(private, sources, weights)";
    const TABLE: &'static str = "{ parameters, compose }";
    const SAYS: &'static str = "";
    const ROLE: Role = Role::Operator;
    const REGISTRY: &'static str = "compt.compose.defined";

    fn read(_: &Lua, _: &Options) -> mlua::Result<Self> {
        Ok(Compose)
    }

    fn of_function() -> Self {
        Compose
    }
}

pub fn register(lua: &Lua, compt: &Table) -> mlua::Result<()> {
    let table = lua.create_table()?;
    for name in compose::built_in_names() {
        let function = call::function(
            lua,
            format!("compt.compose.{name}"),
            move |_, (private, sources, weights): (LuaTensor, LuaTensor, LuaTensor)| {
                let operator = compose::built_in(name)?;
                let prompt = operator.compose(&private.get()?, &sources.get()?, &weights.get()?)?;
                Ok(LuaTensor::new(prompt))
            },
        )?;
        table.set(name, function)?;
    }
    table.set("define", call::function(lua, "compt.compose.define", define)?)?;
    compt.set("compose", table)
}

/// `define(name, operator)`: `compose = name` then selects the operator; its function is also
/// `compt.compose[name]`. The operator is
/// `f(private [B, m', d], sources [S, m, d], weights [B, S]) -> [B, m'', d]`, a table
/// `{ parameters, compose = f }`, or the path of a file that returns one of these, which is watched
/// during training.
fn define(lua: &Lua, (name, given): (String, Value)) -> mlua::Result<()> {
    if compose::built_in_names().any(|known| known == name) || name == "define" {
        return Err(Error::new(format!("'{name}' is a built-in composition"))
            .at(DEFINE)
            .hint("choose another name")
            .into());
    }
    let definition = Definition::given(lua, given);
    let definition = definition.map_err(|e| crate::failure::error_of(&e).at(DEFINE))?;
    let function = in_script(lua, &definition)?;
    definition.register(lua, &name)?;
    let require: Function = lua.globals().get("require")?;
    let native: Table = require.call("compt.native")?;
    native.get::<Table>("compose")?.set(name, function)
}

/// The function for the script's state, which takes the parameters as a table of tensors.
fn in_script(lua: &Lua, definition: &Definition<Compose>) -> mlua::Result<Function> {
    let (home, function) = (definition.home.clone(), definition.function.clone());
    if let Home::Script(_) = home {
        return Ok(function);
    }
    type Arguments = (LuaTensor, LuaTensor, LuaTensor, Option<Table>);
    lua.create_function(move |_, (private, sources, weights, own): Arguments| {
        let moved = |t: LuaTensor| Ok::<_, mlua::Error>(LuaTensor::new(t.get()?));
        let arguments = (moved(private)?, moved(sources)?, moved(weights)?);
        let mut named = Vec::new();
        for pair in own.iter().flat_map(Table::pairs::<String, LuaTensor>) {
            let (name, tensor) = pair?;
            named.push((name, tensor.get()?));
        }
        let prompt: LuaTensor = home.call(|lua| {
            let (a, b, c) = arguments;
            function.call((a, b, c, tensors(lua, &named)?))
        })?;
        moved(prompt)
    })
}

/// The operator of a method, before it is built for the sizes of a run.
pub enum Choice {
    BuiltIn(Rc<dyn Operator>),
    Own(Own),
}

pub struct Own {
    pub name: String,
    definition: Definition<Compose>,
}

/// An operator, and the file that is watched.
pub type Made = (Rc<dyn Operator>, Option<Box<dyn PartFile>>);

impl Choice {
    pub fn read(lua: &Lua, value: &Value) -> mlua::Result<Choice> {
        let Value::String(name) = value else {
            if !matches!(value, Value::Function(_) | Value::Table(_)) {
                return Err(Error::new(format!(
                    "'compose' must be a name, a function or a table {{ parameters, compose }}, not \
                     a {}",
                    kind(value)
                ))
                .into());
            }
            let definition = Definition::read(lua, value.clone())?;
            return Ok(Choice::Own(Own { name: "function".into(), definition }));
        };
        let name = name.to_str()?.to_string();
        if let Some(definition) = Definition::named(lua, &name)? {
            return Ok(Choice::Own(Own { name, definition }));
        }
        if let Ok(operator) = compose::built_in(&name) {
            return Ok(Choice::BuiltIn(operator));
        }
        let mut known: Vec<String> = compose::built_in_names().map(String::from).collect();
        known.extend(names::<Compose>(lua)?);
        Err(Error::unknown("composition", &name, known.iter().map(String::as_str)).into())
    }

    pub fn name(&self) -> &str {
        match self {
            Choice::BuiltIn(operator) => operator.name(),
            Choice::Own(own) => &own.name,
        }
    }
}

impl Own {
    /// Whether only the script can make it: it is not in a file of its own.
    pub fn is_of_script(&self) -> bool {
        self.definition.source.is_none()
    }

    /// Creates its parameters, and tries it on the shapes of the run. For a run that is made again,
    /// `recorded` is the recorded version of its file, which the run has tried before.
    pub fn make(
        self,
        lua: &Lua,
        context: Context,
        shapes: Shapes,
        recorded: Option<Source>,
    ) -> Result<Made> {
        let is_new = recorded.is_none() || self.is_of_script();
        let name = self.name;
        let definition = self.definition.at_version(lua, recorded.as_ref())?;
        let parameters = definition.make_parameters(&name, &context)?;
        let tasks = context.tasks.len();
        let try_out: TryOut<Compose> = Rc::new(move |version, twice| {
            let trial = Trial { version, shapes: &shapes, tasks };
            if twice { trial.run_twice() } else { trial.run() }
        });
        let (home, function) = (&definition.home, &definition.function);
        let says = &definition.says;
        let version = Version { home, name: &name, function, parameters: &parameters, says };
        if is_new {
            try_out(&version, false)?;
        }
        let in_use = Rc::new(InUse::new(&version));
        let operator = Rc::new(InLua(in_use.clone()));
        let weak = Rc::downgrade(&operator);
        leaves::of_object(lua, move || Some(weak.upgrade()?.parameters()));
        let Some(source) = definition.source else { return Ok((operator, None)) };
        let followed = Followed::new(lua, in_use, (source, Compose), context, try_out);
        Ok((operator, Some(Box::new(followed))))
    }
}
