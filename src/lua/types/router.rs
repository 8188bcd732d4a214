//! `compt.router`: the weights of the source prompts.

use super::{heat, index, set_by_trainer};
use crate::call;
use crate::object::{self, Object};
use crate::options::Options;
use crate::torch::{LuaTensor, TensorArg, leaves};
use crate::{Error, Result};
use compt_base::options::Variant;
use compt_core::router::{self, Phase, Router, Sizes};
use compt_core::tensor::device;
use compt_core::train::knobs::Knob;
use mlua::{Lua, Table, UserData, UserDataFields, UserDataMethods, Value};
use std::cell::Cell;
use std::rc::Rc;
use tch::{Device, Kind, Tensor};

/// A router in a script.
#[derive(Clone)]
pub struct LuaRouter {
    pub router: Rc<dyn Router>,
    pub kind: String,
    pub tasks: Vec<String>,
    pub sources: usize,
    /// The default temperature of sampling.
    pub temperature: Rc<Cell<f64>>,
    /// Whether the steps of a trainer set its temperature.
    pub of_trainer: bool,
    pub device: Device,
}

pub fn register(lua: &Lua, compt: &Table) -> mlua::Result<()> {
    let table = lua.create_table()?;
    for kind in router::KINDS {
        let call = format!("compt.router.{}", kind.name);
        let make = call::function(lua, call.clone(), move |lua, options: Value| {
            let o = Options::new(&call, options)?;
            let tasks: Value = o.need(lua, "tasks")?;
            let tasks = names(lua, tasks)?;
            let sources: usize = o.need(lua, "sources")?;
            let on: String = o.get_or(lua, "device", "cpu".into())?;
            let device = device::parse(&on)?;
            let variant = Variant { kind: kind.name.into(), options: o.data(kind.options)? };
            let router = router::make(&variant, Sizes { tasks: tasks.len(), sources, device })?;
            // The temperature of sampling until a control sets it.
            let temperature = match router.samples() {
                true => o.get_or(lua, "temperature", 1.0)?,
                false => 1.0,
            };
            o.finish()?;
            let made = LuaRouter::new(lua, router, kind.name, tasks, sources, device);
            made.temperature.set(temperature);
            Ok(made)
        })?;
        table.set(kind.name, make)?;
    }
    compt.set("router", table)
}

/// A number of tasks, or their names.
fn names(lua: &Lua, tasks: Value) -> mlua::Result<Vec<String>> {
    match tasks {
        Value::Integer(count) => Ok((1..=count).map(|i| i.to_string()).collect()),
        names => lua.unpack(names),
    }
}

impl LuaRouter {
    pub fn new(
        lua: &Lua,
        router: Rc<dyn Router>,
        kind: &str,
        tasks: Vec<String>,
        sources: usize,
        device: Device,
    ) -> Self {
        let weak = Rc::downgrade(&router);
        leaves::of_object(lua, move || Some(weak.upgrade()?.parameters()));
        let (kind, temperature) = (kind.to_string(), Rc::new(Cell::new(1.0)));
        LuaRouter { router, kind, tasks, sources, temperature, of_trainer: false, device }
    }

    /// Tasks by number from 1 or by name, converted to the router's indices.
    fn rows(&self, lua: &Lua, tasks: Value) -> mlua::Result<Tensor> {
        let list: Vec<Value> = match tasks {
            Value::Nil => (1..=self.tasks.len() as i64).map(Value::Integer).collect(),
            Value::Table(table) => table.sequence_values().collect::<mlua::Result<_>>()?,
            Value::UserData(_) => {
                let ids = lua.unpack::<TensorArg>(tasks)?.tensor()?;
                let ids = ids.f_to_kind(Kind::Int64).and_then(|ids| ids.f_reshape([-1]));
                let ids = ids.map_err(Error::from)?;
                Vec::<i64>::try_from(&ids)
                    .map_err(Error::from)?
                    .into_iter()
                    .map(Value::Integer)
                    .collect()
            }
            one => vec![one],
        };
        let rows = list
            .iter()
            .map(|task| index(task, "task", &self.tasks).map(|i| i as i64))
            .collect::<Result<Vec<_>>>()?;
        Ok(Tensor::from_slice(&rows).to_device(self.device))
    }
}

impl Object for LuaRouter {
    const NAME: &'static str = "router";
    const CLASS: &'static str = "compt.Router";
    const MADE_BY: &'static str = "compt.router.<kind> { ... }";

    /// The weights at inference as a heat map, one row per task.
    fn summary(&self, colour: bool) -> mlua::Result<String> {
        let head = format!(
            "router({}: {} tasks, {} sources, temperature {:.4})",
            self.kind,
            self.tasks.len(),
            self.sources,
            self.temperature.get()
        );
        let all = Tensor::arange(self.tasks.len() as i64, (Kind::Int64, self.device));
        let weights = tch::no_grad(|| self.router.weights(&all, Phase::Eval, None))?;
        let weights = weights.f_to_device(Device::Cpu).map_err(Error::from)?;
        let rows =
            Vec::<Vec<f64>>::try_from(&weights.to_kind(Kind::Double)).map_err(Error::from)?;
        Ok(format!("{head}\n{}", heat::map(&self.tasks, &rows, colour)))
    }

    fn set_by(key: &str) -> Option<String> {
        Knob::named(key).is_ok().then(|| set_by_trainer(key))
    }
}

impl UserData for LuaRouter {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        object::name(fields);
        fields.add_field_method_get("kind", |_, this| Ok(this.kind.clone()));
        fields.add_field_method_get("tasks", |_, this| Ok(this.tasks.clone()));
        fields.add_field_method_get("sources", |_, this| Ok(this.sources));
        fields.add_field_method_get("temperature", |_, this| Ok(this.temperature.get()));
        fields.add_field_method_set("temperature", |lua, this, value: Value| {
            if this.of_trainer {
                let what = "every step of the trainer sets its router's 'temperature'";
                return Err(Error::new(what).hint(set_by_trainer("temperature")).into());
            }
            this.temperature.set(call::field(lua, "router.temperature", value)?);
            Ok(())
        });
        fields.add_field_method_get("logits", |_, this| {
            Ok(this.router.logits().map(|logits| LuaTensor::new(logits.shallow_clone())))
        });
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        object::refuse_unknown(methods);
        object::printable(methods);
        let mut methods = call::methods(methods);
        methods.add_method("weights", |lua, this, (tasks, options): (Value, Value)| {
            let o = Options::new("router:weights", options)?;
            let train: bool = o.get_or(lua, "train", false)?;
            let temperature = o.get_or(lua, "temperature", this.temperature.get())?;
            o.finish()?;
            let phase = if train { Phase::Train { temperature } } else { Phase::Eval };
            Ok(LuaTensor::new(this.router.weights(&this.rows(lua, tasks)?, phase, None)?))
        });
    }
}
