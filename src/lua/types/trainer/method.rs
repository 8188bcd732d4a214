//! What a declared method trains: prompts, a router and an operator over a frozen backbone, or a
//! trainable backbone itself. `stdlib/methods/declare.lua` says what a method may hold.

use super::CALL;
use super::earlier::Earlier;
use crate::control::{OperatorFile, told};
use crate::options::{Options, kind};
use crate::types::LuaBackbone;
use crate::types::bank::{self, LuaBank, Material, Shape};
use crate::types::compose::{Choice, Context, Shapes};
use crate::types::learner::{self, LuaSetup};
use crate::types::router::{self, LuaRouter};
use crate::{Error, Result};
use compt_core::backbone::LoadedBackbone;
use compt_core::router::Phase;
use compt_core::train::composition::{Composition, Selection};
use compt_core::train::learner::{Learner, TaskInputs};
use compt_core::train::optimizer::Group;
use mlua::{Function, Lua, Table, Value};
use std::rc::Rc;
use tch::Tensor;

/// What is trained: prompts or changes over a frozen backbone, or a trainable backbone itself.
pub struct Trained {
    pub stages: Vec<StagePlan>,
    pub bank: Option<LuaBank>,
    pub router: Option<LuaRouter>,
    pub groups: Vec<Group>,
    /// The operator's file, where it is in one.
    pub operator: Option<Box<dyn OperatorFile>>,
}

/// A stage before its steps are counted.
pub struct StagePlan {
    pub name: String,
    /// Of the steps of the run.
    pub share: f64,
    /// Each task by itself, one after the other.
    pub alone: bool,
    /// Whether its rows are those of the method's source tasks.
    pub from: bool,
    pub trains: Vec<String>,
    /// Its learning rates, where they are not the method's.
    pub lr: Option<Table>,
    pub learner: Option<Rc<dyn Learner>>,
    /// Whether the optimizer begins anew.
    pub afresh: bool,
}

impl StagePlan {
    fn only(learner: Option<Rc<dyn Learner>>, alone: bool, groups: &[Group]) -> Self {
        StagePlan {
            name: String::new(),
            share: 1.0,
            alone,
            from: false,
            trains: groups.iter().map(|group| group.name.clone()).collect(),
            lr: None,
            learner,
            afresh: false,
        }
    }
}

/// The prompts, the router and the operator of a method, what its `build` declares, or the
/// backbone's own parameters. `tasks` are the names of those to be evaluated, then of those that are
/// only trained on; `max_source` is how long their inputs may be.
pub fn trained(
    lua: &Lua,
    method: &Table,
    (tasks, targets, max_source): (&[String], usize, usize),
    backbone: &LuaBackbone,
    decay: f64,
) -> mlua::Result<Trained> {
    let alone = method.get::<Option<bool>>("alone")?.unwrap_or(false);
    let build: Option<Function> = method.get("build")?;
    let b = backbone.0.borrow();
    let b = &*b;
    if method.get::<Option<bool>>("backbone")?.unwrap_or(false) {
        if alone && targets > 1 {
            return Err(Error::new("tasks trained alone cannot share a backbone")
                .at(CALL)
                .hint("leave 'alone' out, or make a trainer for each task")
                .into());
        }
        let parameters = b.model.parameters().into_iter();
        let parameters = parameters.map(|(n, t)| (n.to_string(), t.shallow_clone())).collect();
        let groups = vec![Group { name: "backbone".into(), parameters, weight_decay: decay }];
        return Ok(Trained {
            stages: vec![StagePlan::only(None, alone, &groups)],
            bank: None,
            router: None,
            groups,
            operator: None,
        });
    }
    if let Some(build) = build {
        if b.model.is_trainable() {
            return Err(Error::new("this method is for a frozen backbone").at(CALL).into());
        }
        let init: Value = method.get("init")?;
        let setup = LuaSetup::new(backbone.clone(), tasks.to_vec(), targets, max_source, init);
        let plan = learner::build(lua, &build, setup, decay)?;
        let all: Vec<String> = plan.groups.iter().map(|group| group.name.clone()).collect();
        let many = plan.stages.len() > 1;
        let stages = plan.stages.into_iter().map(|stage| StagePlan {
            alone: stage.alone || alone,
            name: stage.name,
            share: stage.share,
            from: stage.from,
            trains: stage.trains.unwrap_or_else(|| all.clone()),
            lr: stage.lr,
            learner: Some(stage.learner),
            afresh: many,
        });
        return Ok(Trained {
            stages: stages.collect(),
            bank: None,
            router: None,
            groups: plan.groups,
            operator: None,
        });
    }
    if b.model.is_trainable() {
        return Err(Error::new("prompts are trained over a frozen backbone").at(CALL).into());
    }
    let operator = Choice::read(lua, &method.get("compose")?).map_err(|e| told(&e).at(CALL))?;
    let sources: usize = method.get::<Option<usize>>("sources")?.unwrap_or(0);
    let length: i64 = method.get::<Option<i64>>("length")?.unwrap_or(20);
    if operator.name() != "private" && sources == 0 {
        return Err(Error::new(format!("the composition '{}' needs sources", operator.name()))
            .at(CALL)
            .hint("give the method 'sources' of at least 1, or use compt.methods.pt")
            .into());
    }
    if sources > 0 && alone {
        return Err(Error::new("tasks trained alone cannot share sources")
            .at(CALL)
            .hint("leave 'alone' out, or use compt.methods.pt")
            .into());
    }
    let own = operator.private_length(sources as i64, length);
    let private_length = method.get::<Option<i64>>("private_length")?.unwrap_or(own);
    let material = Material {
        dim: b.model.model_config().d_model,
        device: b.model.device(),
        vocabulary: Some(b.model.embedding()),
        tokenizer: b.tokenizer.as_deref(),
    };
    let shape = Shape { tasks: tasks.to_vec(), sources, length, private_length };
    let bank = bank::make(lua, shape, &method.get("encoder")?, &method.get("init")?, &material)?;
    let router = match sources {
        0 => None,
        _ => Some(router_of(lua, method, tasks, sources, b, operator.name())?),
    };
    let context = Context {
        tasks: tasks.to_vec(),
        sources,
        length,
        private_length,
        d_model: b.model.model_config().d_model,
        device: b.model.device(),
    };
    let (operator, file) = match (operator, &router) {
        (Choice::BuiltIn(operator), _) => (operator, None),
        (Choice::Own(own), Some(router)) => {
            let recorded = Earlier::operator_of_next(lua, &own.name)?;
            let made = own.make(lua, context, shapes(&bank, router, b), recorded);
            made.map_err(|e| e.at(CALL))?
        }
        (Choice::Own(_), None) => unreachable!("it has sources"),
    };
    let composition = Composition {
        bank: bank.bank.clone(),
        router: router.as_ref().map(|r| r.router.clone()),
        operator,
        device: b.model.device(),
    };
    let groups = composition.groups(decay);
    let stages = vec![StagePlan::only(Some(Rc::new(composition)), alone, &groups)];
    Ok(Trained { stages, bank: Some(bank), router, groups, operator: file })
}

/// The most rows that a stage puts before or behind an input; an error where its parts do not fit.
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

/// The prompts and weights of an example of each of these tasks, as a step composes them.
fn shapes(bank: &LuaBank, router: &LuaRouter, b: &LoadedBackbone) -> Shapes {
    let (bank, router, device) = (bank.bank.clone(), router.router.clone(), b.model.device());
    Box::new(move |tasks| {
        tch::no_grad(|| {
            let ids: Vec<i64> = tasks.iter().map(|task| *task as i64).collect();
            let ids = Tensor::f_from_slice(&ids)?.f_to_device(device)?;
            let weights = router.weights(&ids, Phase::Eval, None)?;
            Ok([bank.encoded_privates(tasks)?, bank.encoded_sources()?, weights])
        })
    })
}

/// "relaxed_bernoulli" | "free" | "constant", or { kind, options of that kind }.
fn router_of(
    lua: &Lua,
    method: &Table,
    tasks: &[String],
    sources: usize,
    b: &LoadedBackbone,
    operator: &str,
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
                kind(&other)
            ))
            .at(CALL)
            .into());
        }
    };
    let known = router::KINDS.iter().find(|known| **known == kind);
    let kind = *known.ok_or_else(|| Error::unknown("router", &kind, router::KINDS).at(CALL))?;
    let o = Options::new(&format!("router '{kind}'"), options)?;
    if o.get::<f64>(lua, "temperature")?.is_some() {
        return Err(Error::new("the temperature of training is not the router's to say")
            .at(CALL)
            .hint("set 'temperature' of the method, or of the control")
            .into());
    }
    let eval: String = o.get_or(lua, "eval", "softmax".into())?;
    let mut router = router::make(lua, kind, &o, tasks.to_vec(), sources, b.model.device())?;
    router.of_trainer = true;
    o.finish()?;
    if operator == "concat" && kind == "relaxed_bernoulli" && eval == "softmax" {
        eprintln!(
            "warning: with router eval = \"softmax\" parts of a concatenated prompt get weights at \
             inference that they never had in training (ComPT's published setting); \
             router = {{ eval = \"softmax_sigmoid\" }} or router = \"constant\" scores higher"
        );
    }
    Ok(router)
}
