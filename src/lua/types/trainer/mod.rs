//! `compt.trainer { ... }`

mod batches;
mod build;
mod control;
mod described;
mod earlier;
mod evaluating;
mod exporting;
mod how;
mod labels;
mod method;
mod optimizer;
mod record;
mod running;
mod scores;
mod steering;
mod stream;
mod watching;

use super::{LuaBackbone, LuaBank, LuaPrompts, LuaRouter, Tasks, index, set_by_trainer};
use crate::call;
use crate::control::Live;
use crate::hook;
use crate::object::{self, Object};
use crate::torch::LuaTensor;
use crate::{Error, Result};
use compt_core::files::json::check_writable;
use compt_core::train::Trainer;
use compt_core::train::composition::Selection;
use compt_core::train::knobs::Knob;
use compt_study::exchange::Prompts;
use earlier::{Earlier, Replay};
use mlua::{Lua, Table, UserData, UserDataFields, UserDataMethods, Value};
use record::Record;
pub use running::steps_made;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use watching::Watching;

pub fn register(lua: &Lua, compt: &Table) -> mlua::Result<()> {
    compt.set("trainer", call::function(lua, CALL, LuaTrainer::new)?)
}

/// What messages call the constructor.
const CALL: &str = "compt.trainer";

/// A trainer and what belongs to it in a script.
pub struct LuaTrainer {
    trainer: Trainer,
    record: Record,
    live: Rc<RefCell<Live>>,
    /// A run made before, until the first step.
    earlier: Option<Earlier>,
    /// Steps of that run which the script has not asked for again yet.
    given: VecDeque<serde_json::Value>,
    /// The state of `math.random` after them.
    random: Option<serde_json::Value>,
    replay: Option<Replay>,
    /// Whether it is here to be evaluated again.
    only_evaluated: bool,
    backbone: LuaBackbone,
    tasks: Option<Tasks>,
    bank: Option<LuaBank>,
    router: Option<LuaRouter>,
    name: String,
    progress: bool,
    watching: Watching,
}

impl LuaTrainer {
    fn new(lua: &Lua, options: Value) -> mlua::Result<Self> {
        let built = build::build(lua, options)?;
        if let (Some(out), None) = (&built.out, &built.earlier) {
            check_writable(out).map_err(|e| e.at(CALL))?;
        }
        let record = Record::new(lua, &built);
        Ok(LuaTrainer {
            record,
            trainer: Trainer::new(built.parts),
            live: built.live,
            earlier: built.earlier,
            given: VecDeque::new(),
            random: None,
            replay: None,
            only_evaluated: false,
            backbone: built.backbone,
            tasks: built.tasks,
            bank: built.bank,
            router: built.router,
            name: built.name,
            progress: built.progress,
            watching: Watching::default(),
        })
    }

    /// Steps as the script has seen them: of a run that is gone on with, those it asked for.
    pub fn steps(&self) -> u64 {
        self.trainer.steps() - self.given.len() as u64
    }

    /// An error where the script is behind the prompts: at a step whose prompts are gone.
    fn refuse_behind(&self, what: &str) -> Result<()> {
        if self.given.is_empty() {
            return Ok(());
        }
        Err(Error::new(format!(
            "the run was resumed after step {}, and the script {what} after step {}, whose prompts \
             are gone",
            self.trainer.steps(),
            self.steps()
        ))
        .hint(
            "a script that looks at the prompts between steps cannot be resumed; let the trainer \
               do it (evaluate_every), or t:run() the steps between",
        ))
    }

    /// The composed prompt of a task at inference, `[m', d]`.
    fn prompt(&self, task: &Value) -> Result<LuaTensor> {
        self.refuse_behind("looks at a prompt")?;
        let i = index(task, "task", &self.trainer.parts().task_names)?;
        let prompts =
            self.trainer.prompts(Selection::default())?.ok_or_else(|| self.no_prompts())?;
        Ok(LuaTensor::new(prompts.vectors.f_get(i as i64)?))
    }

    /// Why a task has no prompt of its own.
    fn no_prompts(&self) -> Error {
        match self.trainer.learner() {
            None => Error::new("this trainer trains the backbone: it has no prompts"),
            Some(_) => Error::new(
                "no prompt of a task is all that this method trains: what a row is given follows from \
                 its input, or the backbone is changed, too",
            )
            .hint("its checkpoints hold what was trained; compt eval RUN evaluates it again"),
        }
    }

    /// All prompts as they are now, with what is known of them.
    fn prompts(&self) -> Result<LuaPrompts> {
        self.refuse_behind("looks at the prompts")?;
        let tensors = record::prompts(&self.trainer)?;
        let tensors = tensors.into_iter().filter(|(name, _)| !name.starts_with("router."));
        let tensors: Vec<_> = tensors.collect();
        if tensors.is_empty() {
            return Err(self.no_prompts());
        }
        let prompts = Prompts::new(self.name.clone(), self.record.note(), tensors)?;
        Ok(LuaPrompts::new(prompts))
    }

    /// The loss of the next step, and its gradients by the names of parameters.
    fn gradients(&mut self, lua: &Lua) -> mlua::Result<(f64, Table)> {
        self.refuse_behind("looks at gradients")?;
        let (loss, found) = self.trainer.gradients()?;
        let table = lua.create_table()?;
        for (name, gradient) in found {
            table.set(name, LuaTensor::new(gradient))?;
        }
        Ok((loss, table))
    }

    /// One row a trained parameter: name, shape, count, group, its last rate, and itself.
    fn parameters(&self, lua: &Lua) -> mlua::Result<Table> {
        let rows = lua.create_table()?;
        let last = self.trainer.last();
        for group in &self.trainer.parts().groups {
            for (name, tensor) in &group.parameters {
                let row = lua.create_table()?;
                row.set("name", name.as_str())?;
                row.set("group", group.name.as_str())?;
                row.set("shape", tensor.size())?;
                row.set("count", tensor.numel())?;
                row.set("lr", last.and_then(|last| last.lr.get(&group.name)).copied())?;
                row.set("value", LuaTensor::new(tensor.shallow_clone()))?;
                rows.raw_push(row)?;
            }
        }
        let text = self.parameter_table();
        let meta = lua.create_table()?;
        meta.set("__tostring", lua.create_function(move |_, _: Value| Ok(text.clone()))?)?;
        rows.set_metatable(Some(meta))?;
        Ok(rows)
    }

    /// A line a parameter, and one of their sum.
    fn parameter_table(&self) -> String {
        let last = self.trainer.last();
        let mut lines = vec![["parameter", "shape", "count", "group", "lr"].map(String::from)];
        let mut total = 0;
        for group in &self.trainer.parts().groups {
            let rate = last.and_then(|last| last.lr.get(&group.name));
            let rate = rate.map_or("-".to_string(), |rate| format!("{rate:.6}"));
            for (name, tensor) in &group.parameters {
                total += tensor.numel();
                let shape = format!("{:?}", tensor.size());
                let count = tensor.numel().to_string();
                lines.push([name.clone(), shape, count, group.name.clone(), rate.clone()]);
            }
        }
        lines.push(["in all", "", &total.to_string(), "", ""].map(String::from));
        let width = |column: usize| lines.iter().map(|line| line[column].len()).max().unwrap_or(0);
        let widths = [0, 1, 2, 3].map(width);
        let line = |[name, shape, count, group, rate]: &[String; 5]| {
            let [n, s, c, g] = widths;
            format!("{name:n$}  {shape:s$}  {count:>c$}  {group:g$}  {rate}").trim_end().to_string()
        };
        lines.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

impl Object for LuaTrainer {
    const NAME: &'static str = "trainer";
    const CLASS: &'static str = "compt.Trainer";
    const MADE_BY: &'static str = "compt.trainer { ... }";

    /// A line a parameter group: its parameters and its rate at the last step.
    fn summary(&self, _: bool) -> mlua::Result<String> {
        let (made, total) = (self.trainer.steps(), self.trainer.total_steps());
        let mut text = format!("trainer({}: step {made} of {total}", self.name);
        let last = self.trainer.last();
        if let Some(last) = last {
            text.push_str(&format!(", loss {:.4}", last.loss));
            let temperature = last.temperature.map(|t| format!(", temperature {t:.4}"));
            text.push_str(&temperature.unwrap_or_default());
        }
        text.push(')');
        let groups = &self.trainer.parts().groups;
        let width = groups.iter().map(|group| group.name.len()).max().unwrap_or(0);
        for group in groups {
            let count: usize = group.parameters.iter().map(|p| p.1.numel()).sum();
            let rate = last.and_then(|last| last.lr.get(&group.name));
            let rate = rate.map_or(String::new(), |rate| format!("  lr {rate:.6}"));
            text.push_str(&format!("\n  {:width$}  {count} parameters{rate}", group.name));
        }
        Ok(text)
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
        fields.add_field_method_get("name", |_, this| Ok(this.name.clone()));
        fields.add_field_method_get("steps", |_, this| Ok(this.steps()));
        fields.add_field_method_get("total_steps", |_, this| Ok(this.trainer.total_steps()));
        fields.add_field_method_get("out", |_, this| {
            Ok(this.record.path().map(|path| path.display().to_string()))
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
            this.evaluate(lua, split, options)
        });
        methods.add_method_mut("set", |_, this, (name, value): (String, Value)| {
            Ok(this.set(&name, value)?)
        });
        methods.add_method_mut("control", |_, this, path: String| Ok(this.use_control(&path)?));
        methods.add_method_mut("reload", |_, this, ()| Ok(this.live.borrow_mut().reload()?));
        methods.add_method_mut("save", |lua, this, path: String| Ok(this.save(lua, &path)?));
        methods.add_method_mut("load", |lua, this, (path, options): (String, Value)| {
            this.load(lua, &path, options)
        });
        methods.add_method("prompt", |_, this, task: Value| Ok(this.prompt(&task)?));
        methods.add_method("export_peft", |lua, this, (folder, options): (String, Value)| {
            this.export_peft(lua, &folder, options)
        });
        methods.add_method("prompts", |_, this, ()| Ok(this.prompts()?));
        methods.add_method_mut("gradients", |lua, this, ()| this.gradients(lua));
        methods.add_method("parameters", |lua, this, ()| this.parameters(lua));
    }
}
