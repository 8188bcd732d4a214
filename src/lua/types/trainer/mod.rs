//! `compt.trainer { ... }`: the binding of [`Run`].

mod answering;
mod build;
mod control;
mod evaluating;
mod exporting;
mod host;
mod method;
mod optimizer;
mod options;
mod shown;
mod state;
mod stepping;
mod stream;
mod watching;

use super::{LuaBackbone, LuaBank, LuaPrompts, LuaRouter, Tasks, history, index, set_by_trainer};
use crate::call;
use crate::hook;
use crate::object::{self, Object};
use crate::paths;
use crate::recorded;
use crate::torch::LuaTensor;
use crate::{Error, Result};
use compt_core::train::composition::Selection;
use compt_core::train::knobs::Knob;
use compt_run::Run;
use compt_run::exchange::Prompts;
use mlua::{Lua, LuaSerdeExt, Table, UserData, UserDataFields, UserDataMethods, Value};

pub use compt_run::steps_made;

pub fn register(lua: &Lua, compt: &Table) -> mlua::Result<()> {
    compt.set("trainer", call::function(lua, CALL, build::trainer)?)
}

/// The name of the constructor in messages.
const CALL: &str = "compt.trainer";

/// A run, and the objects of the script that it was made from.
pub struct LuaTrainer {
    run: Run,
    backbone: LuaBackbone,
    tasks: Option<Tasks>,
    bank: Option<LuaBank>,
    router: Option<LuaRouter>,
}

impl LuaTrainer {
    /// The run.
    pub fn of_run(&self) -> &Run {
        &self.run
    }

    pub fn steps(&self) -> u64 {
        self.run.steps()
    }

    /// The same, for what rebuilds one.
    pub fn run_mut(&mut self) -> &mut Run {
        &mut self.run
    }

    /// The settings of the run, as in `config.json`, or one of them.
    fn config(&self, lua: &Lua, key: Option<&str>) -> mlua::Result<Value> {
        let all = self.run.specification();
        lua.to_value_with(key.map_or(all, |key| &all[key]), recorded::plain())
    }

    /// The composed prompt of a task at inference, `[m', d]`.
    fn prompt(&self, task: &Value) -> Result<LuaTensor> {
        self.run.refuse_behind("reads a prompt")?;
        let trainer = self.run.trainer();
        let i = index(task, "task", &trainer.parts().task_names)?;
        let prompts = trainer.prompts(Selection::default())?.ok_or_else(|| self.no_prompts())?;
        Ok(LuaTensor::new(prompts.vectors.f_get(i as i64)?))
    }

    /// The error for a task without its own prompt.
    fn no_prompts(&self) -> Error {
        match self.run.trainer().learner() {
            Some(learner) if learner.backbone(0).is_some() => trains_backbone(),
            None => trains_backbone(),
            Some(_) => Error::new(
                "this method has no complete prompt per task: its prompts depend on the input, or \
                 it also changes the backbone",
            )
            .hint("its checkpoints have all trained parameters; compt eval RUN evaluates it again"),
        }
    }

    /// The backbone that answers a task: its copy, if each task trains one.
    fn backbone_of(&self, task: &Value) -> Result<LuaBackbone> {
        self.run.refuse_behind("reads the backbone")?;
        let trainer = self.run.trainer();
        let i = index(task, "task", &trainer.parts().task_names)?;
        let own = trainer.learner().and_then(|learner| learner.backbone(i));
        Ok(own.map_or(self.backbone.clone(), |own| LuaBackbone(own.clone(), self.backbone.1)))
    }

    /// All prompts, with their descriptions.
    fn prompts(&self) -> Result<LuaPrompts> {
        self.run.refuse_behind("reads the prompts")?;
        let tensors = compt_run::prompts(self.run.trainer())?;
        let tensors = tensors.into_iter().filter(|(name, _)| !name.starts_with("router."));
        let tensors: Vec<_> = tensors.collect();
        if tensors.is_empty() {
            return Err(self.no_prompts());
        }
        let prompts = Prompts::new(self.run.name().to_string(), self.run.note(), tensors)?;
        Ok(LuaPrompts::new(prompts))
    }

    /// The loss of the next step, and its gradients by the names of parameters.
    fn gradients(&mut self, lua: &Lua) -> mlua::Result<(f64, Table)> {
        self.run.refuse_behind("computes gradients")?;
        let (loss, found) = self.run.trainer_mut().gradients()?;
        let found = found.into_iter().map(|(name, gradient)| (name, LuaTensor::new(gradient)));
        Ok((loss, lua.create_table_from(found)?))
    }
}

fn trains_backbone() -> Error {
    Error::new("this trainer trains the backbone: it has no prompts")
}

impl Object for LuaTrainer {
    const NAME: &'static str = "trainer";
    const CLASS: &'static str = "compt.Trainer";
    const MADE_BY: &'static str = "compt.trainer { ... }";

    fn summary(&self, _: bool) -> mlua::Result<String> {
        Ok(shown::summary(&self.run))
    }

    fn html(&self) -> mlua::Result<Option<String>> {
        Ok(Some(shown::html(&self.run)))
    }

    fn set_by(key: &str) -> Option<String> {
        Knob::named(key).is_ok().then(|| set_by_trainer(key))
    }
}

impl UserData for LuaTrainer {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        object::name(fields);
        fields.add_field_method_get("backbone", |_, this| Ok(this.backbone.clone()));
        fields.add_field_method_get("tasks", |_, this| Ok(this.tasks.clone()));
        fields.add_field_method_get("bank", |_, this| Ok(this.bank.clone()));
        fields.add_field_method_get("router", |_, this| Ok(this.router.clone()));
        fields.add_field_method_get("name", |_, this| Ok(this.run.name().to_string()));
        fields.add_field_method_get("steps", |_, this| Ok(this.steps()));
        fields.add_field_method_get("total_steps", |_, this| Ok(this.run.trainer().total_steps()));
        fields.add_field_method_get("config", |lua, this| this.config(lua, None));
        fields.add_field_method_get("method", |lua, this| this.config(lua, Some("method")));
        fields.add_field_method_get("history", |lua, this| {
            history::to_lua(lua, &this.run.history()?)
        });
        fields.add_field_method_get("out", |lua, this| {
            this.run.path().map(|path| paths::to_lua(lua, path)).transpose()
        });
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        object::refuse_unknown(methods);
        object::printable(methods);
        let mut methods = call::methods(methods);
        methods.add_method_mut("step", |lua, this, ()| {
            hook::check(lua)?;
            this.step(lua)
        });
        methods.add_method_mut("run", |lua, this, options: Value| this.run(lua, options));
        methods.add_method_mut("evaluate", |lua, this, (split, options): (Value, Value)| {
            this.evaluate(lua, evaluating::CALL, split, options)
        });
        methods.add_method("predict", |lua, this, options: Value| {
            this.predict(lua, "trainer:predict", options)
        });
        methods.add_method("generate", |lua, this, options: Value| {
            this.generate(lua, "trainer:generate", options)
        });
        methods.add_method_mut("set", |_, this, (name, value): (String, Value)| {
            Ok(this.set(&name, value)?)
        });
        methods.add_method_mut("control", |_, this, path: String| Ok(this.use_control(&path)?));
        methods.add_method_mut("reload", |_, this, ()| Ok(this.run.steering().reload()?));
        methods.add_method_mut("save", |_, this, path: String| Ok(this.save(&path)?));
        methods.add_method_mut("load", |lua, this, (path, options): (String, Value)| {
            this.load(lua, &path, options)
        });
        methods.add_method("prompt", |_, this, task: Value| Ok(this.prompt(&task)?));
        methods.add_method("backbone_of", |_, this, task: Value| Ok(this.backbone_of(&task)?));
        methods.add_method("export_peft", |lua, this, (folder, options): (String, Value)| {
            this.export_peft(lua, &folder, options)
        });
        methods.add_method("prompts", |_, this, ()| Ok(this.prompts()?));
        methods.add_method_mut("gradients", |lua, this, ()| this.gradients(lua));
        methods.add_method("parameters", |lua, this, ()| shown::parameters(lua, &this.run));
    }
}
