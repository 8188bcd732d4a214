//! The trial of a user-defined router on the shapes of a run, before the run uses it.

use super::define::Weights;
use super::in_lua::InLua;
use crate::types::defined::{Context, InUse, Version};
use crate::{Error, Result};
use compt_core::nn::Named;
use compt_core::prompt::PromptBank;
use compt_core::router::{Embedded, Given, Phase, Router};
use compt_core::tensor::upload::longs;
use std::rc::Rc;
use tch::{Kind, Tensor};

/// The number of tokens of the inputs of a trial; the last row has one less.
const TOKENS: i64 = 3;
const TRAIN: Phase = Phase::Train { temperature: 1.0 };
const NOTHING: &str = "there is nothing to train";

/// Calls it for a row of each task, and for a single row, in training and at inference.
///
/// # Errors
///
/// The weights have another shape, dtype or device, are not finite, do not sum as declared, or do not depend on a
/// declared parameter.
pub fn run(version: &Version<Weights>, context: &Context, bank: Option<&PromptBank>) -> Result<()> {
    let whole: Vec<usize> = match context.tasks.len() {
        1 => vec![0, 0],
        n => (0..n).collect(),
    };
    on(version, context, bank, &whole)?;
    on(version, context, bank, &[0]).map_err(|e| e.at("a batch of one row"))
}

/// An error if equal arguments give different results at inference.
pub fn same_twice(
    version: &Version<Weights>,
    context: &Context,
    bank: Option<&PromptBank>,
) -> Result<()> {
    let once = || -> Result<Tensor> {
        tch::manual_seed(0);
        let router = copied(version, context)?;
        tch::no_grad(|| weights(&router, context, bank, &[0], Phase::Eval))
    };
    match once()?.equal(&once()?) {
        true => Ok(()),
        false => Err(Error::new("two different results for the same task")
            .hint("a router must not keep state between calls")),
    }
}

/// The router with new leaf tensors.
fn copied(version: &Version<Weights>, context: &Context) -> Result<InLua> {
    let leaf = |(name, tensor): &(String, Tensor)| -> Result<(String, Tensor)> {
        let copy = tch::no_grad(|| tensor.f_detach_copy())?;
        Ok((name.clone(), copy.f_set_requires_grad(true)?))
    };
    let own = version.parameters.iter().map(leaf).collect::<Result<Named>>()?;
    let copy = Version { parameters: &own, ..*version };
    Ok(InLua::new(Rc::new(InUse::new(&copy)), version.says.clone(), context.clone()))
}

fn weights(
    router: &InLua,
    context: &Context,
    bank: Option<&PromptBank>,
    lot: &[usize],
    phase: Phase,
) -> Result<Tensor> {
    let ids: Vec<i64> = lot.iter().map(|&task| task as i64).collect();
    let tasks = longs(&ids, context.device)?;
    // Without gradients: those of the run's own prompts must not change.
    let encoded = |bank: &PromptBank| -> Result<(Tensor, Tensor)> {
        tch::no_grad(|| Ok((bank.encoded_privates(lot)?, bank.encoded_sources()?)))
    };
    let prompts = bank.map(encoded).transpose()?;
    let inputs = match (context.lengths, router.says_inputs()) {
        (Some(lengths), true) => Some(inputs(lot.len() as i64, lengths.d_model, context)?),
        _ => None,
    };
    let prompts = prompts.as_ref().map(|(private, sources)| (private, sources));
    router.weights(&Given { tasks: &tasks, prompts, inputs: inputs.as_ref() }, phase, None)
}

/// Random inputs.
fn inputs(rows: i64, width: i64, context: &Context) -> Result<Embedded> {
    let on = (Kind::Float, context.device);
    let mask = Tensor::f_ones([rows, TOKENS], on)?;
    let _ = mask.f_select(0, rows - 1)?.f_select(0, TOKENS - 1)?.f_fill_(0.0)?;
    let embeddings = Tensor::f_randn([rows, TOKENS, width], on)?.f_mul(&mask.f_unsqueeze(-1)?)?;
    Ok(Embedded { embeddings, mask })
}

fn on(
    version: &Version<Weights>,
    context: &Context,
    bank: Option<&PromptBank>,
    lot: &[usize],
) -> Result<()> {
    let router = copied(version, context)?;
    let _ = tch::no_grad(|| weights(&router, context, bank, lot, Phase::Eval))?;
    let found = weights(&router, context, bank, lot, TRAIN)?;
    let own = router.in_use().own_parameters();
    if own.is_empty() {
        return Ok(());
    }
    let wrong = |what: String| Err(Error::new(what).at(router.place()));
    if !found.requires_grad() {
        return wrong(format!("the weights do not depend on its parameters: {NOTHING}"));
    }
    found.f_sum(Kind::Float)?.f_backward().map_err(|e| {
        Error::from(e).at(router.place()).hint("its operations must be differentiable")
    })?;
    // A parameter of one task is not in a batch of another.
    let missed = own.iter().find(|(_, tensor)| lot.len() > 1 && !tensor.grad().defined());
    match missed {
        None => Ok(()),
        Some((name, _)) => {
            let what = format!("the weights do not depend on the parameter '{name}'");
            Err(Error::new(what).at(router.place()).hint(
                "remove it, or use it in training; `detach`, `item` and `tolist` remove the gradient graph",
            ))
        }
    }
}
