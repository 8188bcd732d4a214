//! From the options of `compt.trainer` to the parts of a trainer.

use super::batches::{Plan, StageLength, task_batches};
use super::earlier::Earlier;
use super::method::{prompt_rows, trained};
use super::stream::LuaStream;
use super::{CALL, control, described, labels, optimizer};
use crate::control::Live;
use crate::options::Options;
use crate::session::Session;
use crate::types::{LuaBackbone, LuaBank, LuaRouter, Tasks, thawed};
use crate::{Error, Result};
use compt_core::backbone::GroupCost;
use compt_core::data::Split;
use compt_core::tensor::{device, dtype};
use compt_core::train::batch::Placement;
use compt_core::train::control::{Control, Setting, View};
use compt_core::train::evaluate::{Decoding, Evaluation};
use compt_core::train::knobs::Knobs;
use compt_core::train::{Batches, NonFinite, Parts, Settings, Stage};
use mlua::{Function, Lua, ObjectLike, Table, Value};
use serde_json::json;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

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
    pub live: Rc<RefCell<Live>>,
    pub saving: Saving,
    /// The run of an earlier session that this trainer is to go on with, or to make again.
    pub earlier: Option<Earlier>,
    /// Which of the session's trainers it is, from 1.
    pub number: usize,
}

/// When checkpoints are written, and which stay.
#[derive(Debug, Clone)]
pub struct Saving {
    /// Steps between two; 0: one a minute.
    pub every: u64,
    /// How many of the newest stay.
    pub keep: usize,
    /// The score whose best checkpoint stays: "average", or a task.
    pub best: String,
}

/// Reads the options of `compt.trainer`: `compt.TrainerOptions` in `stdlib/doc`.
pub fn build(lua: &Lua, options: Value) -> mlua::Result<Built> {
    let o = Options::new(CALL, options)?;
    let backbone: LuaBackbone = o.need_object(lua, "backbone")?;
    let tasks: Option<Tasks> = o.object(lua, "tasks")?;
    let stream: Option<Function> = o.get(lua, "stream")?;
    let method: Table = o.need(lua, "method")?;
    let methods: Table = lua.globals().get::<Function>("require")?.call("compt.methods.check")?;
    methods.call_function::<()>("method", (&method, format!("{CALL}: method")))?;
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
    let evaluate_every: u64 = o.get_or(lua, "evaluate_every", 0)?;
    let evaluate_limit: Option<usize> = o.get(lua, "evaluate_limit")?;
    let saving = Saving {
        every: o.get_or(lua, "checkpoint_every", 0)?,
        keep: o.get_or(lua, "keep", 2)?,
        best: o.get_or(lua, "best", "average".into())?,
    };
    let (policy, non_finite) = non_finite(lua, &o.get_or(lua, "non_finite", Value::Nil)?)?;
    let placement: String =
        o.get_or(lua, "placement", method_or(&method, "placement", "append")?)?;
    // What trains the backbone trains a copy, which is the trainer's.
    let backbone = match method.get::<Option<bool>>("backbone")?.unwrap_or(false) {
        true => thawed(&backbone).map_err(|e| e.at(CALL))?,
        false => backbone,
    };
    let b = backbone.0.borrow();
    let dropout = b.model.model_config().dropout_rate;
    let placement = Placement::parse(&placement)?;
    let max_source = o.get_or(lua, "max_source_length", 256)?;
    let settings = Settings {
        placement,
        max_source,
        accumulate: o.get_or(lua, "accumulate", 1)?,
        clip: o.get_or(lua, "clip", 1.0)?,
        dropout: o.get_or(lua, "dropout", dropout)?,
        seed,
        non_finite,
        evaluate_every,
        evaluation: Evaluation {
            split: Split::Validation,
            limit: evaluate_limit,
            decoding: Decoding::Greedy,
            max_new_tokens: 8,
            batch_tokens: 8192,
            max_source,
            placement,
        },
        anchor_every: if saving.every > 0 { saving.every } else { ANCHOR_EVERY },
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
    if saving.keep == 0 || evaluate_limit == Some(0) {
        let what = "'keep' and 'evaluate_limit' must be at least 1";
        return Err(Error::new(what).at(CALL).into());
    }
    let method_name: String = method.get::<Option<String>>("name")?.unwrap_or("custom".into());
    let name_given = name.is_some();
    let name = name.unwrap_or_else(|| method_name.clone());

    let from: Option<Tasks> =
        Options::new(CALL, Value::Table(method.clone()))?.object(lua, "from")?;
    let mut task_names: Vec<String> = match (&tasks, &stream) {
        (Some(tasks), None) => tasks.0.names().into_iter().map(String::from).collect(),
        (None, Some(_)) => vec!["stream".to_string()],
        _ => {
            return Err(Error::new("needs either 'tasks' or 'stream'").at(CALL).into());
        }
    };
    let targets = task_names.len();
    if let Some(tokenizer) = b.tokenizer.as_deref() {
        let mut sets = tasks.iter().chain(&from);
        sets.try_for_each(|set| labels::meet(tokenizer, &set.0)).map_err(|e| e.at(CALL))?;
    }
    // A task may be trained on as a source and evaluated, too.
    for name in from.iter().flat_map(|from| from.0.names()) {
        let taken = task_names.iter().any(|known| known == name);
        task_names.push(if taken { format!("source:{name}") } else { name.to_string() });
    }
    tch::manual_seed(seed as i64);
    let decay = weight_decay.or(method.get("weight_decay")?).unwrap_or(0.01);
    drop(b);
    let about = (&task_names[..], targets, settings.max_source);
    let trained = trained(lua, &method, about, &backbone, decay)?;
    let b = backbone.0.borrow();
    let group_names: Vec<String> = trained.groups.iter().map(|g| g.name.clone()).collect();
    let place = format!("{CALL}: method '{method_name}'");
    methods.call_function::<()>("rates", (&method, group_names.clone(), place))?;
    prompt_rows(&trained, targets, &task_names).map_err(|e| e.at(CALL))?;
    let max_source = settings.max_source;
    if max_source < 2 {
        return Err(Error::new("'max_source_length' must be at least 2").at(CALL).into());
    }

    let (batches, lengths) = match (&tasks, stream) {
        (Some(tasks), _) => {
            let plan = Plan {
                stages: &trained.stages,
                epochs,
                steps,
                batch_size,
                accumulate: settings.accumulate,
                length_buckets,
                seed,
            };
            task_batches(tasks, from.as_ref(), &b, &plan, max_source)?
        }
        (None, Some(function)) => {
            let Some(steps) = steps else {
                return Err(Error::new("a stream needs 'steps'").at(CALL).into());
            };
            let tokenizer = b.tokenizer.clone();
            let stream = LuaStream { lua: lua.weak(), function, tokenizer };
            let batches: Box<dyn Batches> = Box::new(stream);
            (
                batches,
                vec![StageLength {
                    plan: 0,
                    first: true,
                    name: String::new(),
                    steps,
                    steps_per_epoch: steps,
                }],
            )
        }
        (None, None) => unreachable!("checked above"),
    };
    let sizes: BTreeMap<String, u64> = match &tasks {
        Some(tasks) => {
            let sets = tasks.0.tasks.iter().chain(from.iter().flat_map(|from| &from.0.tasks));
            let rows = sets.map(|task| task.train.len() as u64);
            task_names.iter().cloned().zip(rows).collect()
        }
        None => task_names.iter().map(|name| (name.clone(), 0)).collect(),
    };
    let places: Vec<usize> = lengths.iter().map(|stage| stage.plan).collect();
    let stages: Vec<Stage> = lengths
        .into_iter()
        .map(|stage| Stage {
            learner: trained.stages[stage.plan].learner.clone(),
            trains: trained.stages[stage.plan].trains.clone(),
            begins: stage.first,
            from: trained.stages[stage.plan].from && task_names.len() > targets,
            afresh: trained.stages[stage.plan].afresh,
            setting: Setting {
                stage: stage.name.clone(),
                total_steps: stage.steps,
                steps_per_epoch: stage.steps_per_epoch,
                groups: group_names.clone(),
                tasks: sizes.clone(),
                sources: trained.bank.as_ref().map_or(0, |bank| bank.bank.source_count()),
                seed,
            },
            name: stage.name,
        })
        .collect();
    let (number, earlier) = Earlier::of_next(lua)?;
    let settings_of: Vec<Setting> = stages.iter().map(|stage| stage.setting.clone()).collect();
    let rates = lua.create_table()?;
    for (stage, plan) in stages.iter().zip(&places) {
        rates.set(stage.name.as_str(), trained.stages[*plan].lr.clone())?;
    }
    let own = (&method, rates);
    let mut live = control::control(lua, &control, own, settings_of, earlier.as_ref())?;
    if let Some(operator) = trained.operator {
        live.use_operator(operator);
    }
    let live = Rc::new(RefCell::new(live));
    if !task_names.contains(&saving.best) && saving.best != "average" {
        let known = task_names.iter().map(String::as_str).chain(["average"]);
        return Err(Error::unknown("score", &saving.best, known)
            .at(format!("{CALL}: best"))
            .into());
    }
    if evaluate_every > 0 {
        check_validation(tasks.as_ref())?;
    }
    let mut config = json!({
        "method": described::plain(lua, &method)?,
        "backbone": { "name": b.name, "dtype": dtype::name(b.model.kind()),
            "device": device::name(b.model.device()), "config": b.model.config_json(),
            "revision": b.revision, "fingerprint": b.fingerprint()? },
        "tasks": tasks.as_ref().map(|t| described::tasks(&t.0)),
        "name": name, "epochs": epochs, "batch_size": batch_size, "seed": seed,
        "stages": stages.iter().map(|s| json!({ "name": s.name, "steps": s.setting.total_steps,
            "trains": s.trains })).collect::<Vec<_>>(),
        "from": from.as_ref().map(|f| described::drawn(&f.0)),
        "steps": stages.iter().map(|s| s.setting.total_steps).sum::<u64>(),
        "placement": settings.placement.name(), "max_source_length": max_source,
        "accumulate": settings.accumulate, "clip": settings.clip, "dropout": settings.dropout,
        "weight_decay": decay, "length_buckets": length_buckets, "attention": attention,
        "optimizer": described::plain_value(lua, &optimizer)?, "non_finite": policy,
        "evaluate_every": evaluate_every, "evaluate_limit": evaluate_limit,
        "parameters": trained.groups.iter().map(|g| {
            (g.name.clone(), g.parameters.iter().map(|p| p.1.numel()).sum::<usize>().into())
        }).collect::<serde_json::Map<String, serde_json::Value>>(),
    });
    if let Some(operator) = described::operator(&stages) {
        config["operator"] = operator;
    }
    // The first trainer of a cell is the cell's run, unless it has a name of its own.
    let first = lua.app_data_ref::<Session>().is_none_or(|s| s.cell.is_none() || number == 1);
    let out = out_folder(lua, out, (name_given || !first).then_some(name.as_str()));
    let optimizer = optimizer::optimizer(lua, &optimizer)?;
    let settings = Settings { max_source, ..settings };
    drop(b);
    let parts = Parts {
        backbone: backbone.0.clone(),
        tasks: tasks.as_ref().map(|t| t.0.clone()),
        task_names,
        groups: trained.groups,
        optimizer,
        batches,
        stages,
        control: Box::new(Shared(live.clone())),
        settings,
    };
    let (bank, router) = (trained.bank, trained.router);
    Ok(Built {
        parts,
        bank,
        router,
        tasks,
        backbone,
        name,
        config,
        out,
        progress,
        live,
        saving,
        earlier,
        number,
    })
}

/// Steps between two states that `non_finite = "rollback"` goes back to, unless checkpoints have a
/// distance of their own.
const ANCHOR_EVERY: u64 = 50;

/// "stop" | "skip" | "rollback", or { policy, tries }; with its name.
fn non_finite(lua: &Lua, value: &Value) -> mlua::Result<(String, NonFinite)> {
    const TRIES: u32 = 10;
    let (policy, tries): (String, u32) = match value {
        Value::Nil => ("stop".into(), TRIES),
        Value::Table(_) => {
            let o = Options::new(&format!("{CALL}: non_finite"), value.clone())?;
            let given = (o.need(lua, "policy")?, o.get_or(lua, "tries", TRIES)?);
            o.finish()?;
            given
        }
        name => (lua.unpack(name.clone())?, TRIES),
    };
    let parsed =
        NonFinite::parse(&policy, tries).map_err(|e| e.at(format!("{CALL}: non_finite")))?;
    Ok((policy, parsed))
}

fn check_validation(tasks: Option<&Tasks>) -> Result<()> {
    let Some(tasks) = tasks else {
        return Err(Error::new("a stream has no rows to evaluate on").at(CALL));
    };
    match tasks.0.tasks.iter().find(|task| task.validation.is_empty()) {
        Some(task) => Err(Error::new(format!("task '{}' has no validation rows", task.name))
            .at(format!("{CALL}: evaluate_every"))
            .hint("give compt.tasks a 'validation_size', or the task a validation file")),
        None => Ok(()),
    }
}

/// A control that a trainer asks and a script can reach, too.
struct Shared(Rc<RefCell<Live>>);

impl Control for Shared {
    fn knobs(&mut self, view: &View) -> Result<Knobs> {
        self.0.borrow_mut().knobs(view)
    }
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
