//! Samplers that are defined in Lua: by name, in a file, in the options of a trainer, or in the library.

use super::in_lua::InLua;
use super::row::Texts;
use crate::failure::error_of;
use crate::options::{Options, kind};
use crate::types::defined::{
    self, Chosen, Context, Definition, Followed, InUse, Part, TryOut, Version, options,
};
use crate::{Error, Result, data};
use compt_base::files::source::Source;
use compt_core::train::by_row::RowSampler;
use compt_run::steering::PartFile;
use compt_study::records::events::Role;
use mlua::{Lua, Table, Value};
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
    const NO_PARAMETERS: Option<&'static str> =
        Some("a sampler has no 'parameters': numbers that can be set are 'options'");
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
            options: options::<Self>(lua, o, &["kind", "every"])?,
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

impl Chosen for Rows {
    const FOLDER: &'static str = "samplers";
    const DEFINE: &'static str = super::DEFINE;

    fn built_in() -> Vec<&'static str> {
        Vec::new()
    }

    fn options(&self) -> &Map<String, serde_json::Value> {
        &self.options
    }
}

/// A user-defined sampler, before it is made for the rows of a run.
#[derive(Clone)]
pub struct Own {
    pub part: defined::Own<Rows>,
    /// `every`, if the trainer sets it: as plain data, and in steps.
    every: Option<(serde_json::Value, Option<u64>)>,
}

/// The `sampler` of a trainer: a name, a table of options with `kind` (or with `temperature`, which implies it), a
/// function of the rows that returns their weights, or a definition. Errors: an unknown name, or an invalid definition.
pub fn choice(lua: &Lua, value: &Value) -> mlua::Result<Option<Own>> {
    let mut every = None;
    let given = match value {
        Value::Nil => return Ok(None),
        Value::Table(table)
            if table.contains_key("kind")? || table.contains_key("temperature")? =>
        {
            let given: Table = lua.create_table()?;
            given.set("kind", "temperature")?;
            for pair in table.pairs::<Value, Value>() {
                let (key, value) = pair?;
                match key.as_string().is_some_and(|key| key.to_string_lossy() == "every") {
                    true => every = Some((data::plain(&value)?, interval(&value)?)),
                    false => given.set(key, value)?,
                }
            }
            Value::Table(given)
        }
        other => other.clone(),
    };
    let part = match defined::Own::choice(lua, &given)? {
        Some(part) => part,
        // It says what is expected.
        None => return Definition::<Rows>::read(lua, given).map(|_| None),
    };
    Ok(Some(Own { part, every }))
}

impl Own {
    /// The trainer's `sampler` as plain data.
    pub fn plain(&self) -> serde_json::Value {
        let mut plain = self.part.plain();
        if let Some((every, _)) = &self.every {
            plain["every"] = every.clone();
        }
        plain
    }

    /// Makes the sampler; `recorded` is the recorded version of its file, for a run that is made again. It is tried out
    /// when the batches are planned.
    pub fn make(self, lua: &Lua, texts: Rc<Texts>, recorded: Option<Source>) -> Result<Made> {
        let (definition, options) = self.part.resolved(lua, recorded)?;
        let name = &self.part.name;
        let mut says = definition.says.clone();
        if let Some((_, steps)) = self.every {
            says.every = steps;
            if says.order {
                return Err(of_an_epoch().at(format!("sampler '{name}'")));
            }
        }
        let (home, function) = (&definition.home, &definition.function);
        let version = Version { home, name, function, parameters: &[], says: &says };
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
