//! An optimizer of a script, over tensors that it holds.

use crate::call;
use crate::object::{self, Object};
use crate::options::kind;
use crate::torch::LuaTensor;
use crate::{Error, Result};
use compt_core::nn::Named;
use compt_core::tensor::autograd::clear_grads;
use compt_core::train::optimizer::{Flat, Gradients, Group, Optimizer, update};
use mlua::{FromLua, Lua, Table, UserData, UserDataFields, UserDataMethods, Value};

pub struct LuaOptimizer {
    kind: String,
    /// All parameters.
    group: [Group; 1],
    flats: Vec<Flat>,
    optimizer: Box<dyn Optimizer>,
    lr: f64,
    steps: u64,
}

impl LuaOptimizer {
    pub fn new(
        kind: &str,
        parameters: Named,
        optimizer: Box<dyn Optimizer>,
        (lr, weight_decay): (f64, f64),
    ) -> Self {
        let group = [Group { name: "all".into(), parameters, weight_decay }];
        let flats = Flat::each(&group);
        LuaOptimizer { kind: kind.to_string(), group, flats, optimizer, lr, steps: 0 }
    }

    fn tensors(&self) -> impl Iterator<Item = &tch::Tensor> {
        self.group[0].parameters.iter().map(|(_, tensor)| tensor)
    }

    fn step(&mut self) -> Result<()> {
        let gradients = Gradients::copies(&self.flats)?;
        if gradients.is_empty() {
            return Err(Error::new("no parameter has a gradient")
                .hint("`loss:backward()` computes the gradients, before `step`"));
        }
        let rates = (self.lr, self.group[0].weight_decay);
        let optimizer = &mut *self.optimizer;
        update(optimizer, &mut self.flats, &gradients, |_| rates, &mut Vec::new())?;
        self.steps += 1;
        Ok(())
    }

    /// Takes a state that `state_dict` returned. Without a state of its own a parameter begins anew.
    fn load(&mut self, state: &[(String, tch::Tensor)]) -> Result<()> {
        let before = self.optimizer.state()?;
        let loaded = self.optimizer.load_state(&self.group, state).and_then(|()| {
            let taken = self.optimizer.state()?;
            let known = |name: &str| taken.iter().any(|(known, _)| known == name);
            match state.iter().find(|(name, _)| !known(name)) {
                None => Ok(()),
                Some((name, _)) => Err(Error::new(format!("'{name}' is not for its parameters"))
                    .hint("the state belongs to other parameters or another optimizer")),
            }
        });
        if loaded.is_err() {
            self.optimizer.load_state(&self.group, &before)?;
        }
        loaded
    }
}

/// The parameters of a list, named by their numbers, or of a table with names.
///
/// # Errors
/// There are none; or one is no leaf that requires gradients, is not contiguous, or is there twice.
pub fn parameters(lua: &Lua, given: Value) -> mlua::Result<Named> {
    let table = match given {
        Value::Table(table) => table,
        other => {
            let what = format!("the parameters must be a list of tensors, got a {}", kind(&other));
            let error = Error::new(what);
            return Err(match LuaTensor::from_lua(other, lua) {
                Ok(_) => error.hint("a single one is a list, too: { w }").into(),
                Err(_) => error.into(),
            });
        }
    };
    let mut all: Vec<(Value, String, Value)> = Vec::new();
    for pair in table.pairs::<Value, Value>() {
        let (key, value) = pair?;
        all.push((key.clone(), key.to_string()?, value));
    }
    if all.is_empty() {
        return Err(Error::new("there are no parameters: the list is empty").into());
    }
    let numbered = all.iter().filter(|(key, ..)| key.is_integer()).count();
    if numbered != 0 && (numbered != all.len() || table.raw_len() != numbered) {
        let what = "the parameters must be a list without gaps, or a table with a name for each";
        return Err(Error::new(what).into());
    }
    match numbered {
        0 => all.sort_by(|a, b| a.1.cmp(&b.1)),
        _ => all.sort_by_key(|(key, ..)| key.as_integer()),
    }
    let mut named = Named::new();
    for (_, name, value) in all {
        let got = kind(&value);
        let Ok(tensor) = LuaTensor::from_lua(value, lua) else {
            let error = Error::new(format!("parameter '{name}' must be a tensor, got a {got}"));
            return Err(match got == "table" {
                true => error.hint("parameters with another 'lr' have an optimizer of their own"),
                false => error,
            }
            .into());
        };
        let tensor = tensor.get()?;
        check(&name, &tensor, &named)?;
        named.push((name, tensor));
    }
    Ok(named)
}

fn check(name: &str, tensor: &tch::Tensor, before: &[(String, tch::Tensor)]) -> Result<()> {
    let wrong =
        |what: &str, hint: &str| Err(Error::new(format!("parameter '{name}' {what}")).hint(hint));
    if !tensor.f_is_leaf()? {
        let hint = "`:detach():requires_grad_()` makes a leaf of its values";
        return wrong("is not a leaf: it is computed from other tensors", hint);
    }
    if !tensor.requires_grad() {
        let hint =
            "torch.zeros(2, { requires_grad = true }) or `:requires_grad_()` makes it a parameter";
        return wrong("does not require gradients", hint);
    }
    if tensor.numel() == 0 {
        return wrong("has no elements", "remove it");
    }
    if !tensor.is_contiguous() {
        let hint = "`:detach():contiguous():requires_grad_()` makes one that is";
        return wrong("is not contiguous in memory", hint);
    }
    match before.iter().find(|(_, known)| known.data_ptr() == tensor.data_ptr()) {
        Some((known, _)) => {
            wrong(&format!("is parameter '{known}' again, or shares its memory"), "remove it")
        }
        None => Ok(()),
    }
}

/// A rate or a decay.
pub fn at_least_zero(name: &str, value: f64) -> Result<f64> {
    match value.is_finite() && value >= 0.0 {
        true => Ok(value),
        false => Err(Error::new(format!("'{name}' must be a number, 0 or more, got {value}"))),
    }
}

impl Object for LuaOptimizer {
    const NAME: &'static str = "optimizer";
    const CLASS: &'static str = "compt.Optimizer";
    const MADE_BY: &'static str = "compt.optimizer.<kind>({ parameters })";

    fn summary(&self, _: bool) -> mlua::Result<String> {
        let count = self.group[0].parameters.len();
        let numbers: usize = self.tensors().map(tch::Tensor::numel).sum();
        Ok(format!(
            "optimizer({}: {count} tensors, {numbers} numbers, lr {}, weight decay {}, {} steps)",
            self.kind, self.lr, self.group[0].weight_decay, self.steps
        ))
    }
}

impl UserData for LuaOptimizer {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        object::name(fields);
        fields.add_field_method_get("kind", |_, this| Ok(this.kind.clone()));
        fields.add_field_method_get("lr", |_, this| Ok(this.lr));
        fields.add_field_method_set("lr", |lua, this, value: Value| {
            this.lr = at_least_zero("lr", call::field(lua, "optimizer.lr", value)?)?;
            Ok(())
        });
        fields.add_field_method_get("weight_decay", |_, this| Ok(this.group[0].weight_decay));
        fields.add_field_method_set("weight_decay", |lua, this, value: Value| {
            let value = call::field(lua, "optimizer.weight_decay", value)?;
            this.group[0].weight_decay = at_least_zero("weight_decay", value)?;
            Ok(())
        });
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        object::refuse_unknown(methods);
        object::printable(methods);
        let mut methods = call::methods(methods);
        methods.add_method_mut("step", |_, this, ()| {
            Ok(this.step().map_err(|e| e.at("optimizer:step"))?)
        });
        methods.add_method("zero_grad", |_, this, ()| Ok(clear_grads(this.tensors())?));
        methods.add_method("state_dict", |lua, this, ()| {
            let table = lua.create_table()?;
            for (name, tensor) in this.optimizer.state()? {
                table.raw_set(name, LuaTensor::new(tensor))?;
            }
            Ok(table)
        });
        methods.add_method_mut("load_state_dict", |lua, this, state: Table| {
            let place = |e: Error| e.at("optimizer:load_state_dict");
            let mut named = Named::new();
            for pair in state.pairs::<Value, Value>() {
                let (key, value) = pair?;
                let got = kind(&value);
                let name = key.to_string()?;
                let tensor = LuaTensor::from_lua(value, lua).map_err(|_| {
                    place(Error::new(format!("'{name}' must be a tensor, got a {got}")))
                })?;
                named.push((name, tensor.get()?));
            }
            Ok(this.load(&named).map_err(place)?)
        });
    }
}
