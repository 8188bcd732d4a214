//! `compt.trainer { ... }`

mod batches;
mod build;
mod control;
mod method;
mod optimizer;
mod record;
mod scores;
mod stream;

use super::{LuaBackbone, LuaBank, LuaRouter, Tasks, index};
use crate::compose::Isolation;
use crate::data::Split;
use crate::interrupt::{self, Hold, Interrupted};
use crate::lua::hook;
use crate::lua::object::{self, Object};
use crate::lua::options::Options;
use crate::lua::torch::LuaTensor;
use crate::router::{Normalisation, Rule};
use crate::run::files::check_writable;
use crate::run::progress::{Counter, Progress, Silent, progress};
use crate::train::composition::Selection;
use crate::train::evaluate::{Decoding, Evaluation};
use crate::train::report::StepReport;
use crate::train::{Settings, Trainer};
use crate::{Error, Result};
use mlua::{Lua, LuaSerdeExt, Table, UserData, UserDataFields, UserDataMethods, Value};
use record::{End, Record};
use serde_json::json;

pub fn register(lua: &Lua, compt: &Table) -> mlua::Result<()> {
    compt.set("trainer", lua.create_function(|lua, options: Value| LuaTrainer::new(lua, options))?)
}

/// What messages call the constructor.
const CALL: &str = "compt.trainer";

/// A trainer and what belongs to it in a script.
pub struct LuaTrainer {
    trainer: Trainer,
    record: Record,
    backbone: LuaBackbone,
    tasks: Option<Tasks>,
    bank: Option<LuaBank>,
    router: Option<LuaRouter>,
    name: String,
    progress: bool,
}

impl LuaTrainer {
    fn new(lua: &Lua, options: Value) -> mlua::Result<Self> {
        let built = build::build(lua, options)?;
        if let Some(out) = &built.out {
            check_writable(out).map_err(|e| e.at(CALL))?;
        }
        let record = Record::new(lua, &built);
        Ok(LuaTrainer {
            record,
            trainer: Trainer::new(built.parts),
            backbone: built.backbone,
            tasks: built.tasks,
            bank: built.bank,
            router: built.router,
            name: built.name,
            progress: built.progress,
        })
    }

    /// One step, recorded.
    fn step(&mut self) -> Result<StepReport> {
        let _hold = Hold::new();
        self.record.begin(&self.trainer)?;
        let report = self.trainer.step()?;
        if let (Some(router), Some(temperature)) = (&self.router, report.temperature) {
            router.temperature.set(temperature);
        }
        self.record.step(&report)?;
        Ok(report)
    }

    /// Steps to the end. An error or Ctrl-C leaves good prompts, saved.
    fn run(&mut self, lua: &Lua) -> mlua::Result<Value> {
        let total = self.trainer.total_steps();
        if self.trainer.steps() == total {
            eprintln!("note: all {total} steps are made already");
        }
        let shown = self.progress && self.trainer.steps() < total;
        let mut shown: Box<dyn Progress> =
            if shown { progress(&self.name, total) } else { Box::new(Silent) };
        let mut failed = None;
        // A second Ctrl-C waits for the record, too.
        let _hold = Hold::new();
        while self.trainer.steps() < total && !interrupt::requested() {
            match self.step() {
                Ok(report) => shown.step(report.step, report.loss),
                Err(e) => {
                    failed = Some(e);
                    break;
                }
            }
        }
        shown.finish();
        if let Some(error) = failed {
            // What stopped the run is the news, whether or not the rest can be saved.
            let _ = self.record.finish(&self.trainer, End::Failed(&error));
            return Err(error.into());
        }
        if self.trainer.steps() < total {
            self.record.finish(&self.trainer, End::Interrupted)?;
            return Err(mlua::Error::external(Interrupted));
        }
        self.record.finish(&self.trainer, End::Complete)?;
        let report = lua.create_table()?;
        report.set("steps", self.trainer.steps())?;
        report.set("seconds", self.trainer.seconds())?;
        report.set("out", self.record.path().map(|path| path.display().to_string()))?;
        Ok(Value::Table(report))
    }

    fn evaluate(&mut self, lua: &Lua, split: Value, options: Value) -> mlua::Result<Table> {
        const CALL: &str = "trainer:evaluate";
        let (split, options) = match (split, options) {
            (options @ Value::Table(_), Value::Nil) => (Split::Test, options),
            (Value::Nil, options) => (Split::Test, options),
            (split, options) => {
                let name: String = lua.unpack(split).map_err(|_| {
                    Error::new("expected a split: train, validation or test").at(CALL)
                })?;
                (Split::parse(&name).map_err(|e| e.at(CALL))?, options)
            }
        };
        let o = Options::new(CALL, options)?;
        let only: Option<String> = o.get(lua, "only")?;
        let without: Option<String> = o.get(lua, "without")?;
        let limit: Option<usize> = o.get(lua, "limit")?;
        let rule: String = o.get_or(lua, "weights", "renormalised".into())?;
        let normalise: Option<String> = o.get(lua, "normalise")?;
        let decoding: String = o.get_or(lua, "decoding", "greedy".into())?;
        let max_new_tokens: i64 = o.get_or(lua, "max_new_tokens", 8)?;
        let batch_tokens: usize = o.get_or(lua, "batch_tokens", 8192)?;
        let names: Option<Vec<Value>> = o.get(lua, "tasks")?;
        o.finish()?;
        if limit == Some(0) || batch_tokens == 0 || max_new_tokens < 1 {
            return Err(Error::new(
                "'limit', 'batch_tokens' and 'max_new_tokens' must be at least 1",
            )
            .at(CALL)
            .into());
        }
        let sources = self.bank.as_ref().map_or(0, |bank| bank.bank.source_count());
        let isolation = match (&only, &without) {
            (None, None) => Isolation::Total,
            (Some(only), None) => Isolation::only(only, sources)?,
            (None, Some(without)) => Isolation::without(without, sources)?,
            _ => return Err(Error::new("give 'only' or 'without', not both").at(CALL).into()),
        };
        let normalise = normalise.map(|name| Normalisation::parse(&name)).transpose()?;
        let selection = Selection { isolation, rule: Rule::parse(&rule)?, normalise };
        let Settings { max_source, placement, .. } = self.trainer.parts().settings;
        let evaluation = Evaluation {
            split,
            limit,
            decoding: Decoding::parse(&decoding)?,
            max_new_tokens,
            batch_tokens,
            max_source,
            placement,
        };
        let all = &self.trainer.parts().task_names;
        let which: Vec<usize> = match &names {
            Some(names) => names.iter().map(|n| index(n, "task", all)).collect::<Result<_>>()?,
            None => (0..all.len()).collect(),
        };
        let mut interrupted = false;
        let _hold = Hold::new();
        let (shown, mut counter) = (self.progress, None);
        let found = self.trainer.evaluate(&which, selection, &evaluation, &mut |done, total| {
            let counter = counter.get_or_insert_with(|| Counter::new("evaluate", total as u64));
            if shown {
                counter.at(done as u64);
            }
            interrupted = interrupt::requested();
            if interrupted { Err(Error::new("interrupted")) } else { Ok(()) }
        });
        if interrupted {
            return Err(mlua::Error::external(Interrupted));
        }
        drop(counter);
        let found = found.map_err(|e| e.at(CALL))?;
        if found.cut > 0 {
            eprintln!(
                "note: {} inputs to evaluate are longer than {max_source} tokens and are cut",
                found.cut
            );
        }
        let as_trained = isolation == Isolation::Total
            && normalise.is_none()
            && evaluation.decoding == Decoding::Greedy;
        let whole = as_trained && limit.is_none() && names.is_none();
        if whole {
            self.record.scores(&self.trainer, &found)?;
        } else if split == Split::Test {
            let names: Vec<&str> = found.tasks.iter().map(|task| task.task.as_str()).collect();
            let how = json!({
                "only": only, "without": without, "weights": rule, "decoding": decoding,
                "normalise": normalise.map(|n| n.name()), "limit": limit, "tasks": names,
                "max_new_tokens": max_new_tokens,
            });
            self.record.look(&self.trainer, how, &found)?;
        }
        scores::to_lua(lua, &found)
    }

    /// The composed prompt of a task at inference, `[m', d]`.
    fn prompt(&self, task: &Value) -> Result<LuaTensor> {
        let i = index(task, "task", &self.trainer.parts().task_names)?;
        let prompts = self
            .trainer
            .prompts(Selection::default())?
            .ok_or_else(|| Error::new("this trainer trains the backbone: it has no prompts"))?;
        Ok(LuaTensor::new(prompts.vectors.f_get(i as i64)?))
    }

    /// One row a trained parameter: name, shape, count, group.
    fn parameters(&self, lua: &Lua) -> mlua::Result<Table> {
        let rows = lua.create_table()?;
        for group in &self.trainer.parts().groups {
            for (name, tensor) in &group.parameters {
                let row = lua.create_table()?;
                row.set("name", name.as_str())?;
                row.set("group", group.name.as_str())?;
                row.set("shape", tensor.size())?;
                row.set("count", tensor.numel())?;
                rows.raw_push(row)?;
            }
        }
        Ok(rows)
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
}

impl UserData for LuaTrainer {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        object::name(fields);
        fields.add_field_method_get("backbone", |_, this| Ok(this.backbone.clone()));
        fields.add_field_method_get("tasks", |_, this| Ok(this.tasks.clone()));
        fields.add_field_method_get("bank", |_, this| Ok(this.bank.clone()));
        fields.add_field_method_get("router", |_, this| Ok(this.router.clone()));
        fields.add_field_method_get("name", |_, this| Ok(this.name.clone()));
        fields.add_field_method_get("steps", |_, this| Ok(this.trainer.steps()));
        fields.add_field_method_get("total_steps", |_, this| Ok(this.trainer.total_steps()));
        fields.add_field_method_get("out", |_, this| {
            Ok(this.record.path().map(|path| path.display().to_string()))
        });
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        object::refuse_unknown(methods);
        object::printable(methods);
        methods.add_method_mut("step", |lua, this, ()| {
            hook::check(lua)?;
            let report = this.step()?;
            let json = serde_json::to_value(&report).map_err(mlua::Error::external)?;
            lua.to_value(&json)
        });
        methods.add_method_mut("run", |lua, this, ()| this.run(lua));
        methods.add_method_mut("evaluate", |lua, this, (split, options): (Value, Value)| {
            this.evaluate(lua, split, options)
        });
        methods.add_method("prompt", |_, this, task: Value| Ok(this.prompt(&task)?));
        methods.add_method("parameters", |lua, this, ()| this.parameters(lua));
    }
}
