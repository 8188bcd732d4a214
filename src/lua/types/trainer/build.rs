//! From the options of `compt.trainer` to the parts of a trainer.

use super::batches::{Plan, StageLength, task_batches};
use super::method::trained;
use super::stream::LuaStream;
use super::{CALL, control, optimizer};
use crate::lua::options::Options;
use crate::lua::session::Session;
use crate::lua::types::{LuaBackbone, LuaBank, LuaRouter, Tasks};
use crate::t5::GroupCost;
use crate::tensor::{device, dtype};
use crate::train::control::Setting;
use crate::train::gather::Placement;
use crate::train::rows::room_for;
use crate::train::{Batches, Parts, Settings, Stage};
use crate::{Error, Result};
use mlua::{Function, Lua, LuaSerdeExt, Table, Value};
use serde_json::json;
use std::path::{Path, PathBuf};

/// A trainer's parts, and what the script sees and the record keeps of them.
pub struct Built {
    pub parts: Parts,
    pub bank: Option<LuaBank>,
    pub router: Option<LuaRouter>,
    pub tasks: Option<Tasks>,
    pub backbone: LuaBackbone,
    pub name: String,
    /// Every setting as it was resolved.
    pub config: serde_json::Value,
    pub out: Option<PathBuf>,
    pub progress: bool,
}

/// Reads the options of `compt.trainer`: `compt.TrainerOptions` in `stdlib/doc`.
pub fn build(lua: &Lua, options: Value) -> mlua::Result<Built> {
    let o = Options::new(CALL, options)?;
    let backbone: LuaBackbone = o.need_object(lua, "backbone")?;
    let tasks: Option<Tasks> = o.object(lua, "tasks")?;
    let stream: Option<Function> = o.get(lua, "stream")?;
    let method: Table = o.need(lua, "method")?;
    let epochs: Option<u64> = o.get(lua, "epochs")?;
    let steps: Option<u64> = o.get(lua, "steps")?;
    let batch_size: usize = o.get_or(lua, "batch_size", 16)?;
    let length_buckets: bool = o.get_or(lua, "length_buckets", false)?;
    let attention: String = o.get_or(lua, "attention", "auto".into())?;
    let control: Value = o.get_or(lua, "control", Value::Nil)?;
    let optimizer: Value = o.get_or(lua, "optimizer", method.get("optimizer")?)?;
    let default_seed = lua.app_data_ref::<Session>().map_or(0, |session| session.seed);
    let seed: u64 = o.get_or(lua, "seed", default_seed)?;
    let weight_decay: Option<f64> = o.get(lua, "weight_decay")?;
    let name: Option<String> = o.get(lua, "name")?;
    let out: Option<PathBuf> = o.get::<String>(lua, "out")?.map(PathBuf::from);
    let progress: bool = o.get_or(lua, "progress", true)?;
    let placement: String =
        o.get_or(lua, "placement", method_or(&method, "placement", "append")?)?;
    let b = backbone.0.borrow();
    let dropout = b.model.config.dropout_rate;
    let settings = Settings {
        placement: Placement::parse(&placement)?,
        max_source: o.get_or(lua, "max_source_length", 256)?,
        accumulate: o.get_or(lua, "accumulate", 1)?,
        clip: o.get_or(lua, "clip", 1.0)?,
        dropout: o.get_or(lua, "dropout", dropout)?,
        seed,
        group_cost: match attention.as_str() {
            "auto" => None,
            "padded" => Some(GroupCost::PADDED),
            "grouped" => Some(GroupCost::EXACT),
            _ => {
                let known = ["auto", "padded", "grouped"];
                return Err(Error::unknown("attention", &attention, known).at(CALL).into());
            }
        },
    };
    o.finish()?;
    check(&settings, batch_size)?;
    let method_name: String = method.get::<Option<String>>("name")?.unwrap_or("custom".into());
    let name_given = name.is_some();
    let name = name.unwrap_or_else(|| method_name.clone());

    let task_names: Vec<String> = match (&tasks, &stream) {
        (Some(tasks), None) => tasks.0.names().into_iter().map(String::from).collect(),
        (None, Some(_)) => vec!["stream".to_string()],
        _ => {
            return Err(Error::new("needs either 'tasks' or 'stream'").at(CALL).into());
        }
    };
    tch::manual_seed(seed as i64);
    let decay = weight_decay.or(method.get("weight_decay")?).unwrap_or(0.01);
    let trained = trained(lua, &method, &task_names, &b, decay)?;
    let group_names: Vec<String> = trained.groups.iter().map(|g| g.name.clone()).collect();
    let prompt_rows = trained.bank.as_ref().map_or(0, |bank| bank.private_length);
    room_for(prompt_rows, settings.max_source, b.model.config.n_positions)?;
    let max_source = settings.max_source.min((b.model.config.n_positions - prompt_rows) as usize);

    let (batches, lengths) = match (&tasks, stream) {
        (Some(tasks), _) => {
            let plan = Plan {
                alone: method.get::<Option<bool>>("alone")?.unwrap_or(false),
                epochs,
                steps,
                batch_size,
                accumulate: settings.accumulate,
                length_buckets,
                seed,
            };
            task_batches(tasks, &b, &plan, max_source)?
        }
        (None, Some(function)) => {
            let Some(steps) = steps else {
                return Err(Error::new("a stream needs 'steps'").at(CALL).into());
            };
            let tokenizer = b.tokenizer.clone();
            let stream = LuaStream { lua: lua.weak(), function, tokenizer };
            let batches: Box<dyn Batches> = Box::new(stream);
            (batches, vec![StageLength { name: String::new(), steps, steps_per_epoch: steps }])
        }
        (None, None) => unreachable!("checked above"),
    };
    let stages: Vec<Stage> = lengths
        .into_iter()
        .map(|stage| Stage {
            name: stage.name,
            setting: Setting {
                total_steps: stage.steps,
                steps_per_epoch: stage.steps_per_epoch,
                groups: group_names.clone(),
                tasks: task_names.clone(),
                seed,
            },
        })
        .collect();
    let setting = &stages[0].setting;
    let control = control::control(lua, &control, &method, setting)?;
    let config = json!({
        "method": plain(lua, &method)?,
        "backbone": { "name": b.name, "dtype": dtype::name(b.model.kind),
            "device": device::name(b.model.device), "config": b.model.config },
        "tasks": tasks.as_ref().map(|t| json!({ "set": t.0.name, "names": task_names,
            "shots": t.0.shots, "per": t.0.per.name(), "seed": t.0.seed })),
        "name": name, "epochs": epochs, "batch_size": batch_size, "seed": seed,
        "steps": stages.iter().map(|s| s.setting.total_steps).sum::<u64>(),
        "placement": settings.placement.name(), "max_source_length": max_source,
        "accumulate": settings.accumulate, "clip": settings.clip, "dropout": settings.dropout,
        "weight_decay": decay, "length_buckets": length_buckets, "attention": attention,
        "optimizer": plain_value(lua, &optimizer)?,
        "parameters": trained.groups.iter().map(|g| {
            (g.name.clone(), g.parameters.iter().map(|p| p.1.numel()).sum::<usize>().into())
        }).collect::<serde_json::Map<String, serde_json::Value>>(),
    });
    let out = out_folder(lua, out, name_given.then_some(name.as_str()));
    let optimizer = optimizer::optimizer(lua, &optimizer)?;
    let settings = Settings { max_source, ..settings };
    drop(b);
    let parts = Parts {
        backbone: backbone.0.clone(),
        tasks: tasks.as_ref().map(|t| t.0.clone()),
        task_names,
        composition: trained.composition,
        groups: trained.groups,
        optimizer,
        batches,
        stages,
        control,
        settings,
    };
    let (bank, router) = (trained.bank, trained.router);
    Ok(Built { parts, bank, router, tasks, backbone, name, config, out, progress })
}

fn check(settings: &Settings, batch_size: usize) -> Result<()> {
    let refuse = |what: &str| Err(Error::new(what.to_string()).at(CALL));
    if batch_size == 0 || settings.accumulate == 0 {
        return refuse("'batch_size' and 'accumulate' must be at least 1");
    }
    if !(0.0..1.0).contains(&settings.dropout) {
        return refuse("'dropout' must be within [0, 1)");
    }
    if settings.clip.is_nan() || settings.clip <= 0.0 {
        return refuse("'clip' must be above 0; math.huge clips nothing");
    }
    Ok(())
}

fn method_or(method: &Table, key: &str, default: &str) -> mlua::Result<String> {
    Ok(method.get::<Option<String>>(key)?.unwrap_or_else(|| default.to_string()))
}

/// Where the run is recorded: the trainer's own `out`; below `--out`; for a script, below `runs/`;
/// else nowhere.
fn out_folder(lua: &Lua, own: Option<PathBuf>, name: Option<&str>) -> Option<PathBuf> {
    let session = lua.app_data_ref::<Session>()?;
    let below = |folder: PathBuf| name.map_or(folder.clone(), |name| folder.join(name));
    own.or_else(|| session.out.clone().map(below)).or_else(|| {
        let stem = session.script.as_ref()?.path.file_stem()?.to_owned();
        Some(below(Path::new("runs").join(stem)))
    })
}

/// A method as plain data for the record; functions become their kind.
fn plain(lua: &Lua, table: &Table) -> mlua::Result<serde_json::Value> {
    let mut map = serde_json::Map::new();
    for pair in table.pairs::<String, Value>() {
        let (key, value) = pair?;
        map.insert(key, plain_value(lua, &value)?);
    }
    map.sort_keys();
    Ok(map.into())
}

fn plain_value(lua: &Lua, value: &Value) -> mlua::Result<serde_json::Value> {
    match value {
        Value::Function(_) => Ok("(a function)".into()),
        Value::UserData(_) => Ok(value.to_string()?.lines().next().unwrap_or_default().into()),
        Value::Table(list) if list.raw_len() > 0 => {
            let values = list.sequence_values::<Value>();
            values.map(|value| plain_value(lua, &value?)).collect()
        }
        Value::Table(table) => plain(lua, table),
        other => lua.from_value(other.clone()),
    }
}
