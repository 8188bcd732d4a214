//! `compt.router`: the weights of the source prompts.

mod define;
mod in_lua;
mod trial;

pub use define::{Made, Weights, make};

use super::defined::{self, Context, Own};
use super::{LuaBackbone, heat, index, set_by_trainer};
use crate::call;
use crate::object::{self, Object};
use crate::options::Options;
use crate::torch::{LuaTensor, TensorArg, leaves};
use crate::{Error, Result, stdlib};
use compt_base::options::Variant;
use compt_core::backbone::GroupCost;
use compt_core::prompt::PromptBank;
use compt_core::router::{self, Embedded, Given, Phase, Router, Sees, Sizes};
use compt_core::tensor::device;
use compt_core::tensor::upload::longs;
use compt_core::train::batch::{Placement, Rows};
use compt_core::train::knobs::Knob;
use mlua::{Function, Lua, Table, UserData, UserDataFields, UserDataMethods, Value};
use std::cell::Cell;
use std::rc::Rc;
use tch::{Device, Kind, Tensor};

const DEFINE: &str = "compt.router.define";

/// A router in a script.
#[derive(Clone)]
pub struct LuaRouter {
    pub router: Rc<dyn Router>,
    pub kind: String,
    pub tasks: Vec<String>,
    pub sources: usize,
    /// The default temperature of sampling.
    pub temperature: Rc<Cell<f64>>,
    /// The prompts and the backbone of its trainer, whose steps set its temperature.
    pub of_trainer: Option<(Rc<PromptBank>, LuaBackbone)>,
    pub device: Device,
}

pub fn register(lua: &Lua, compt: &Table) -> mlua::Result<()> {
    let table = lua.create_table()?;
    for kind in router::KINDS {
        let call = format!("compt.router.{}", kind.name);
        let make = call::function(lua, call.clone(), move |lua, options: Value| {
            let o = Options::new(&call, options)?;
            let (tasks, sources, device) = sizes(lua, &o)?;
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
    for name in stdlib::modules_in("routers") {
        table.set(name.as_str(), constructor(lua, name.clone())?)?;
    }
    let define = |lua: &Lua, (name, given): (String, Value)| -> mlua::Result<()> {
        defined::define::<Weights>(lua, &name, given)?;
        let require: Function = lua.globals().get("require")?;
        let native: Table = require.call("compt.native")?;
        native.get::<Table>("router")?.set(name.as_str(), constructor(lua, name.clone())?)
    };
    table.set("define", call::function(lua, DEFINE, define)?)?;
    compt.set("router", table)
}

/// The options of every router: the tasks, the number of sources and the device.
fn sizes(lua: &Lua, o: &Options) -> mlua::Result<(Vec<String>, usize, Device)> {
    let tasks: Value = o.need(lua, "tasks")?;
    let tasks = names(lua, tasks)?;
    let sources: usize = o.need(lua, "sources")?;
    let on: String = o.get_or(lua, "device", "cpu".into())?;
    Ok((tasks, sources, device::parse(&on)?))
}

/// `compt.router.NAME { ... }` of a router that is defined in Lua.
fn constructor(lua: &Lua, name: String) -> mlua::Result<Function> {
    let call = format!("compt.router.{name}");
    call::function(lua, call.clone(), move |lua, options: Value| {
        let mut own = Own::<Weights>::named(lua, &name)?.expect("it is not a built-in kind");
        let o = Options::new(&call, options)?;
        let (tasks, sources, device) = sizes(lua, &o)?;
        let temperature = o.get_or(lua, "temperature", 1.0)?;
        own.take(lua, &o)?;
        o.finish()?;
        if sources == 0 {
            return Err(Error::new("'sources' must be at least 1").at(&call).into());
        }
        let context = Context {
            tasks: tasks.clone(),
            sources,
            lengths: None,
            device,
            options: serde_json::Map::new(),
        };
        let made = make(own, lua, context, None).map_err(|e| e.at(&call))?;
        let router = made.router.clone();
        made.try_out(lua, None).map_err(|e| e.at(&call))?;
        let made = LuaRouter::new(lua, router, &name, tasks, sources, device);
        made.temperature.set(temperature);
        Ok(made)
    })
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
        LuaRouter { router, kind, tasks, sources, temperature, of_trainer: None, device }
    }

    /// Tasks by number from 1 or by name, converted to the router's indices.
    fn rows(&self, lua: &Lua, tasks: Value) -> mlua::Result<Vec<usize>> {
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
        Ok(list
            .iter()
            .map(|task| index(task, "task", &self.tasks))
            .collect::<Result<Vec<usize>>>()?)
    }

    /// The weights `[B, S]` of tasks, for inputs if the router reads them.
    fn weights(&self, tasks: &[usize], phase: Phase, inputs: Option<&Embedded>) -> Result<Tensor> {
        let ids: Vec<i64> = tasks.iter().map(|task| *task as i64).collect();
        let bank = self.of_trainer.as_ref().filter(|_| self.router.sees() != Sees::Tasks);
        let prompts = match bank {
            Some((bank, _)) => Some((bank.encoded_privates(tasks)?, bank.encoded_sources()?)),
            None => None,
        };
        let prompts = prompts.as_ref().map(|(private, sources)| (private, sources));
        let given = Given { tasks: &longs(&ids, self.device)?, prompts, inputs };
        self.router.weights(&given, phase, None)
    }

    /// The embeddings of texts.
    fn embedded(&self, texts: &[String]) -> Result<Embedded> {
        let Some((_, backbone)) =
            self.of_trainer.as_ref().filter(|_| self.router.sees() == Sees::Inputs)
        else {
            let what = format!("the router '{}' does not read inputs", self.kind);
            return Err(Error::new(what).at("'text'").hint("remove 'text'"));
        };
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let sources = backbone.0.borrow().need_tokenizer()?.encode_batch(&texts)?;
        let rows = Rows {
            backbone: backbone.0.clone(),
            tasks: Vec::new(),
            sources,
            targets: Vec::new(),
            placement: Placement::Append,
            cost: GroupCost::PADDED,
        };
        rows.embedded()
    }
}

impl LuaRouter {
    fn headline(&self) -> String {
        format!(
            "router({}: {} tasks, {} sources, temperature {:.4})",
            self.kind,
            self.tasks.len(),
            self.sources,
            self.temperature.get()
        )
    }

    /// The weights at inference by task; `None` if they depend on the input.
    fn at_inference(&self) -> mlua::Result<Option<Vec<Vec<f64>>>> {
        if self.router.sees() == Sees::Inputs {
            return Ok(None);
        }
        let all: Vec<usize> = (0..self.tasks.len()).collect();
        let weights = tch::no_grad(|| self.weights(&all, Phase::Eval, None))?;
        let weights = weights.f_to_device(Device::Cpu).map_err(Error::from)?;
        Ok(Some(Vec::<Vec<f64>>::try_from(&weights.to_kind(Kind::Double)).map_err(Error::from)?))
    }
}

impl Object for LuaRouter {
    const NAME: &'static str = "router";
    const CLASS: &'static str = "compt.Router";
    const MADE_BY: &'static str = "compt.router.<kind> { ... }";

    /// The weights at inference as a heat map, one row per task.
    fn summary(&self, colour: bool) -> mlua::Result<String> {
        let head = self.headline();
        Ok(match self.at_inference()? {
            Some(rows) => format!("{head}\n{}", heat::map(&self.tasks, &rows, colour)),
            None => format!(
                "{head}\n  its weights depend on the input: router:weights(TASK, {{ text = {{ ... }} }})"
            ),
        })
    }

    fn html(&self) -> mlua::Result<Option<String>> {
        let rows = self.at_inference()?;
        Ok(rows.map(|rows| heat::html(&self.headline(), &self.tasks, &rows)))
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
            if this.of_trainer.is_some() {
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
            let text: Option<Vec<String>> = o.get(lua, "text")?;
            o.finish()?;
            let phase = if train { Phase::Train { temperature } } else { Phase::Eval };
            let mut rows = this.rows(lua, tasks)?;
            let place = |e: Error| e.at("router:weights");
            let inputs =
                text.as_ref().map(|text| this.embedded(text)).transpose().map_err(place)?;
            if let Some(text) = &text {
                match (rows.len(), text.len()) {
                    (1, n) => rows = vec![rows[0]; n],
                    (b, n) if b == n => {}
                    (b, n) => {
                        let what = format!(
                            "{n} texts for {b} tasks: a task for each text, or one for all"
                        );
                        return Err(place(Error::new(what)).into());
                    }
                }
            }
            Ok(LuaTensor::new(this.weights(&rows, phase, inputs.as_ref())?))
        });
    }
}
