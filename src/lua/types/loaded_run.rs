//! `compt.load_run(RUN)`: a recorded run that answers new rows and is evaluated again.

use super::answering::{OF_PART, batch, decoding, predictions, question, texts};
use super::{LuaBackbone, LuaTrainer, default_device, history};
use crate::call;
use crate::object::{self, Object};
use crate::options::Options;
use crate::paths;
use crate::rebuilding;
use crate::recorded;
use crate::trained::{self, Asking};
use crate::{Error, Result};
use compt_base::data::Form;
use compt_base::files::json::{read_json, read_json_lines};
use compt_core::train::batch::Placement;
use compt_core::train::prompt_predictor::PromptPredictor;
use compt_error::Context;
use compt_run::checkpoints::Checkpoints;
use compt_run::history::{Columns, Trace};
use compt_run::{RunHistory, Specification, exchange};
use compt_study::interrupt::{self, Interrupted};
use compt_study::records::folder::{CONFIG, EVALUATIONS, METRICS, RESULT};
use mlua::{
    AnyUserData, Lua, LuaSerdeExt, LuaString, Table, UserData, UserDataFields, UserDataMethods,
    Value,
};
use std::cell::RefCell;
use std::fs;
use std::path::PathBuf;
use std::rc::Rc;

const CALL: &str = "compt.load_run";

pub fn register(lua: &Lua, compt: &Table) -> mlua::Result<()> {
    compt.set("load_run", call::function(lua, CALL, load)?)
}

/// A run of an earlier process, or of one that trains it now.
pub struct LuaLoadedRun {
    /// Absolute.
    path: PathBuf,
    specification: Specification,
    /// Replacements of recorded settings.
    device: Option<String>,
    backbone: Option<String>,
    /// Loaded at its first use.
    loaded: RefCell<Option<LuaBackbone>>,
    trainer: RefCell<Option<AnyUserData>>,
}

fn load(lua: &Lua, (run, options): (LuaString, Value)) -> mlua::Result<LuaLoadedRun> {
    let o = Options::new(CALL, options)?;
    let (device, backbone) = (o.get(lua, "device")?, o.get(lua, "backbone")?);
    o.finish()?;
    let path = paths::from_lua(&run);
    trained::check_folder(&path).map_err(|e| e.at(CALL))?;
    let specification = Specification::read(&path).map_err(|e| e.at(CALL))?;
    let path = fs::canonicalize(&path).at(path.display())?;
    let (loaded, trainer) = Default::default();
    Ok(LuaLoadedRun { path, specification, device, backbone, loaded, trainer })
}

impl LuaLoadedRun {
    fn backbone(&self, lua: &Lua) -> Result<LuaBackbone> {
        if let Some(loaded) = &*self.loaded.borrow() {
            return Ok(loaded.clone());
        }
        let on = self.device.clone().unwrap_or_else(|| default_device(lua));
        let given = self.backbone.as_deref();
        let found = trained::backbone(&self.specification, &self.path, given, &on, Asking::Script)
            .at(CALL)?;
        let found = LuaBackbone(Rc::new(RefCell::new(found)), true);
        *self.loaded.borrow_mut() = Some(found.clone());
        Ok(found)
    }

    /// The trainer, rebuilt at its first use, and again once there is another checkpoint.
    fn trainer(&self, lua: &Lua) -> Result<AnyUserData> {
        let is_current = |trainer: &AnyUserData| {
            let of = trainer.borrow::<LuaTrainer>();
            of.is_ok_and(|of| Some(of.steps()) == self.steps())
        };
        if let Some(trainer) = self.trainer.borrow().as_ref().filter(|t| is_current(t)) {
            return Ok(trainer.clone());
        }
        let (device, backbone) = (self.device.as_deref(), self.backbone(lua)?);
        let made = rebuilding::opened(lua, &self.path, &self.specification, device, backbone)?;
        *self.trainer.borrow_mut() = Some(made.clone());
        Ok(made)
    }

    fn steps(&self) -> Option<u64> {
        let saved = Checkpoints::of(&self.path, 1).last_step();
        saved.or_else(|| read_json(&self.path.join(RESULT)).ok()?["steps"].as_u64())
    }

    /// The task's form and its recorded prompt; `None` if the trainer is needed: for a part of the composition, for a
    /// method without a complete prompt of each task, or for a run that went on since its prompts were written.
    fn recorded(&self, options: &Value) -> Result<Option<(String, Form, tch::Tensor)>> {
        let is_set = |table: &Table, key: &str| !table.get(key).unwrap_or(Value::Nil).is_nil();
        let table = options.as_table();
        if table.is_some_and(|table| OF_PART.iter().any(|key| is_set(table, key)))
            || !trained::has_current_prompts(&self.path)
        {
            return Ok(None);
        }
        let task: Option<Value> = table.and_then(|table| table.get("task").ok());
        let task = match task.filter(|task| !task.is_nil()) {
            Some(task) => {
                let names = self.tasks();
                Some(names[super::index(&task, "task", &names)?].clone())
            }
            None => None,
        };
        let (task, form) = trained::form(&self.specification, task.as_deref(), Asking::Script)?;
        let prompts = exchange::load(&self.path)?;
        // Without a composed prompt of the task, its prompts depend on the input.
        let target = prompts.get(&task).ok().filter(|prompt| prompt.name == task);
        Ok(target.map(|prompt| (task, form, prompt.value)))
    }

    /// The names of its tasks.
    pub fn tasks(&self) -> Vec<String> {
        self.specification.tasks.as_ref().map_or(Vec::new(), |tasks| tasks.names.clone())
    }

    /// Answers with `each` batch by batch if the recorded prompts suffice, else with the trainer.
    fn ask(&self, lua: &Lua, options: Value, generates: bool) -> mlua::Result<Table> {
        let call = if generates { "run:generate" } else { "run:predict" };
        let recorded = self.recorded(&options).map_err(|e| e.at(call))?;
        let Some((task, form, prompt)) = recorded else {
            let trainer = self.trainer(lua).map_err(|e| e.at(call))?;
            let trainer = trainer.borrow::<LuaTrainer>()?;
            return match generates {
                true => trainer.generate(lua, call, options),
                false => trainer.predict(lua, call, options),
            };
        };
        let o = Options::new(call, options)?;
        let _: Option<Value> = o.get(lua, "task")?;
        let asked = question(lua, &o, &form)?;
        let batch = batch(lua, &o)?;
        super::answering::part(lua, &o)?;
        let decoding = if generates { Some(decoding(lua, &o, &form)?) } else { None };
        o.finish()?;
        let backbone = self.backbone(lua).map_err(|e| e.at(call))?;
        let backbone = backbone.0.borrow();
        let placement = Placement::parse(&self.specification.placement)?;
        let most = self.specification.max_source_length;
        let predictor = PromptPredictor::new(&backbone, &task, form, &prompt, most, placement)
            .map_err(|e| e.at(call))?;
        let (mut answers, mut generated) = (Vec::new(), Vec::new());
        for sources in asked.sources.chunks(batch) {
            if interrupt::requested() {
                return Err(mlua::Error::external(Interrupted));
            }
            match decoding {
                Some(decoding) => generated.extend(predictor.generate(sources, decoding)?),
                None => answers.extend(predictor.answer(sources)?),
            }
        }
        match generates {
            true => texts(lua, asked, &generated),
            false => predictions(lua, asked, &answers),
        }
    }

    /// The recorded numbers, or those of the trainer if it has been rebuilt.
    fn history(&self) -> Result<RunHistory> {
        let mut columns = Columns::default();
        read_json_lines(&self.path.join(METRICS))?.iter().for_each(|line| columns.push(line));
        let mut evaluations = read_json_lines(&self.path.join(EVALUATIONS))?;
        // A run that went on from the checkpoint of another one has that one's steps in its own checkpoints.
        let is_whole = columns.steps.iter().zip(1..).all(|(step, i)| *step == i);
        if (!is_whole || columns.steps.is_empty())
            && let (Some(saved), _) = Checkpoints::of(&self.path, 1).newest()?
            && !saved.plain["trace"].is_null()
        {
            let recorded = columns.steps.last().map_or(0, |last| *last as u64);
            let last = recorded.max(self.steps().unwrap_or(0));
            let trace = Trace::of_json(&saved.plain["trace"]);
            let first = trace.own_from() as u64 + 1;
            columns = trace.columns(Some(&self.path), last)?;
            evaluations.retain(|found| found["step"].as_u64().is_some_and(|n| n >= first));
            let all = saved.plain["progress"][0]["history"]["evaluations"].as_array();
            let earlier = all.into_iter().flatten();
            let earlier = earlier.filter(|found| found["step"].as_u64().is_some_and(|n| n < first));
            evaluations.splice(0..0, earlier.cloned());
        }
        let evaluations = evaluations.into_iter().map(serde_json::from_value);
        let evaluations = evaluations.collect::<std::result::Result<_, _>>().map_err(|e| {
            Error::new(format!("an evaluation cannot be read: {e}"))
                .at(self.path.join(EVALUATIONS).display())
        })?;
        Ok(RunHistory { columns, evaluations })
    }

    /// The settings in `config.json`, or one of them.
    fn config(&self, lua: &Lua, key: Option<&str>) -> mlua::Result<Value> {
        let all = read_json(&self.path.join(CONFIG))?;
        lua.to_value_with(key.map_or(&all, |key| &all[key]), recorded::plain())
    }
}

impl Object for LuaLoadedRun {
    const NAME: &'static str = "run";
    const CLASS: &'static str = "compt.LoadedRun";
    const MADE_BY: &'static str = "compt.load_run(RUN)";

    fn summary(&self, _: bool) -> mlua::Result<String> {
        let steps = self.steps().map_or("no checkpoint".into(), |steps| format!("step {steps}"));
        let (method, of) = (self.specification.method_name(), self.specification.steps);
        Ok(format!(
            "run({method}: {steps} of {of})\n  tasks: {}\n  {}",
            self.tasks().join(", "),
            self.path.display()
        ))
    }
}

impl UserData for LuaLoadedRun {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        object::name(fields);
        fields.add_field_method_get("path", |lua, this| paths::to_lua(lua, &this.path));
        fields.add_field_method_get("name", |_, this| Ok(this.specification.name.clone()));
        fields.add_field_method_get("tasks", |_, this| Ok(this.tasks()));
        fields.add_field_method_get("steps", |_, this| Ok(this.steps()));
        fields.add_field_method_get("total_steps", |_, this| Ok(this.specification.steps));
        fields.add_field_method_get("config", |lua, this| this.config(lua, None));
        fields.add_field_method_get("method", |lua, this| this.config(lua, Some("method")));
        fields.add_field_method_get("history", |lua, this| history::to_lua(lua, &this.history()?));
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        object::refuse_unknown(methods);
        object::printable(methods);
        let mut methods = call::methods(methods);
        methods.add_method("predict", |lua, this, options: Value| this.ask(lua, options, false));
        methods.add_method("generate", |lua, this, options: Value| this.ask(lua, options, true));
        methods.add_method("evaluate", |lua, this, (split, options): (Value, Value)| {
            let trainer = this.trainer(lua)?;
            let mut trainer = trainer.borrow_mut::<LuaTrainer>()?;
            trainer.evaluate(lua, "run:evaluate", split, options)
        });
        methods.add_method("trainer", |lua, this, ()| Ok(this.trainer(lua)?));
    }
}
