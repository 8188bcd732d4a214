//! Builds a run from the options of `compt.trainer`.

use super::host::LuaHost;
use super::method::{Trained, prompt_rows, recorded_part, trained, trains_copies};
use super::options::{TrainerOptions, checks};
use super::stream::LuaStream;
use super::watching::Watching;
use super::{CALL, LuaTrainer, control, optimizer};
use crate::data;
use crate::session::{Mode, Session, again};
use crate::sources;
use crate::types::sampler::{Made, Own, Texts};
use crate::types::{plain, thawed};
use crate::{Error, Result};
use compt_core::nn::Named;
use compt_core::router::Sees;
use compt_core::tensor::{device, dtype};
use compt_core::train::by_row::RowSampler;
use compt_core::train::control::Setting;
use compt_core::train::plan::{Plan, StageSteps};
use compt_core::train::{Batches, Parts, Stage};
use compt_run::spec::{BackboneSpec, FORMAT, StageSpec, TasksSpec};
use compt_run::steering::{Shared, Steering};
use compt_run::{Checks, Earlier, Provenance, Purpose, Run, RunOptions, Specification};
use compt_study::records::events::Role;
use mlua::{Lua, ObjectLike, Value};
use serde_json::json;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Creates a trainer from its options.
pub fn trainer(lua: &Lua, options: Value) -> mlua::Result<LuaTrainer> {
    let mut given = TrainerOptions::read(lua, options)?;
    let targets = given.tasks.as_ref().map_or(1, |tasks| tasks.0.tasks.len());
    // A method that trains the backbone trains a copy, which belongs to the trainer, or one for each task.
    let trains = given.method.get::<Option<bool>>("backbone")?.unwrap_or(false);
    if trains && !trains_copies(&given.method, targets)? {
        given.backbone = thawed(&given.backbone).map_err(|e| e.at(CALL))?;
    }
    let names = task_names(&given);
    let tokenizer = given.backbone.0.borrow().tokenizer.clone();
    let settings = Checks {
        settings: &given.settings,
        batch_size: given.batch_size,
        weight_decay: given.weight_decay,
        checkpoints: &given.checkpoints,
        tasks: given.tasks.as_ref().map(|tasks| &*tasks.0),
        from: given.from.as_ref().map(|from| &*from.0),
        names: &names,
        tokenizer: tokenizer.as_deref(),
    };
    settings.run().map_err(|e| e.at(CALL))?;
    tch::manual_seed(given.settings.seed as i64);
    let about = (&names[..], targets, given.settings.max_source);
    let trained = trained(lua, &given.method, about, &given.backbone, given.weight_decay)?;
    let groups: Vec<String> = trained.groups.iter().map(|group| group.name.clone()).collect();
    let place = format!("{CALL}: method '{}'", given.method_name);
    checks(lua)?.call_function::<()>("rates", (&given.method, groups.clone(), place))?;
    prompt_rows(&trained, targets, &names).map_err(|e| e.at(CALL))?;
    let sampler = sampler(lua, &given, &names).map_err(|e| e.at(CALL))?;
    let (batches, stages, plans) =
        stages(lua, &given, &trained, (&names, &groups), sampler.as_ref())?;

    let chosen = optimizer::optimizer(lua, &given.optimizer, &trained.groups);
    let chosen = chosen.map_err(|e| crate::failure::error_of(&e).at(CALL))?;

    let (number, earlier) = earlier_of_next(lua)?;
    let steering = steering(lua, &given, &trained, &stages, &plans, earlier.as_ref())?;
    let made_by_script = made_by_script(&given, &trained, chosen.of_script);
    let specification = specification(lua, &given, &trained, &stages, made_by_script)?;
    let Trained { bank, router, groups, files, .. } = trained;
    let mut steering = steering;
    let of_sampler = sampler.and_then(|made| made.file(lua));
    files.into_iter().chain(chosen.file).chain(of_sampler).for_each(|file| steering.use_part(file));
    let steering = Rc::new(RefCell::new(steering));
    // A run that is only loaded before the one to replay or evaluate is not shown.
    let is_loaded =
        earlier.as_ref().is_some_and(|earlier| matches!(earlier.purpose, Purpose::Load { .. }));
    let options = RunOptions {
        out: out_folder(lua, &given, &specification.name, number),
        provenance: provenance(lua, number),
        earlier,
        progress: given.progress && !is_loaded,
        may_differ: may_differ(lua),
    };
    let parts = Parts {
        backbone: given.backbone.0.clone(),
        tasks: given.tasks.as_ref().map(|tasks| tasks.0.clone()),
        task_names: names,
        groups,
        optimizer: chosen.optimizer,
        batches,
        stages,
        control: Box::new(Shared(steering.clone())),
        settings: given.settings,
    };
    let host = Box::new(LuaHost {
        lua: lua.weak(),
        router: router.clone(),
        watching: Watching::default(),
        watch: None,
    });
    let run = Run::new(&specification, parts, steering, host, options).map_err(|e| e.at(CALL))?;
    Ok(LuaTrainer { run, backbone: given.backbone, tasks: given.tasks, bank, router })
}

/// The tasks of the set, then the method's source tasks. A task may be both.
fn task_names(given: &TrainerOptions) -> Vec<String> {
    let mut names: Vec<String> = match &given.tasks {
        Some(tasks) => tasks.0.names().into_iter().map(String::from).collect(),
        None => vec!["stream".to_string()],
    };
    for name in given.from.iter().flat_map(|from| from.0.names()) {
        let taken = names.iter().any(|known| known == name);
        names.push(if taken { format!("source:{name}") } else { name.to_string() });
    }
    names
}

/// The sampler over rows, if there is one.
fn sampler(lua: &Lua, given: &TrainerOptions, names: &[String]) -> Result<Option<Made>> {
    let (Some(own), Some(tasks)) = (&given.sampler, &given.tasks) else { return Ok(None) };
    let from = given.from.as_ref().map(|from| from.0.clone());
    let texts = Texts { names: names.to_vec(), tasks: tasks.0.clone(), from };
    let recorded = recorded_part(lua, Role::Sampler, &own.part.name)?;
    own.clone().make(lua, Rc::new(texts), recorded).map(Some)
}

type Staged = (Box<dyn Batches>, Vec<Stage>, Vec<usize>);

/// The batches, the stages, and the index of each stage's plan.
fn stages(
    lua: &Lua,
    given: &TrainerOptions,
    trained: &Trained,
    (names, groups): (&[String], &[String]),
    sampler: Option<&Made>,
) -> mlua::Result<Staged> {
    let plan = Plan {
        stages: &trained.stages,
        epochs: given.epochs,
        steps: given.steps,
        batch_size: given.batch_size,
        accumulate: given.settings.accumulate,
        length_buckets: given.length_buckets,
        sampler: sampler.map(|made| made.sampler.clone() as Rc<dyn RowSampler>),
        seed: given.settings.seed,
        max_source: given.settings.max_source,
    };
    let backbone = given.backbone.0.borrow();
    let (batches, steps) = match (&given.tasks, &given.stream) {
        (Some(tasks), _) => {
            let from = given.from.as_ref().map(|from| &*from.0);
            let tokenizer = backbone.need_tokenizer()?;
            plan.batches(&tasks.0, from, &tokenizer).map_err(|e| e.at(CALL))?
        }
        (None, Some(function)) => {
            let steps = given.steps;
            let steps = steps.ok_or_else(|| Error::new("a stream needs 'steps'").at(CALL))?;
            let tokenizer = backbone.tokenizer.clone();
            let stream = LuaStream { lua: lua.weak(), function: function.clone(), tokenizer };
            let name = String::new();
            let only = StageSteps { plan: 0, first: true, name, steps, steps_per_epoch: steps };
            (Box::new(stream) as Box<dyn Batches>, vec![only])
        }
        (None, None) => unreachable!("checked with the options"),
    };
    let sizes: BTreeMap<String, u64> = match &given.tasks {
        Some(tasks) => {
            let from = given.from.iter().flat_map(|from| &from.0.tasks);
            let rows = tasks.0.tasks.iter().chain(from).map(|task| task.train.len() as u64);
            names.iter().cloned().zip(rows).collect()
        }
        None => names.iter().map(|name| (name.clone(), 0)).collect(),
    };
    let targets = given.tasks.as_ref().map_or(1, |tasks| tasks.0.tasks.len());
    let plans = steps.iter().map(|stage| stage.plan).collect();
    let sources = trained.bank.as_ref().map_or(0, |bank| bank.bank.source_count());
    Ok((batches, plan.stages(steps, groups, (names, sizes, targets), sources), plans))
}

fn steering(
    lua: &Lua,
    given: &TrainerOptions,
    trained: &Trained,
    stages: &[Stage],
    plans: &[usize],
    earlier: Option<&Earlier>,
) -> mlua::Result<Steering> {
    let settings: Vec<Setting> = stages.iter().map(|stage| stage.setting.clone()).collect();
    let rates = lua.create_table()?;
    for (stage, plan) in stages.iter().zip(plans) {
        rates.set(stage.name.as_str(), trained.rates[*plan].clone())?;
    }
    control::steering(lua, &given.control, (&given.method, rates), settings, earlier)
}

fn specification(
    lua: &Lua,
    given: &TrainerOptions,
    trained: &Trained,
    stages: &[Stage],
    script: Vec<String>,
) -> mlua::Result<Specification> {
    let b = given.backbone.0.borrow();
    let stage = |stage: &Stage| StageSpec {
        name: stage.name.clone(),
        steps: stage.setting.total_steps,
        trains: stage.trains.clone(),
    };
    let settings = &given.settings;
    let session = lua.app_data_ref::<Session>();
    Ok(Specification {
        format: FORMAT,
        library: checks(lua)?.call_function("library_name", &given.method)?,
        method: plain::table(lua, &given.method)?,
        backbone: BackboneSpec {
            name: b.name.clone(),
            dtype: dtype::name(b.model.kind()).into(),
            device: device::name(b.model.device()),
            config: b.model.config_json(),
            revision: b.revision.clone(),
            fingerprint: b.fingerprint()?,
        },
        tasks: given.tasks.as_ref().map(|tasks| TasksSpec::of(&tasks.0)),
        name: given.name.clone().unwrap_or_else(|| given.method_name.clone()),
        epochs: given.epochs,
        asked_steps: given.steps,
        batch_size: given.batch_size,
        seed: settings.seed,
        stages: stages.iter().map(stage).collect(),
        from: given.from.as_ref().map(|from| TasksSpec::drawn(&from.0)),
        steps: stages.iter().map(|stage| stage.setting.total_steps).sum(),
        prefix: given.prefix,
        placement: settings.placement.name().into(),
        max_source_length: settings.max_source,
        accumulate: settings.accumulate,
        clip: settings.clip,
        dropout: settings.dropout,
        weight_decay: given.weight_decay,
        length_buckets: given.length_buckets,
        sampler: given.sampler.as_ref().map(Own::plain),
        attention: given.attention.clone(),
        recompute: given.recompute.clone(),
        optimizer: plain::value(lua, &given.optimizer)?,
        non_finite: given.non_finite.0.clone(),
        non_finite_tries: Some(given.non_finite.1),
        evaluate_every: settings.evaluate_every,
        evaluate_limit: settings.evaluation.limit,
        parameters: trained
            .groups
            .iter()
            .map(|g| {
                (g.name.clone(), g.parameters.iter().map(|p| p.1.numel()).sum::<usize>().into())
            })
            .collect(),
        operator: operator(stages),
        router: router(stages),
        args: session.map(|session| session.args.clone()),
        checkpoints: Some(given.checkpoints.clone()),
        control: control::spec(lua, &given.control)?,
        script,
    })
}

/// The operator's name and its parameters, if it has any.
fn operator(stages: &[Stage]) -> Option<serde_json::Value> {
    let operator = &stages.first()?.learner.as_ref()?.composition()?.operator;
    let shapes = shapes(&operator.parameters());
    (!shapes.is_empty()).then(|| json!({ "name": operator.name(), "parameters": shapes }))
}

/// The parameters of a router that is defined in Lua, if it has any.
fn router(stages: &[Stage]) -> Option<serde_json::Value> {
    let router = stages.first()?.learner.as_ref()?.composition()?.router.as_ref()?;
    let shapes = shapes(&router.parameters());
    let is_own = router.sees() != Sees::Tasks;
    (is_own && !shapes.is_empty()).then(|| json!({ "parameters": shapes }))
}

fn shapes(parameters: &Named) -> serde_json::Map<String, serde_json::Value> {
    parameters.iter().map(|(name, tensor)| (name.clone(), json!(tensor.size()))).collect()
}

/// The parts that only the script can create: why the trainer cannot be rebuilt from its specification.
fn made_by_script(
    given: &TrainerOptions,
    trained: &Trained,
    optimizer: Option<String>,
) -> Vec<String> {
    let mut made = Vec::new();
    if given.stream.is_some() {
        made.push("its batches come from a function".to_string());
    }
    if !given.backbone.1 {
        made.push(
            "its backbone is trainable, or has random weights or a tokenizer of the script"
                .to_string(),
        );
    }
    let sets = given.tasks.iter().chain(&given.from);
    let tasks = sets.clone().flat_map(|set| &set.0.tasks);
    let own = tasks.flat_map(|task| &task.metrics).find(|metric| metric.is_own());
    if let Some(metric) = own {
        made.push(format!("the metric '{}' is a function of the script", metric.name()));
    } else if sets.flat_map(|set| set.0.parts()).any(|(part, _)| part.source.is_none()) {
        made.push("its tasks are defined with functions or rows of the script".to_string());
    }
    let name = &given.method_name;
    for pair in given.method.pairs::<String, Value>() {
        let Ok((key, value)) = pair else { continue };
        if !["build", "from"].contains(&key.as_str()) && data::plain(&value).is_err() {
            made.push(format!("'{key}' of the method '{name}' is created by the script"));
        }
    }
    if let Some(own) = given.sampler.as_ref().filter(|own| own.part.is_of_script()) {
        made.push(own.part.why_of_script());
    }
    made.extend(trained.of_script.iter().cloned().chain(optimizer));
    made
}

/// The number of the session's next trainer, from 1, and its run of an earlier process, if it has one.
fn earlier_of_next(lua: &Lua) -> mlua::Result<(usize, Option<Earlier>)> {
    let (number, again) = match lua.app_data_mut::<Session>() {
        Some(mut session) => {
            session.trainers += 1;
            (session.trainers, session.again.clone())
        }
        None => return Ok((0, None)),
    };
    let path = again.as_ref().and_then(|again| again.folders.get(&number));
    let (Some(again), Some(path)) = (&again, path) else { return Ok((number, None)) };
    let purpose = match again.mode {
        Mode::Resume => Purpose::Resume,
        Mode::Replay { trainer, to } if trainer == number => Purpose::Replay { to },
        Mode::Replay { .. } => Purpose::Load { may_train: true },
        Mode::Evaluate { trainer } if trainer == number => Purpose::Evaluate,
        Mode::Evaluate { .. } => Purpose::Load { may_train: false },
        Mode::Open { .. } => Purpose::Open,
    };
    Ok((number, Some(Earlier::read(path, purpose)?)))
}

fn may_differ(lua: &Lua) -> Vec<&'static str> {
    again(lua).map(|again| again.may_differ.clone()).unwrap_or_default()
}

/// The script, its loaded modules, and what is needed to run it again.
fn provenance(lua: &Lua, number: usize) -> Provenance {
    let Some(session) = lua.app_data_ref::<Session>() else { return Provenance::default() };
    let mut record = session.record();
    record["trainer"] = number.into();
    let script = session.script.as_ref();
    Provenance {
        script: script.map(|script| script.source.clone()),
        modules: sources::modules(lua),
        session: record,
    }
}

/// The folder of the run: the trainer's own `out`; below `--out`; for a script, below `runs/`;
/// else none.
fn out_folder(lua: &Lua, given: &TrainerOptions, name: &str, number: usize) -> Option<PathBuf> {
    let session = lua.app_data_ref::<Session>()?;
    // The first trainer of a cell is the cell's run, unless it has a name.
    let first = session.cell.is_none() || number == 1;
    let below = |folder: PathBuf| match given.name.is_some() || !first {
        true => folder.join(name),
        false => folder,
    };
    given.out.clone().or_else(|| session.out.clone().map(below)).or_else(|| {
        let stem = session.script.as_ref()?.path.file_stem()?.to_owned();
        Some(below(Path::new("runs").join(stem)))
    })
}
