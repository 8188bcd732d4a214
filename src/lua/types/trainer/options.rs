//! The options of `compt.trainer`: `compt.TrainerOptions` in `stdlib/doc`.

use super::CALL;
use crate::failure::error_of;
use crate::options::Options;
use crate::session::Session;
use crate::types::{LuaBackbone, Tasks, sampler};
use crate::{Error, Result};
use compt_base::data::Split;
use compt_core::train::batch::Placement;
use compt_core::train::evaluate::Evaluation;
use compt_core::train::{NonFinite, Recompute, Settings, plan};
use compt_run::spec::CheckpointSpec;
use mlua::{Function, Lua, ObjectLike, Table, Value};
use std::path::PathBuf;
use std::rc::Rc;

pub struct TrainerOptions {
    pub backbone: LuaBackbone,
    pub tasks: Option<Tasks>,
    pub stream: Option<Function>,
    pub method: Table,
    pub method_name: String,
    /// The method's source tasks.
    pub from: Option<Tasks>,
    pub epochs: Option<u64>,
    pub steps: Option<u64>,
    pub batch_size: usize,
    /// Whether the sources begin with the prefixes of their tasks.
    pub prefix: bool,
    pub length_buckets: bool,
    /// Taken when the batches are planned.
    pub sampler: Option<sampler::Own>,
    pub attention: String,
    pub recompute: serde_json::Value,
    pub control: Value,
    pub optimizer: Value,
    pub weight_decay: f64,
    pub name: Option<String>,
    pub out: Option<PathBuf>,
    pub progress: bool,
    pub checkpoints: CheckpointSpec,
    pub non_finite: (String, u32),
    pub settings: Settings,
}

impl TrainerOptions {
    pub fn read(lua: &Lua, options: Value) -> mlua::Result<TrainerOptions> {
        let o = Options::new(CALL, options)?;
        let backbone: LuaBackbone = o.need_object(lua, "backbone")?;
        let tasks: Option<Tasks> = o.object(lua, "tasks")?;
        let stream: Option<Function> = o.get(lua, "stream")?;
        if let Value::String(name) = o.need(lua, "method")? {
            let what = format!("option 'method' must be a method, got \"{}\"", name.display());
            let made = format!("compt.methods.{} {{ ... }} makes one", name.display());
            return Err(Error::new(what).at(CALL).hint(made).into());
        }
        let method: Table = o.need(lua, "method")?;
        checks(lua)?.call_function::<()>("method", (&method, format!("{CALL}: method")))?;
        let weight_decay: Option<f64> = o.get(lua, "weight_decay")?;
        let non_finite = non_finite(lua, &o.get_or(lua, "non_finite", Value::Nil)?)?;
        let checkpoints = CheckpointSpec {
            every: o.get_or(lua, "checkpoint_every", 0)?,
            keep: o.get_or(lua, "keep", 2)?,
            best: o.get_or(lua, "best", "average".into())?,
        };
        let own_prefix: Option<bool> = o.get(lua, "prefix")?;
        if own_prefix == Some(true) && stream.is_some() {
            let what = "'prefix' is for tasks: a stream makes its own texts";
            return Err(Error::new(what).at(CALL).into());
        }
        let of_method = own_prefix.or(method.get("prefix")?);
        let prefix = of_method.unwrap_or(false) && stream.is_none();
        let attention: String = o.get_or(lua, "attention", "auto".into())?;
        let settings = settings(lua, &o, &method, &backbone, &checkpoints)?;
        let recompute = crate::data::plain(&o.get_or(lua, "recompute", Value::Boolean(false))?)?;
        let settings = Settings {
            recompute: Recompute::read(&recompute, backbone.0.borrow().model.device())
                .map_err(|e| e.at(CALL))?,
            non_finite: NonFinite::parse(&non_finite.0, non_finite.1)
                .map_err(|e| e.at(format!("{CALL}: non_finite")))?,
            group_cost: plan::attention(&attention).map_err(|e| e.at(CALL))?,
            ..settings
        };
        let from: Option<Tasks> =
            Options::new(CALL, Value::Table(method.clone()))?.object(lua, "from")?;
        let given = TrainerOptions {
            epochs: o.get(lua, "epochs")?,
            steps: o.get(lua, "steps")?,
            batch_size: o.get_or(lua, "batch_size", 16)?,
            length_buckets: o.get_or(lua, "length_buckets", false)?,
            sampler: sampler::choice(lua, &o.get_or(lua, "sampler", Value::Nil)?)
                .map_err(|e| error_of(&e).at(CALL))?,
            control: o.get_or(lua, "control", Value::Nil)?,
            optimizer: o.get_or(lua, "optimizer", method.get("optimizer")?)?,
            name: o.get(lua, "name")?,
            out: o.get::<String>(lua, "out")?.map(PathBuf::from),
            progress: o.get_or(lua, "progress", true)?,
            method_name: method.get::<Option<String>>("name")?.unwrap_or("custom".into()),
            from: from.map(|from| told(from, prefix)).transpose()?,
            weight_decay: weight_decay.or(method.get("weight_decay")?).unwrap_or(0.01),
            backbone,
            tasks: tasks.map(|tasks| told(tasks, prefix)).transpose()?,
            prefix,
            stream,
            method,
            attention,
            recompute,
            checkpoints,
            non_finite,
            settings,
        };
        o.finish()?;
        if given.sampler.is_some() {
            given.refuse_beside_sampler()?;
        }
        match given.tasks.is_some() == given.stream.is_some() {
            true => Err(Error::new("needs either 'tasks' or 'stream'").at(CALL).into()),
            false => Ok(given),
        }
    }
}

impl TrainerOptions {
    /// The options that choose the rows of batches, too.
    fn refuse_beside_sampler(&self) -> Result<()> {
        let other = match (&self.stream, self.length_buckets) {
            (Some(_), _) => "stream",
            (None, true) => "length_buckets",
            (None, false) => return Ok(()),
        };
        let what = format!("'{other}' and 'sampler' would both choose the rows");
        Err(Error::new(what).at(CALL).hint("remove one of them"))
    }
}

/// The tasks, with their prefixes if a model must be told which one it is asked.
fn told(tasks: Tasks, prefix: bool) -> mlua::Result<Tasks> {
    match prefix {
        true => Ok(Tasks(Rc::new(tasks.0.prefixed().map_err(|e| e.at(CALL))?))),
        false => Ok(tasks),
    }
}

/// The checks of methods: `stdlib/methods/check.lua`.
pub fn checks(lua: &Lua) -> mlua::Result<Table> {
    lua.globals().get::<Function>("require")?.call("compt.methods.check")
}

fn settings(
    lua: &Lua,
    o: &Options,
    method: &Table,
    backbone: &LuaBackbone,
    checkpoints: &CheckpointSpec,
) -> mlua::Result<Settings> {
    let default_seed = lua.app_data_ref::<Session>().map_or(0, |session| session.seed);
    let of_method: Option<String> = method.get("placement")?;
    let placement = of_method.unwrap_or_else(|| "append".into());
    let placement = Placement::parse(&o.get_or(lua, "placement", placement)?)?;
    let max_source = o.get_or(lua, "max_source_length", 256)?;
    let dropout = backbone.0.borrow().model.model_config().dropout_rate;
    Ok(Settings {
        placement,
        max_source,
        accumulate: o.get_or(lua, "accumulate", 1)?,
        clip: o.get_or(lua, "clip", 1.0)?,
        dropout: o.get_or(lua, "dropout", dropout)?,
        seed: o.get_or(lua, "seed", default_seed)?,
        recompute: Recompute::Never,
        non_finite: NonFinite::Stop,
        evaluate_every: o.get_or(lua, "evaluate_every", 0)?,
        evaluation: Evaluation {
            limit: o.get(lua, "evaluate_limit")?,
            ..Evaluation::of(Split::Validation, max_source, placement)
        },
        anchor_every: Settings::anchor_every(checkpoints.every),
        group_cost: None,
    })
}

/// "stop" | "skip" | "rollback", or { policy, tries }.
fn non_finite(lua: &Lua, value: &Value) -> mlua::Result<(String, u32)> {
    match value {
        Value::Nil => Ok(("stop".into(), NonFinite::TRIES)),
        Value::Table(_) => {
            let o = Options::new(&format!("{CALL}: non_finite"), value.clone())?;
            let given = (o.need(lua, "policy")?, o.get_or(lua, "tries", NonFinite::TRIES)?);
            o.finish()?;
            Ok(given)
        }
        name => Ok((lua.unpack(name.clone())?, NonFinite::TRIES)),
    }
}
