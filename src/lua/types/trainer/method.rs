//! Builds what a method's table describes: a composition as plain data (`Declared`), the result of its
//! `build`, or a trainable backbone.

use super::CALL;
use crate::failure::error_of;
use crate::session::Session;
use crate::types::bank::{LuaBank, given_init};
use crate::types::compose::{Choice, Shapes};
use crate::types::defined::{Context, Lengths};
use crate::types::learner::{self, LuaSetup};
use crate::types::router::{self, LuaRouter, Made};
use crate::types::{LuaBackbone, thawed};
use crate::{Error, Result, data};
use compt_base::files::source::Source;
use compt_base::options::Variant;
use compt_core::nn::Named;
use compt_core::router::{Given, Phase, Router, Sees, Sizes};
use compt_core::train::composition::Selection;
use compt_core::train::copies::Copies;
use compt_core::train::declared::{self, BankAndRouter, Declared};
use compt_core::train::learner::{Learner, TaskInputs};
use compt_core::train::optimizer::Group;
use compt_core::train::plan::StagePlan;
use compt_run::part_of;
use compt_run::steering::PartFile;
use compt_study::records::events::Role;
use mlua::{Function, Lua, Table, Value};
use serde_json::Map;
use std::cell::RefCell;
use std::rc::Rc;
use tch::{Kind, Tensor};

/// What is trained: prompts or changes over a frozen backbone, or a trainable backbone itself.
pub struct Trained {
    pub stages: Vec<StagePlan>,
    /// The learning rates of each stage, if they differ from the method's.
    pub rates: Vec<Option<Table>>,
    pub bank: Option<LuaBank>,
    pub router: Option<LuaRouter>,
    pub groups: Vec<Group>,
    /// The files of its user-defined parts.
    pub files: Vec<Box<dyn PartFile>>,
    /// The parts that only the script can make.
    pub of_script: Vec<String>,
}

/// The prompts, the router and the operator of a method, the result of its `build`, or the
/// backbone's own parameters. `tasks` are the names of the tasks to evaluate, then of those that are
/// only trained on; `max_source` is the maximum length of their inputs.
pub fn trained(
    lua: &Lua,
    method: &Table,
    (tasks, targets, max_source): (&[String], usize, usize),
    backbone: &LuaBackbone,
    decay: f64,
) -> mlua::Result<Trained> {
    let build: Option<Function> = method.get("build")?;
    if method.get::<Option<bool>>("backbone")?.unwrap_or(false) {
        return of_backbone(method, &tasks[..targets], backbone, decay);
    }
    match build {
        Some(build) => {
            let init: Value = method.get("init")?;
            let setup = LuaSetup::new(backbone.clone(), tasks.to_vec(), targets, max_source, init);
            of_functions(lua, method, &build, setup, decay)
        }
        None => of_composition(lua, method, tasks, backbone, decay),
    }
}

fn is_alone(method: &Table) -> mlua::Result<bool> {
    Ok(method.get::<Option<bool>>("alone")?.unwrap_or(false))
}

/// Whether each task trains a copy of the backbone.
pub fn trains_copies(method: &Table, targets: usize) -> mlua::Result<bool> {
    let trains = method.get::<Option<bool>>("backbone")?.unwrap_or(false);
    Ok(trains && is_alone(method)? && targets > 1)
}

/// The parameters of the backbone, or of a copy for each task.
fn of_backbone(
    method: &Table,
    tasks: &[String],
    backbone: &LuaBackbone,
    decay: f64,
) -> mlua::Result<Trained> {
    let copies = trains_copies(method, tasks.len())?;
    let (parameters, learner) = match copies {
        true => copied(tasks, backbone)?,
        false => (named_parameters("", backbone), None),
    };
    let groups = vec![Group { name: "backbone".into(), parameters, weight_decay: decay }];
    Ok(Trained {
        stages: vec![StagePlan::only(learner, copies, &groups)],
        rates: vec![None],
        bank: None,
        router: None,
        groups,
        files: Vec::new(),
        of_script: Vec::new(),
    })
}

fn named_parameters(prefix: &str, backbone: &LuaBackbone) -> Named {
    let backbone = backbone.0.borrow();
    let parameters = backbone.model.parameters().into_iter();
    parameters.map(|(name, tensor)| (format!("{prefix}{name}"), tensor.shallow_clone())).collect()
}

/// A copy of the backbone for each task, and the parameters of all.
fn copied(
    tasks: &[String],
    backbone: &LuaBackbone,
) -> mlua::Result<(Named, Option<Rc<dyn Learner>>)> {
    if backbone.0.borrow().model.is_trainable() {
        let what = "tasks that are trained separately cannot share a trainable backbone";
        return Err(Error::new(what)
            .at(CALL)
            .hint(
                "pass a frozen backbone, of which each task trains a copy, or train one model for all \
                 tasks: compt.methods.fine_tuning { shared = true }",
            )
            .into());
    }
    let (mut parameters, mut copies) = (Vec::new(), Vec::new());
    for task in tasks {
        let copy = thawed(backbone).map_err(|e| e.at(CALL))?;
        parameters.extend(named_parameters(&format!("backbone.{task}."), &copy));
        copies.push(copy.0);
    }
    let copies: Rc<dyn Learner> = Rc::new(Copies(copies));
    Ok((parameters, Some(copies)))
}

/// The result of a method's `build`.
fn of_functions(
    lua: &Lua,
    method: &Table,
    build: &Function,
    setup: LuaSetup,
    decay: f64,
) -> mlua::Result<Trained> {
    if setup.backbone().borrow().model.is_trainable() {
        return Err(Error::new("this method is for a frozen backbone").at(CALL).into());
    }
    let alone = is_alone(method)?;
    let plan = learner::build(lua, build, setup, decay)?;
    let all: Vec<String> = plan.groups.iter().map(|group| group.name.clone()).collect();
    let many = plan.stages.len() > 1;
    let rates = plan.stages.iter().map(|stage| stage.lr.clone()).collect();
    let stages = plan.stages.into_iter().map(|stage| StagePlan {
        alone: stage.alone || alone,
        name: stage.name,
        share: stage.share,
        from: stage.from,
        trains: stage.trains.unwrap_or_else(|| all.clone()),
        learner: Some(stage.learner),
        afresh: many,
    });
    Ok(Trained {
        stages: stages.collect(),
        rates,
        bank: None,
        router: None,
        groups: plan.groups,
        files: Vec::new(),
        of_script: Vec::new(),
    })
}

/// Prompts, a router and an operator. Values that are not plain data are read here: an operator or a router in Lua, and
/// a tensor as initial prompt.
fn of_composition(
    lua: &Lua,
    method: &Table,
    tasks: &[String],
    backbone: &LuaBackbone,
    decay: f64,
) -> mlua::Result<Trained> {
    let choice = Choice::read(lua, &method.get("compose")?).map_err(|e| error_of(&e).at(CALL))?;
    let own = router::choice(lua, &method.get("router")?).map_err(|e| error_of(&e).at(CALL))?;
    let init = given_init(lua, &method.get("init")?)?;
    let own_router = own.as_ref().map(|own| own.plain());
    let declared = plain(method, choice.name(), own_router, init.is_some())
        .and_then(|map| Declared::read(&map));
    let declared = declared.map_err(|e| e.at(CALL))?;
    let b = backbone.0.borrow();
    let (sources, d_model) = (declared.sources, b.model.model_config().d_model);
    let (length, private_length) = (declared.length, declared.private_length());
    let context = Context {
        tasks: tasks.to_vec(),
        sources,
        lengths: Some(Lengths { source: length, private: private_length, d_model }),
        device: b.model.device(),
        options: Map::new(),
    };
    let mut of_script = Vec::new();
    if let Some(own) = own.as_ref().filter(|own| own.is_of_script()) {
        of_script.push(format!("the router '{}' is a function of the script", own.name));
    }
    // Made when its turn comes: the prompts are drawn before it.
    let (own, made) = (RefCell::new(own), RefCell::new(None::<Made>));
    let make = |variant: &Variant, of: Sizes, concatenates: bool| -> Result<Rc<dyn Router>> {
        let Some(own) = own.take() else { return declared::made(variant, of, concatenates) };
        let recorded = recorded_part(lua, Role::Router, &own.name)?;
        let of_lua = own.make(lua, context.clone(), recorded)?;
        let router = of_lua.router.clone();
        *made.borrow_mut() = Some(of_lua);
        Ok(router)
    };
    let parts = declared.prompts(tasks, &b, init, &make).map_err(|e| e.at(CALL))?;
    let device = parts.device;
    let bank = LuaBank::new(lua, parts.bank.clone(), length, private_length, d_model);
    let router = parts.router.clone().map(|router| {
        let kind = &declared.router.kind;
        let made = LuaRouter::new(lua, router, kind, tasks.to_vec(), sources, device);
        LuaRouter { of_trainer: Some((parts.bank.clone(), backbone.clone())), ..made }
    });
    let mut files = Vec::new();
    let operator = match choice {
        Choice::BuiltIn(operator) => operator,
        Choice::Own(own) => {
            if own.is_of_script() {
                let name = &own.name;
                of_script.push(format!("the composition '{name}' is a function of the script"));
            }
            let recorded = recorded_part(lua, Role::Operator, &own.name)?;
            let (operator, file) =
                own.make(lua, context.clone(), shapes(&parts), recorded).map_err(|e| e.at(CALL))?;
            files.extend(file);
            operator
        }
    };
    // Last: what it draws must not change what is drawn for the parameters.
    if let Some(made) = made.take() {
        files.extend(made.try_out(lua, Some(parts.bank.clone())).map_err(|e| e.at(CALL))?);
    }
    let composition = parts.composed_by(operator);
    let groups = composition.groups(decay);
    let stages = vec![StagePlan::only(Some(Rc::new(composition)), declared.alone, &groups)];
    Ok(Trained { stages, rates: vec![None], bank: Some(bank), router, groups, files, of_script })
}

/// A declared method as plain data, with the name of its operator, and `router` in place of one in Lua; `given` if its
/// initial prompts are a tensor. Extra entries recorded by the user are left out.
fn plain(
    method: &Table,
    operator: &str,
    router: Option<serde_json::Value>,
    given: bool,
) -> Result<Map<String, serde_json::Value>> {
    let mut map = Map::new();
    for pair in method.pairs::<String, Value>() {
        let (key, value) = pair.map_err(|e| error_of(&e))?;
        let value = match (key.as_str(), &router) {
            ("settings", _) => continue,
            ("compose", _) => operator.into(),
            ("router", Some(router)) => router.clone(),
            ("init", _) if given => "given".into(),
            _ => data::plain(&value).map_err(|e| e.at(format!("'{key}'")))?,
        };
        map.insert(key, value);
    }
    Ok(map)
}

/// The first version of the file of a part of the session's next trainer, if that is a run of an earlier
/// process.
pub fn recorded_part(lua: &Lua, role: Role, name: &str) -> Result<Option<Source>> {
    let folder = lua
        .app_data_ref::<Session>()
        .and_then(|session| session.again.as_ref()?.folders.get(&(session.trainers + 1)).cloned());
    folder.map_or(Ok(None), |folder| part_of(&folder, role, name))
}

/// The maximum number of rows that a stage adds to an input; an error if its parts do not fit.
pub fn prompt_rows(trained: &Trained, targets: usize, names: &[String]) -> Result<i64> {
    let mut most = 0;
    for stage in &trained.stages {
        let Some(learner) = &stage.learner else { continue };
        if let Some(bank) = &trained.bank {
            most = most.max(bank.private_length);
            continue;
        }
        let range =
            if stage.from && names.len() > targets { targets..names.len() } else { 0..targets };
        let tasks: Vec<usize> = range.collect();
        let lots: Vec<&[usize]> = match stage.alone {
            true => tasks.chunks(1).collect(),
            false => {
                learner.check_mixed(&tasks)?;
                vec![&tasks]
            }
        };
        for lot in lots {
            let asked = learner.task_inputs(lot, Selection::default());
            let place = |e: Error| match (stage.alone, &stage.name[..]) {
                (true, "") => e.at(&names[lot[0]]),
                (true, stage) => e.at(format!("{stage}: {}", names[lot[0]])),
                (false, _) => e,
            };
            let asked = asked.and_then(|asked| learner.try_out(lot).map(|()| asked));
            let rows = match asked.map_err(place)? {
                TaskInputs::Prompts(prompts) => prompts.vectors.size()[1],
                TaskInputs::PerRow { positions, .. } => positions as i64,
            };
            most = most.max(rows);
        }
    }
    Ok(most)
}

/// The prompts and weights of a row of each of these tasks, as a step composes them. Weights that depend on the
/// input are equal here.
fn shapes(parts: &BankAndRouter) -> Shapes {
    let BankAndRouter { bank, router, device } = parts;
    let (bank, device) = (bank.clone(), *device);
    let router = router.clone().expect("an operator in Lua has sources");
    Box::new(move |tasks| {
        tch::no_grad(|| {
            let ids: Vec<i64> = tasks.iter().map(|task| *task as i64).collect();
            let ids = Tensor::f_from_slice(&ids)?.f_to_device(device)?;
            let (private, sources) = (bank.encoded_privates(tasks)?, bank.encoded_sources()?);
            let weights = match router.sees() {
                Sees::Inputs => {
                    let size = [tasks.len() as i64, bank.source_count() as i64];
                    Tensor::f_full(size, 1.0 / size[1] as f64, (Kind::Float, device))?
                }
                Sees::Tasks | Sees::Prompts => {
                    let prompts = Some((&private, &sources));
                    let given = Given { prompts, ..Given::tasks(&ids) };
                    router.weights(&given, Phase::Eval, None)?
                }
            };
            Ok([private, sources, weights])
        })
    })
}

#[cfg(test)]
mod tests;
