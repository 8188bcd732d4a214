//! An update rule written in Lua. It runs without gradients.

use super::define::Says;
use crate::object::no_such;
use crate::options::kind;
use crate::torch::{LuaTensor, TensorArg};
use crate::types::defined::{InUse, NO_FIELD, options_table, seal};
use crate::{Error, Result};
use compt_core::nn::Named;
use compt_core::tensor::{device, dtype};
use compt_core::train::optimizer::{Kept, Rule, Update};
use mlua::{FromLua, Function, Lua, Table, Value};
use serde_json::Map;
use std::rc::Rc;
use tch::Tensor;

pub struct InLua {
    in_use: Rc<InUse>,
    says: Says,
    options: Map<String, serde_json::Value>,
}

impl InLua {
    pub fn new(in_use: Rc<InUse>, says: Says, options: Map<String, serde_json::Value>) -> InLua {
        InLua { in_use, says, options }
    }

    pub fn in_use(&self) -> &Rc<InUse> {
        &self.in_use
    }

    fn updated(&self, update: &Update) -> Result<()> {
        let [values, gradient] = [&update.values, &update.gradient].map(Tensor::shallow_clone);
        let state: Named =
            update.state.iter().map(|(name, t)| (name.clone(), t.shallow_clone())).collect();
        let (name, options) = (update.name.clone(), self.options.clone());
        let (lr, weight_decay, step) = (update.lr, update.weight_decay, update.step);
        let line = self.in_use.line();
        self.in_use.within(values.device(), move |lua: &Lua, function: &Function| {
            let fields = lua.create_table()?;
            fields.set("lr", lr)?;
            fields.set("weight_decay", weight_decay)?;
            fields.set("step", step)?;
            fields.set("name", name.as_deref())?;
            if !options.is_empty() {
                fields.set("options", options_table(lua, &options)?)?;
            }
            let is_joined = name.is_none();
            let context =
                seal(lua, fields, NO_FIELD, move |key| match key == "name" && is_joined {
                    true => {
                        Err(Error::new("'name' is not known: several tensors are updated together")
                            .hint("remove 'elementwise' to update each tensor alone"))
                    }
                    false => Ok(false),
                })?;
            let given = [&values, &gradient].map(|t| LuaTensor::new(t.shallow_clone()));
            let [p, grad] = given;
            let result: Value = function.call((p, grad, state_table(lua, &state)?, context))?;
            if !result.is_nil() {
                let what = match &name {
                    Some(name) => format!("the new value of '{name}'"),
                    None => "the new value".to_string(),
                };
                taken(lua, &what, &values, result).map_err(|e| match &line {
                    Some(line) => e.at(line),
                    None => e,
                })?;
            }
            Ok(Value::Nil)
        })?;
        match update.state.iter().find(|(_, tensor)| tensor.requires_grad()) {
            Some((name, _)) => Err(self.in_use.with_line(keeps_graph(&format!("state '{name}'")))),
            None => Ok(()),
        }
    }

    /// Whether it is the first call of a new version of its file: its results must be finite.
    fn checked(&self, update: &Update) -> Result<()> {
        let is_new = self.in_use.is_on_trial();
        self.updated(update)?;
        if is_new {
            self.in_use.check_finite(&update.values).map_err(|e| self.in_use.with_line(e))?;
        }
        Ok(())
    }
}

impl Rule for InLua {
    fn state(&self) -> &[(String, Kept)] {
        &self.says.state
    }

    fn is_elementwise(&self) -> bool {
        self.says.elementwise
    }

    fn update(&self, update: &Update) -> Result<()> {
        self.in_use.noted(self.checked(update))
    }
}

fn keeps_graph(what: &str) -> Error {
    Error::new(format!(
        "{what} carries a graph: an optimizer must not keep the graph of a step alive"
    ))
    .hint("`:detach()` is the tensor without its graph")
}

/// The state of a parameter as a table: an assigned tensor is copied into its own.
fn state_table(lua: &Lua, state: &[(String, Tensor)]) -> mlua::Result<Table> {
    let all = lua.create_table()?;
    for (name, tensor) in state {
        all.raw_set(name.as_str(), LuaTensor::new(tensor.shallow_clone()))?;
    }
    let meta = lua.create_table()?;
    let unknown = |all: &Table, key: &Value| -> mlua::Result<Error> {
        let mut known = Vec::new();
        for pair in all.pairs::<String, Value>() {
            known.push(pair?.0);
        }
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let error = no_such("the state has no tensor", &key.to_string()?, &known);
        Ok(error.hint("a definition lists the tensors that it keeps: `state = { \"momentum\" }`"))
    };
    let own = all.clone();
    let index = move |_: &Lua, (_, key): (Table, Value)| -> mlua::Result<Value> {
        match own.raw_get::<Value>(key.clone())? {
            Value::Nil => Err(unknown(&own, &key)?.into()),
            value => Ok(value),
        }
    };
    let own = all.clone();
    let assign = move |lua: &Lua, (_, key, value): (Table, Value, Value)| -> mlua::Result<()> {
        let tensor = own.raw_get::<Option<LuaTensor>>(key.clone())?;
        let Some(tensor) = tensor else { return Err(unknown(&own, &key)?.into()) };
        Ok(taken(lua, &format!("state '{}'", key.to_string()?), &tensor.get()?, value)?)
    };
    let next: Function = lua.globals().get("next")?;
    let pairs = move |_: &Lua, _: Table| Ok((next.clone(), all.clone(), Value::Nil));
    meta.raw_set("__index", lua.create_function(index)?)?;
    meta.raw_set("__newindex", lua.create_function(assign)?)?;
    meta.raw_set("__pairs", lua.create_function(pairs)?)?;
    let table = lua.create_table()?;
    table.set_metatable(Some(meta))?;
    Ok(table)
}

/// Copies what the function assigned or returned into a tensor.
///
/// # Errors
/// The value is no tensor, carries a graph, or has another shape, dtype or device.
fn taken(lua: &Lua, what: &str, into: &Tensor, value: Value) -> Result<()> {
    let number = value.is_number() || value.is_integer();
    if !(value.is_userdata() || number && into.dim() == 0) {
        return Err(Error::new(format!("{what} must be a tensor, got a {}", kind(&value))));
    }
    let found = match number {
        true => TensorArg::from_lua(value, lua).map_err(|e| crate::failure::error_of(&e))?,
        false => {
            let got = kind(&value);
            let not = |_| Error::new(format!("{what} must be a tensor, got a {got}"));
            TensorArg::Tensor(LuaTensor::from_lua(value, lua).map_err(not)?.get()?)
        }
    };
    let (found, is_number) = (found.tensor()?, number);
    if found.requires_grad() {
        return Err(keeps_graph(what));
    }
    if found.size() != into.size() {
        let (found, wanted) = (found.size(), into.size());
        return Err(Error::new(format!("{what} is {found:?} where {wanted:?} is expected")));
    }
    let of = |t: &Tensor| -> Result<_> { Ok((t.f_kind()?, t.device())) };
    let (own, wanted) = (of(&found)?, of(into)?);
    if own != wanted && !is_number {
        let shown = |(kind, on)| format!("of {} on {}", dtype::name(kind), device::name(on));
        let (own, wanted) = (shown(own), shown(wanted));
        return Err(Error::new(format!("{what} is {own} where one {wanted} is expected"))
            .hint("`:to(DTYPE)` and `:to(DEVICE)` convert one"));
    }
    tch::no_grad(|| into.shallow_clone().f_copy_(&found))?;
    Ok(())
}
