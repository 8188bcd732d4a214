//! From the options of `compt.trainer` to the parts of a trainer.

use super::stream::LuaStream;
use crate::backbone::Backbone;
use crate::compose::Operator;
use crate::lua::control::{ControlFile, TableControl};
use crate::lua::options::Options;
use crate::lua::session::Session;
use crate::lua::types::bank::{self, LuaBank, Material, Shape};
use crate::lua::types::router::{self, LuaRouter};
use crate::lua::types::{LuaBackbone, Tasks, compose};
use crate::t5::GroupCost;
use crate::train::composition::Composition;
use crate::train::control::{Control, Layered, Setting};
use crate::train::gather::Placement;
use crate::train::optimizer::{
    Adafactor, AdafactorOptions, AdamW, AdamWOptions, Group, Optimizer, RmsScale,
};
use crate::train::rows::{room_for, tokenize};
use crate::train::sampler::Sampler;
use crate::train::{Batches, Parts, Settings, Stage, TaskBatches};
use crate::{Error, Result};
use mlua::userdata::UserDataRef;
use mlua::{Function, Lua, LuaSerdeExt, Table, Value};
use serde_json::json;
use std::path::{Path, PathBuf};

pub const CALL: &str = "compt.trainer";

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

/// What is trained: prompts over a frozen backbone, or a trainable backbone itself.
struct Trained {
    composition: Option<Composition>,
    bank: Option<LuaBank>,
    router: Option<LuaRouter>,
    groups: Vec<Group>,
}

/// Reads the options of `compt.trainer`; see `stdlib/meta` for what they mean.
pub fn build(lua: &Lua, options: Value) -> mlua::Result<Built> {
    let o = Options::new(CALL, options)?;
    let backbone: LuaBackbone = o.need::<UserDataRef<LuaBackbone>>(lua, "backbone")?.clone();
    let tasks: Option<Tasks> = o.get::<UserDataRef<Tasks>>(lua, "tasks")?.map(|t| t.clone());
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
    let lower = own_control(lua, &method, &group_names, setting)?;
    let control = match &control {
        Value::Nil => lower,
        Value::String(path) => {
            let file = ControlFile::load(Path::new(&path.to_str()?.to_string()), setting)?;
            Box::new(Layered { upper: Box::new(file), lower })
        }
        Value::Table(table) => {
            let table = TableControl::new(lua, table, setting)?;
            Box::new(Layered { upper: Box::new(table), lower })
        }
        other => {
            return Err(Error::new(format!(
                "'control' must be a file or a table of knobs, not a {}",
                other.type_name()
            ))
            .at(CALL)
            .into());
        }
    };
    let config = json!({
        "method": plain(lua, &method)?,
        "backbone": { "name": b.name, "dtype": crate::tensor::dtype::name(b.model.kind),
            "device": crate::tensor::device::name(b.model.device), "config": b.model.config },
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
    let optimizer = optimizer_named(lua, &optimizer)?;
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

/// The prompts, the router and the operator of a method, or the backbone's own parameters.
fn trained(
    lua: &Lua,
    method: &Table,
    tasks: &[String],
    b: &Backbone,
    decay: f64,
) -> mlua::Result<Trained> {
    if method.get::<Option<bool>>("backbone")?.unwrap_or(false) {
        if !b.model.is_trainable() {
            return Err(Error::new("this method trains the backbone, which is frozen")
                .at(CALL)
                .hint("make it with compt.backbone({ ... }, { trainable = true })")
                .into());
        }
        let parameters =
            b.model.parameters().map(|(n, t)| (n.to_string(), t.shallow_clone())).collect();
        let group = Group { name: "backbone".into(), parameters, weight_decay: decay };
        return Ok(Trained { composition: None, bank: None, router: None, groups: vec![group] });
    }
    if b.model.is_trainable() {
        return Err(Error::new("prompts are trained over a frozen backbone").at(CALL).into());
    }
    let operator = compose::operator(lua, &method.get("compose")?)?;
    let sources: usize = method.get::<Option<usize>>("sources")?.unwrap_or(0);
    let length: i64 = method.get::<Option<i64>>("length")?.unwrap_or(20);
    if operator.name() != "private" && sources == 0 {
        return Err(Error::new(format!("the composition '{}' needs sources", operator.name()))
            .at(CALL)
            .hint("give the method 'sources' of at least 1, or use compt.methods.pt")
            .into());
    }
    let own = operator.private_length(sources as i64, length);
    let private_length = method.get::<Option<i64>>("private_length")?.unwrap_or(own);
    let material = Material {
        dim: b.model.config.d_model,
        device: b.model.device,
        vocabulary: Some(b.model.embedding()),
        tokenizer: b.tokenizer.as_deref(),
    };
    let shape = Shape { tasks: tasks.to_vec(), sources, length, private_length };
    room_for(private_length, 2, b.model.config.n_positions)?;
    let bank = bank::make(lua, shape, &method.get("encoder")?, &method.get("init")?, &material)?;
    let router = match sources {
        0 => None,
        _ => Some(router_of(lua, method, tasks, sources, b, &*operator)?),
    };
    let composition = Composition {
        bank: bank.bank.clone(),
        router: router.as_ref().map(|r| r.router.clone()),
        operator,
        device: b.model.device,
    };
    let groups = composition.groups(decay);
    Ok(Trained { composition: Some(composition), bank: Some(bank), router, groups })
}

/// "relaxed_bernoulli" | "free" | "constant", or { kind, options of that kind }.
fn router_of(
    lua: &Lua,
    method: &Table,
    tasks: &[String],
    sources: usize,
    b: &Backbone,
    operator: &dyn Operator,
) -> mlua::Result<LuaRouter> {
    let (kind, options) = match method.get::<Value>("router")? {
        Value::Nil => ("relaxed_bernoulli".to_string(), Value::Nil),
        Value::String(kind) => (kind.to_str()?.to_string(), Value::Nil),
        Value::Table(table) => {
            let rest = lua.create_table()?;
            let mut kind = "relaxed_bernoulli".to_string();
            for pair in table.pairs::<String, Value>() {
                let (key, value) = pair?;
                match key.as_str() {
                    "kind" => kind = lua.unpack(value)?,
                    _ => rest.set(key, value)?,
                }
            }
            (kind, Value::Table(rest))
        }
        other => {
            return Err(Error::new(format!(
                "'router' must be a name or a table, not a {}",
                other.type_name()
            ))
            .at(CALL)
            .into());
        }
    };
    let known = router::KINDS.iter().find(|known| **known == kind);
    let kind = *known.ok_or_else(|| Error::unknown("router", &kind, router::KINDS).at(CALL))?;
    let o = Options::new(&format!("router '{kind}'"), options)?;
    let eval: String = o.get_or(lua, "eval", "softmax".into())?;
    let router = router::make(lua, kind, &o, tasks.to_vec(), sources, b.model.device)?;
    o.finish()?;
    if operator.name() == "concat" && kind == "relaxed_bernoulli" && eval == "softmax" {
        eprintln!(
            "warning: with router eval = \"softmax\" parts of a concatenated prompt get weights at \
             inference that they never had in training (ComPT's published setting); \
             router = {{ eval = \"softmax_sigmoid\" }} or router = \"constant\" scores higher"
        );
    }
    Ok(router)
}

/// How a task set is gone through.
struct Plan {
    alone: bool,
    epochs: Option<u64>,
    steps: Option<u64>,
    batch_size: usize,
    length_buckets: bool,
    seed: u64,
}

struct StageLength {
    name: String,
    steps: u64,
    steps_per_epoch: u64,
}

/// Batches of tokenized rows, in one stage of mixed tasks or a stage for each task.
fn task_batches(
    tasks: &Tasks,
    b: &Backbone,
    plan: &Plan,
    max_source: usize,
) -> mlua::Result<(Box<dyn Batches>, Vec<StageLength>)> {
    let tokenizer = b.need_tokenizer()?;
    let set = &tasks.0;
    let mut rows = Vec::new();
    let mut cut = 0;
    for task in &set.tasks {
        let (tokenized, shortened) = tokenize(&tokenizer, &task.train, max_source)?;
        cut += shortened;
        rows.push(tokenized);
    }
    if cut > 0 {
        eprintln!("note: {cut} training inputs are longer than {max_source} tokens and are cut");
    }
    let sizes: Vec<usize> = rows.iter().map(Vec::len).collect();
    let groups: Vec<(String, Vec<usize>)> = match plan.alone {
        true => (0..sizes.len()).map(|i| (set.tasks[i].name.clone(), vec![i])).collect(),
        false => vec![(String::new(), (0..sizes.len()).collect())],
    };
    let lengths = plan.length_buckets.then(|| {
        let of_task = |rows: &Vec<crate::train::rows::Row>| -> Vec<usize> {
            rows.iter().map(|row| row.source.len()).collect()
        };
        rows.iter().map(of_task).collect::<Vec<_>>()
    });
    let mut samplers = Vec::new();
    let mut stages = Vec::new();
    for (i, (name, which)) in groups.into_iter().enumerate() {
        let seed = plan.seed.wrapping_add(1 + i as u64);
        let sampler = Sampler::new(&sizes, &which, plan.batch_size, lengths.clone(), seed);
        let steps_per_epoch = sampler.batches_per_epoch() as u64;
        let steps = match (plan.steps, plan.epochs) {
            (Some(_), Some(_)) => {
                return Err(Error::new("give either 'epochs' or 'steps'").at(CALL).into());
            }
            (Some(steps), None) => steps,
            (None, epochs) => epochs.unwrap_or(30) * steps_per_epoch,
        };
        samplers.push(sampler);
        stages.push(StageLength { name, steps, steps_per_epoch });
    }
    if stages.iter().any(|stage| stage.steps == 0) {
        return Err(Error::new("there are no steps to make").at(CALL).into());
    }
    let names = set.names().into_iter().map(String::from).collect();
    Ok((Box::new(TaskBatches { names, rows, samplers }), stages))
}

/// The control a method brings along (`stdlib/methods/control.lua`).
fn own_control(
    lua: &Lua,
    method: &Table,
    groups: &[String],
    setting: &Setting,
) -> mlua::Result<Box<dyn Control>> {
    let require: Function = lua.globals().get("require")?;
    let make: Function = require.call("compt.methods.control")?;
    let table: Table = make.call((method, groups.to_vec()))?;
    Ok(Box::new(TableControl::new(lua, &table, setting)?))
}

/// "adamw" | "adafactor", or { kind, options of that kind }.
fn optimizer_named(lua: &Lua, value: &Value) -> mlua::Result<Box<dyn Optimizer>> {
    let o = match value {
        Value::Nil => return Ok(Box::new(AdamW::new(AdamWOptions::default()))),
        Value::String(name) => {
            let table = lua.create_table()?;
            table.set("kind", name)?;
            Options::new("optimizer", Value::Table(table))?
        }
        table => Options::new("optimizer", table.clone())?,
    };
    let kind: String = o.need(lua, "kind")?;
    let optimizer: Box<dyn Optimizer> = match kind.as_str() {
        "adamw" => {
            let default = AdamWOptions::default();
            let betas: Vec<f64> = o.get_or(lua, "betas", vec![default.betas.0, default.betas.1])?;
            let [beta1, beta2] = betas[..] else {
                return Err(o.error("'betas' must be two numbers".into()));
            };
            let scaled: bool = o.get_or(lua, "scale_by_rms", false)?;
            Box::new(AdamW::new(AdamWOptions {
                betas: (beta1, beta2),
                eps: o.get_or(lua, "eps", default.eps)?,
                scale_by_rms: scaled.then(RmsScale::default),
            }))
        }
        "adafactor" => {
            let default = AdafactorOptions::default();
            Box::new(Adafactor::new(AdafactorOptions {
                scale_parameter: o.get_or(lua, "scale_parameter", default.scale_parameter)?,
                decay_rate: o.get_or(lua, "decay_rate", default.decay_rate)?,
                clip_threshold: o.get_or(lua, "clip_threshold", default.clip_threshold)?,
                ..default
            }))
        }
        _ => return Err(Error::unknown("optimizer", &kind, ["adamw", "adafactor"]).into()),
    };
    o.finish()?;
    Ok(optimizer)
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
        Value::UserData(_) => Ok(value.to_string()?.into()),
        other => lua.from_value(other.clone()),
    }
}
