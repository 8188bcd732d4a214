//! `compt.compose`: the operators as functions, and user-defined operators.

mod file;
mod home;
mod in_lua;
mod parameters;
mod trial;

pub use parameters::Context;
pub use trial::Shapes;

use crate::call;
use crate::options::{Options, kind};
use crate::torch::{LuaTensor, leaves};
use crate::{Error, Result};
use compt_base::files::source::Source;
use compt_core::compose::{self, Operator};
use compt_run::steering::OperatorFile;
use home::Home;
use in_lua::InLua;
use mlua::{AnyUserData, Function, Lua, Table, Value};
use std::path::Path;
use std::rc::Rc;
use trial::Trial;

/// The registry key of the operators of `compt.compose.define`.
const DEFINED: &str = "compt.compose.defined";
const DEFINE: &str = "compt.compose.define";

pub fn register(lua: &Lua, compt: &Table) -> mlua::Result<()> {
    lua.set_named_registry_value(DEFINED, lua.create_table()?)?;
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
    let definition = match given {
        Value::String(path) => file::open(lua, Path::new(&path.to_str()?.to_string()))?,
        value => {
            Definition::read(lua, value).map_err(|e| crate::failure::error_of(&e).at(DEFINE))?
        }
    };
    let function = definition.in_script(lua)?;
    let definition = lua.create_any_userdata(definition)?;
    lua.named_registry_value::<Table>(DEFINED)?.set(name.as_str(), definition)?;
    let require: Function = lua.globals().get("require")?;
    let native: Table = require.call("compt.native")?;
    native.get::<Table>("compose")?.set(name, function)
}

/// A user-defined operator.
#[derive(Clone)]
struct Definition {
    function: Function,
    /// As declared; nil if there are none.
    parameters: Value,
    /// The file that is watched.
    source: Option<Source>,
    home: Home,
}

impl Definition {
    /// The function for the script's state, which takes the parameters as a table of tensors.
    fn in_script(&self, lua: &Lua) -> mlua::Result<Function> {
        if let Home::Script(_) = self.home {
            return Ok(self.function.clone());
        }
        let (home, function) = (self.home.clone(), self.function.clone());
        lua.create_function(
            move |_,
                  (private, sources, weights, own): (
                LuaTensor,
                LuaTensor,
                LuaTensor,
                Option<Table>,
            )| {
                let moved = |t: LuaTensor| Ok::<_, mlua::Error>(LuaTensor::new(t.get()?));
                let arguments = (moved(private)?, moved(sources)?, moved(weights)?);
                let mut named = Vec::new();
                for pair in own.iter().flat_map(Table::pairs::<String, LuaTensor>) {
                    let (name, tensor) = pair?;
                    named.push((name, tensor.get()?));
                }
                let prompt: LuaTensor = home.call(|lua| {
                    let (a, b, c) = arguments;
                    function.call((a, b, c, parameters::to_lua(lua, &named)?))
                })?;
                moved(prompt)
            },
        )
    }

    /// A function, or a table `{ parameters, compose }`.
    fn read(lua: &Lua, value: Value) -> mlua::Result<Definition> {
        let (function, parameters) = match value {
            Value::Function(function) => (function, Value::Nil),
            Value::Table(_) => {
                let o = Options::new("operator", value)?;
                let function: Function = o.need(lua, "compose")?;
                let parameters: Value = o.get_or(lua, "parameters", Value::Nil)?;
                o.finish()?;
                if !matches!(parameters, Value::Nil | Value::Table(_) | Value::Function(_)) {
                    let got = kind(&parameters);
                    return Err(Error::new(format!(
                        "'parameters' must be a table of name -> tensor or {{ shape, init }}, or a \
                         function that returns one, got a {got}"
                    ))
                    .into());
                }
                (function, parameters)
            }
            other => {
                return Err(Error::new(format!(
                    "expected a function, a table {{ parameters, compose }} or a file, got a {}",
                    kind(&other)
                ))
                .into());
            }
        };
        Ok(Definition { function, parameters, source: None, home: Home::script(lua) })
    }
}

/// The operator of a method, before it is built for the sizes of a run.
pub enum Choice {
    BuiltIn(Rc<dyn Operator>),
    Own(Own),
}

pub struct Own {
    pub name: String,
    definition: Definition,
}

/// An operator, and the file that is watched.
pub type Made = (Rc<dyn Operator>, Option<Box<dyn OperatorFile>>);

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
        let defined: Table = lua.named_registry_value(DEFINED)?;
        if let Some(known) = defined.get::<Option<AnyUserData>>(name.as_str())? {
            let definition = known.borrow::<Definition>()?.clone();
            return Ok(Choice::Own(Own { name, definition }));
        }
        if let Ok(operator) = compose::built_in(&name) {
            return Ok(Choice::BuiltIn(operator));
        }
        let mut known: Vec<String> = compose::built_in_names().map(String::from).collect();
        for pair in defined.pairs::<String, Value>() {
            known.push(pair?.0);
        }
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
    /// Creates its parameters, and tries it on the shapes of the run. For a run that is made again,
    /// `recorded` is the recorded version of its file, which the run has tried before.
    pub fn make(
        self,
        lua: &Lua,
        context: Context,
        shapes: Shapes,
        recorded: Option<Source>,
    ) -> Result<Made> {
        let Own { name, mut definition } = self;
        let is_new = recorded.is_none() || definition.source.is_none();
        if let (Some(source), false) = (recorded, is_new) {
            definition = file::load(lua, &source)?;
        }
        let home = definition.home.clone();
        let made = home.call(|lua| parameters::make(lua, &definition.parameters, &context));
        let parameters = made.map_err(|e| {
            let place = format!("composition '{name}': parameters");
            crate::failure::error_of(&e).at(place)
        })?;
        let trial = Trial {
            home: &home,
            name: &name,
            function: &definition.function,
            parameters: &parameters,
            shapes: &shapes,
            tasks: context.tasks.len(),
        };
        if is_new {
            trial.run()?;
        }
        let operator = Rc::new(InLua::new(&home, &name, definition.function, parameters));
        let weak = Rc::downgrade(&operator);
        leaves::of_object(lua, move || Some(weak.upgrade()?.parameters()));
        let Some(source) = definition.source else { return Ok((operator, None)) };
        let followed = file::Followed::new(lua, operator.clone(), source, context, shapes);
        Ok((operator, Some(Box::new(followed))))
    }
}
