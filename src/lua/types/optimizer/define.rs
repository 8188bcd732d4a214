//! Optimizers that are defined in Lua: by name, in a file, in a trainer, or in the library.

use super::in_lua::InLua;
use super::trial::{self, Like};
use crate::Result;
use crate::options::{Options, kind};
use crate::types::defined::{
    Chosen, Context, Definition, Followed, InUse, Own, Part, TryOut, Version, options,
};
use compt_base::files::source::Source;
use compt_core::train::optimizer::{Group, KINDS, Kept, Optimizer, of_rule};
use compt_run::steering::PartFile;
use compt_study::records::events::Role;
use mlua::{Lua, Table, Value};
use serde_json::Map;
use std::rc::Rc;
use tch::Device;

/// What a definition says besides the function of the update.
#[derive(Clone, PartialEq)]
pub struct Says {
    /// What it keeps for a parameter.
    pub state: Vec<(String, Kept)>,
    /// Whether the update of an element depends on that element alone.
    pub elementwise: bool,
    /// The learning rate by hand, if none is given.
    pub lr: f64,
    /// Its options, with their defaults.
    pub options: Map<String, serde_json::Value>,
}

/// The options of every optimizer.
pub const RESERVED: [&str; 3] = ["kind", "lr", "weight_decay"];

/// The learning rate by hand, if neither the call nor the definition has one.
pub const DEFAULT_RATE: f64 = 1e-3;

impl Part for Says {
    const NOUN: &'static str = "optimizer";
    const FILE: &'static str = "an optimizer's file";
    const PLACE: &'static str = "optimizer";
    const FUNCTION: &'static str = "update";
    const ARGUMENTS: &'static str = "(p, grad, state, context)";
    const TABLE: &'static str = "{ state, update }";
    const NO_PARAMETERS: Option<&'static str> = Some(
        "an optimizer has no 'parameters': numbers that can be set are 'options', tensors that it keeps are 'state'",
    );
    const SAYS: &'static str = "'state', 'elementwise', 'lr' and 'options'";
    const ROLE: Role = Role::Optimizer;
    const REGISTRY: &'static str = "compt.optimizer.defined";

    fn read(lua: &Lua, o: &Options) -> mlua::Result<Self> {
        let says = Says {
            state: state(lua, o)?,
            elementwise: o.get_or(lua, "elementwise", false)?,
            lr: o.get_or(lua, "lr", DEFAULT_RATE)?,
            options: options::<Self>(lua, o, &RESERVED)?,
        };
        let scalar = says.state.iter().find(|(_, kept)| *kept == Kept::Scalar);
        match scalar.filter(|_| says.elementwise) {
            Some((name, _)) => Err(o.error(format!(
                "state: '{name}' cannot be a \"scalar\": with 'elementwise' several tensors are updated together"
            ))),
            None => Ok(says),
        }
    }

    fn of_function() -> Self {
        Says { state: Vec::new(), elementwise: false, lr: DEFAULT_RATE, options: Map::new() }
    }
}

/// A list of names, and NAME = "tensor" or "scalar".
fn state(lua: &Lua, o: &Options) -> mlua::Result<Vec<(String, Kept)>> {
    let Some(table) = o.get::<Table>(lua, "state")? else { return Ok(Vec::new()) };
    let mut state: Vec<(String, Kept)> = Vec::new();
    for pair in table.pairs::<Value, Value>() {
        let (key, value) = pair?;
        let text = |value: &Value| value.as_string().map(|text| text.to_string_lossy());
        let (name, kept) = match (text(&key), text(&value)) {
            (None, Some(name)) => (name, Kept::Like),
            (Some(name), Some(kept)) if kept == "tensor" => (name, Kept::Like),
            (Some(name), Some(kept)) if kept == "scalar" => (name, Kept::Scalar),
            (None, None) => {
                return Err(o.error(format!("state: a name is expected, got a {}", kind(&value))));
            }
            (Some(name), _) => {
                let what = format!("state: '{name}' must be \"tensor\" or \"scalar\"");
                return Err(o.error(what));
            }
        };
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if name == "step" || name.is_empty() || !name.chars().all(is_name) {
            let what = match name == "step" {
                true => "state: 'step' is counted already: it is context.step".to_string(),
                false => format!("state: '{name}' is no name of letters, digits and _"),
            };
            return Err(o.error(what));
        }
        if state.iter().any(|(known, _)| *known == name) {
            return Err(o.error(format!("state: '{name}' is there twice")));
        }
        state.push((name, kept));
    }
    state.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(state)
}

impl Chosen for Says {
    const FOLDER: &'static str = "optimizers";
    const DEFINE: &'static str = super::DEFINE;

    fn built_in() -> Vec<&'static str> {
        KINDS.iter().map(|kind| kind.name).collect()
    }

    fn options(&self) -> &Map<String, serde_json::Value> {
        &self.options
    }
}

/// An optimizer that was made from a definition.
pub struct Made {
    rule: Rc<InLua>,
    definition: Definition<Says>,
    options: Map<String, serde_json::Value>,
}

/// Makes an optimizer; `recorded` is the recorded version of its file, for a run that is made again. It is to be tried
/// out before a trainer uses it.
pub fn make(own: &Own<Says>, lua: &Lua, recorded: Option<Source>) -> Result<Made> {
    let (definition, options) = own.resolved(lua, recorded)?;
    let (home, function, says) = (&definition.home, &definition.function, &definition.says);
    let version = Version { home, name: &own.name, function, parameters: &[], says };
    let in_use = Rc::new(InUse::new(&version));
    let rule = Rc::new(InLua::new(in_use, says.clone(), options.clone()));
    Ok(Made { rule, definition, options })
}

impl Made {
    /// The optimizer, without a state.
    pub fn optimizer(&self) -> Box<dyn Optimizer> {
        of_rule(self.rule.clone())
    }

    /// Calls it as a step would, on tensors like the parameters. Returns the file to watch, if it is in one.
    pub fn try_out(self, lua: &Lua, groups: &[Group]) -> Result<Option<Box<dyn PartFile>>> {
        let Made { rule, definition, options } = self;
        let (like, of_trial) = (Like::each_of(groups), options.clone());
        let try_out: TryOut<Says> = Rc::new(move |version, twice| {
            trial::run(version, &of_trial, &like)?;
            if twice { trial::same_twice(version, &of_trial, &like) } else { Ok(()) }
        });
        let Definition { home, function, says, source, .. } = &definition;
        let in_use = rule.in_use().clone();
        let name = in_use.name().to_string();
        try_out(&Version { home, name: &name, function, parameters: &[], says }, false)?;
        let Some(source) = source.clone() else { return Ok(None) };
        // An optimizer has no parameters, which the sizes would be for.
        let (tasks, sources, lengths, device) = (Vec::new(), 0, None, Device::Cpu);
        let context = Context { tasks, sources, lengths, device, options };
        let followed = Followed::new(lua, in_use, (source, says.clone()), context, try_out);
        Ok(Some(Box::new(followed)))
    }
}
