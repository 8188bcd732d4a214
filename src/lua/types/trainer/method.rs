//! What a declared method trains: prompts, a router and an operator over a frozen backbone, or a
//! trainable backbone itself. `stdlib/methods/declare.lua` says what a method may hold.

use super::CALL;
use crate::Error;
use crate::backbone::Backbone;
use crate::compose::Operator;
use crate::lua::control::OperatorFile;
use crate::lua::options::Options;
use crate::lua::types::bank::{self, LuaBank, Material, Shape};
use crate::lua::types::compose;
use crate::lua::types::router::{self, LuaRouter};
use crate::router::Phase;
use crate::train::composition::Composition;
use crate::train::optimizer::Group;
use crate::train::rows::room_for;
use mlua::{Lua, Table, Value};
use tch::{Kind, Tensor};

/// What is trained: prompts over a frozen backbone, or a trainable backbone itself.
pub struct Trained {
    pub composition: Option<Composition>,
    pub bank: Option<LuaBank>,
    pub router: Option<LuaRouter>,
    pub groups: Vec<Group>,
    /// The operator's file, where it is in one.
    pub operator: Option<Box<dyn OperatorFile>>,
}

/// The prompts, the router and the operator of a method, or the backbone's own parameters.
pub fn trained(
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
        return Ok(Trained {
            composition: None,
            bank: None,
            router: None,
            groups: vec![group],
            operator: None,
        });
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
    if sources > 0 && method.get::<Option<bool>>("alone")?.unwrap_or(false) {
        return Err(Error::new("tasks trained alone cannot share sources")
            .at(CALL)
            .hint("leave 'alone' out, or use compt.methods.pt")
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
    let followed = match &router {
        Some(router) => compose::in_file(lua, &method.get("compose")?, shapes(&bank, router, b))?,
        None => None,
    };
    let (operator, file) = match followed {
        Some((operator, file)) => (operator, Some(file)),
        None => (operator, None),
    };
    let composition = Composition {
        bank: bank.bank.clone(),
        router: router.as_ref().map(|r| r.router.clone()),
        operator,
        device: b.model.device,
    };
    let groups = composition.groups(decay);
    let composition = Some(composition);
    Ok(Trained { composition, bank: Some(bank), router, groups, operator: file })
}

/// The prompts and weights of one example of each task, as a step composes them.
fn shapes(bank: &LuaBank, router: &LuaRouter, b: &Backbone) -> compose::file::Shapes {
    let (bank, router, device) = (bank.bank.clone(), router.router.clone(), b.model.device);
    Box::new(move || {
        tch::no_grad(|| {
            let tasks: Vec<usize> = (0..bank.tasks().len()).collect();
            let ids = Tensor::arange(tasks.len() as i64, (Kind::Int64, device));
            let weights = router.weights(&ids, Phase::Eval, None)?;
            Ok([bank.encoded_privates(&tasks)?, bank.encoded_sources()?, weights])
        })
    })
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
    if o.get::<f64>(lua, "temperature")?.is_some() {
        return Err(Error::new("the temperature of training is not the router's to say")
            .at(CALL)
            .hint("set 'temperature' of the method, or of the control")
            .into());
    }
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
