//! Samplers that are defined in Lua: by name, in a file, in the options of a trainer, or in the library.

use super::in_lua::InLua;
use super::row::Texts;
use crate::failure::error_of;
use crate::options::{Options, kind};
use crate::types::defined::{
    Context, Definition, Followed, InUse, Part, TryOut, Version, merged, names, options,
};
use crate::{Error, Result, data, stdlib};
use compt_base::files::source::Source;
use compt_core::train::by_row::RowSampler;
use compt_run::steering::PartFile;
use compt_study::records::events::Role;
use mlua::{Function, Lua, Value};
use serde_json::Map;
use std::cell::OnceCell;
use std::rc::Rc;
use tch::Device;

/// What a definition says besides its function.
#[derive(Clone, PartialEq)]
pub struct Rows {
    /// Whether it returns an order, not weights.
    pub order: bool,
    /// The interval in steps at which weights are computed again; `None`: an epoch.
    pub every: Option<u64>,
    /// Whether it reads the losses of rows.
    pub losses: bool,
    /// Whether it only decides the mix of tasks.
    pub mixes_tasks: bool,
    /// Its options, with their defaults.
    pub options: Map<String, serde_json::Value>,
}

impl Part for Rows {
    const NOUN: &'static str = "sampler";
    const FILE: &'static str = "a sampler's file";
    const PLACE: &'static str = "sampler";
    const FUNCTION: &'static str = "weights";
    const ARGUMENTS: &'static str = "(rows, context)";
    const TABLE: &'static str = "{ weights } or { order }";
    const OTHER: Option<&'static str> = Some("order");
    const HAS_PARAMETERS: bool = false;
    const SAYS: &'static str =
        "'weights' or 'order', 'every', 'losses', 'mixes_tasks' and 'options'";
    const ROLE: Role = Role::Sampler;
    const REGISTRY: &'static str = "compt.sampler.defined";

    fn read(lua: &Lua, o: &Options) -> mlua::Result<Self> {
        let every = o.get::<Value>(lua, "every")?;
        let says = Rows {
            order: o.get::<Value>(lua, "order")?.is_some(),
            every: every
                .map(|value| interval(&value))
                .transpose()
                .map_err(|e| o.error_of(e))?
                .flatten(),
            losses: o.get_or(lua, "losses", false)?,
            mixes_tasks: o.get_or(lua, "mixes_tasks", false)?,
            options: options(lua, o, Self::NOUN, &["kind", "every"])?,
        };
        match says.order && says.every.is_some() {
            true => Err(o.error_of(of_an_epoch())),
            false => Ok(says),
        }
    }

    fn of_function() -> Self {
        Rows { order: false, every: None, losses: false, mixes_tasks: false, options: Map::new() }
    }
}

/// `every`: "epoch" (`None`), or a number of steps.
fn interval(value: &Value) -> Result<Option<u64>> {
    match value {
        Value::Integer(steps) if *steps >= 1 => Ok(Some(*steps as u64)),
        Value::String(word) if word.to_string_lossy() == "epoch" => Ok(None),
        other => {
            let got = match other {
                Value::Integer(_) | Value::Number(_) | Value::String(_) => {
                    other.to_string().map_err(|e| error_of(&e))?
                }
                other => format!("a {}", kind(other)),
            };
            Err(Error::new(format!("'every' is \"epoch\" or a number of steps from 1, not {got}")))
        }
    }
}

fn of_an_epoch() -> Error {
    Error::new("'every' is for weights: an order is computed at the start of each epoch")
        .hint("remove 'every'")
}

/// A user-defined sampler, before it is made for the rows of a run.
#[derive(Clone)]
pub struct Own {
    pub name: String,
    definition: Definition<Rows>,
    /// Its options, where they are not the defaults.
    given: Map<String, serde_json::Value>,
    /// `every`, if the trainer sets it: as plain data, and in steps.
    every: Option<(serde_json::Value, Option<u64>)>,
    /// Whether it is a module of the library.
    in_library: bool,
}

/// The definition with this name, also in the library. Errors: an unknown name.
fn named(lua: &Lua, name: &str) -> mlua::Result<Own> {
    let own = |definition, in_library| Own {
        name: name.to_string(),
        definition,
        given: Map::new(),
        every: None,
        in_library,
    };
    if let Some(definition) = Definition::named(lua, name)? {
        return Ok(own(definition, false));
    }
    let library = stdlib::modules_in("samplers");
    if library.iter().any(|known| known == name) {
        let require: Function = lua.globals().get("require")?;
        let value: Value = require.call(format!("compt.samplers.{name}"))?;
        return Ok(own(Definition::read(lua, value)?, true));
    }
    let known: Vec<String> = library.into_iter().chain(names::<Rows>(lua)?).collect();
    Err(Error::unknown("sampler", name, known.iter().map(String::as_str)).into())
}

/// The `sampler` of a trainer: a name, a table of options with `kind` (or with `temperature`, which implies it), a
/// function of the rows that returns their weights, or a definition. Errors: an unknown name, or an invalid definition.
pub fn choice(lua: &Lua, value: &Value) -> mlua::Result<Option<Own>> {
    let table = match value {
        Value::Nil => return Ok(None),
        Value::String(name) => return named(lua, &name.to_str()?).map(Some),
        Value::Table(table)
            if table.contains_key("kind")? || table.contains_key("temperature")? =>
        {
            table
        }
        _ => {
            let definition = Definition::read(lua, value.clone())?;
            let (name, given) = ("function".to_string(), Map::new());
            let own = Own { name, definition, given, every: None, in_library: false };
            return Ok(Some(own));
        }
    };
    let kind: Option<String> = table.get("kind")?;
    let mut own = named(lua, kind.as_deref().unwrap_or("temperature"))?;
    if let serde_json::Value::Object(mut map) = data::plain(&Value::Table(table.clone()))? {
        map.shift_remove("kind");
        if let Some(every) = map.shift_remove("every") {
            own.every = Some((every, interval(&table.get("every")?)?));
        }
        own.given = map;
    }
    Ok(Some(own))
}

impl Own {
    /// Whether only the script can make it: it is neither in a file of its own nor in the library.
    pub fn is_of_script(&self) -> bool {
        self.definition.source.is_none() && !self.in_library
    }

    /// The trainer's `sampler` as plain data.
    pub fn plain(&self) -> serde_json::Value {
        let mut map = Map::from_iter([("kind".to_string(), self.name.as_str().into())]);
        map.extend(self.every.iter().map(|every| ("every".to_string(), every.0.clone())));
        map.extend(self.given.clone());
        map.into()
    }

    /// Makes the sampler; `recorded` is the recorded version of its file, for a run that is made again. It is tried out
    /// when the batches are planned.
    pub fn make(self, lua: &Lua, texts: Rc<Texts>, recorded: Option<&Source>) -> Result<Made> {
        let place = |e: Error| e.at(format!("sampler '{}'", self.name));
        let definition = self.definition.at_version(lua, recorded)?;
        let mut says = definition.says.clone();
        if let Some((_, steps)) = self.every {
            says.every = steps;
            if says.order {
                return Err(place(of_an_epoch()));
            }
        }
        let options = merged(&says.options, &self.given).map_err(place)?;
        let (home, function) = (&definition.home, &definition.function);
        let version = Version { home, name: &self.name, function, parameters: &[], says: &says };
        let in_use = Rc::new(InUse::new(&version));
        let of_file = definition.says.clone();
        let sampler = InLua { in_use, says, options, texts, stages: Rc::default() };
        Ok(Made { sampler: Rc::new(sampler), source: definition.source, of_file })
    }
}

/// A sampler that was made from a definition.
pub struct Made {
    pub sampler: Rc<InLua>,
    source: Option<Source>,
    /// What its file says.
    of_file: Rows,
}

impl Made {
    /// The file to watch, if it is in one. A new version is tried on the rows of the run before it is used.
    pub fn file(&self, lua: &Lua) -> Option<Box<dyn PartFile>> {
        let source = self.source.clone()?;
        let InLua { in_use, says, options, texts, stages } = &*self.sampler;
        let (says, options) = (says.clone(), options.clone());
        let (texts, stages) = (texts.clone(), stages.clone());
        let try_out: TryOut<Rows> = Rc::new(move |version, _| {
            let candidate = InLua {
                in_use: Rc::new(InUse::new(version)),
                says: says.clone(),
                options: options.clone(),
                texts: texts.clone(),
                stages: Rc::new(OnceCell::new()),
            };
            match stages.get() {
                Some(stages) => stages.try_out(&candidate as &dyn RowSampler),
                None => Ok(()),
            }
        });
        // A sampler has no parameters to make for it.
        let context = Context {
            tasks: Vec::new(),
            sources: 0,
            lengths: None,
            device: Device::Cpu,
            options: Map::new(),
        };
        let of_file = (source, self.of_file.clone());
        Some(Box::new(Followed::new(lua, in_use.clone(), of_file, context, try_out)))
    }
}

/// `define(name, sampler)`: `sampler = name` of a trainer then selects it. The sampler is a function of
/// (rows, context) that returns the weight of each row, a table `{ weights, ... }` or `{ order, ... }`, or the path of a
/// file that returns one of these.
pub fn define(lua: &Lua, name: &str, given: Value) -> mlua::Result<()> {
    if stdlib::modules_in("samplers").iter().any(|known| known == name) || name == "function" {
        return Err(Error::new(format!("'{name}' is a sampler of compt"))
            .at(super::DEFINE)
            .hint("choose another name")
            .into());
    }
    let definition: mlua::Result<Definition<Rows>> = Definition::given(lua, given);
    definition.map_err(|e| error_of(&e).at(super::DEFINE))?.register(lua, name)
}
