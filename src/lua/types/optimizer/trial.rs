//! The trial of a user-defined optimizer on tensors like those of a run, before the run uses it.

use super::define::Says;
use super::in_lua::InLua;
use crate::types::defined::{InUse, Version};
use crate::{Error, Result};
use compt_core::nn::Named;
use compt_core::tensor::is_finite;
use compt_core::train::optimizer::{Group, Kept, Rule, Update};
use serde_json::Map;
use std::rc::Rc;
use tch::{Device, Kind, Tensor};

type Options = Map<String, serde_json::Value>;

/// A parameter of the run.
pub struct Like {
    name: String,
    shape: Vec<i64>,
    kind: Kind,
    device: Device,
}

impl Like {
    /// The smallest parameter with each number of dimensions, dtype and device.
    pub fn each_of(groups: &[Group]) -> Vec<Like> {
        let mut all: Vec<Like> = Vec::new();
        let count = |shape: &[i64]| shape.iter().product::<i64>();
        for (name, tensor) in groups.iter().flat_map(|group| &group.parameters) {
            let (shape, kind, device) = (tensor.size(), tensor.kind(), tensor.device());
            let of = (shape.len(), kind, device);
            let like = Like { name: name.clone(), shape, kind, device };
            match all.iter_mut().find(|known| (known.shape.len(), known.kind, known.device) == of) {
                Some(known) if count(&known.shape) > count(&like.shape) => *known = like,
                Some(_) => {}
                None => all.push(like),
            }
        }
        all
    }

    /// Numbers in [-1, 1], always the same ones for the same `phase`.
    fn numbers(&self, phase: f64, more: i64) -> Result<Tensor> {
        let count = self.shape.iter().product::<i64>() * more;
        let numbers = Tensor::f_arange(count, (Kind::Float, self.device))?;
        let numbers = numbers.f_mul_scalar(0.7)?.f_add_scalar(phase)?.f_sin()?;
        Ok(numbers.f_to_kind(self.kind)?)
    }

    fn shaped(&self, tensor: Tensor) -> Result<Tensor> {
        Ok(tensor.f_reshape(&self.shape[..])?)
    }
}

fn rule(version: &Version<Says>, options: &Options) -> InLua {
    InLua::new(Rc::new(InUse::new(version)), version.says.clone(), options.clone())
}

/// Updates values `steps` times by gradients; returns the new values and the state.
fn updated(
    rule: &InLua,
    name: Option<&str>,
    values: &Tensor,
    gradient: &Tensor,
    steps: i64,
) -> Result<Named> {
    let values = values.f_detach_copy()?;
    let mut all = Vec::new();
    for (name, kept) in rule.state() {
        let zeros = match kept {
            Kept::Like => values.f_zeros_like()?,
            Kept::Scalar => Tensor::f_zeros([], (Kind::Float, values.device()))?,
        };
        all.push((name.clone(), zeros));
    }
    for step in 1..=steps {
        let state = all.iter().map(|(name, t)| (name.clone(), t.shallow_clone())).collect();
        tch::no_grad(|| {
            rule.update(&Update {
                name: name.map(String::from),
                values: values.shallow_clone(),
                gradient: gradient.f_detach_copy()?,
                state,
                lr: 0.01,
                weight_decay: 0.01,
                step,
            })
        })?;
    }
    all.insert(0, (String::new(), values));
    Ok(all)
}

/// Makes two updates of a tensor like each of these.
///
/// # Errors
/// An update fails, is not finite, or changes nothing; or it says that it is elementwise and is not.
pub fn run(version: &Version<Says>, options: &Options, like: &[Like]) -> Result<()> {
    let rule = rule(version, options);
    let (place, says) = (rule.in_use().place(), version.says);
    let with_line = |e: Error| rule.in_use().with_line(e).at(place);
    for like in like {
        let (values, gradient) = (like.numbers(1.0, 1)?, like.numbers(2.0, 1)?);
        let (shaped, gradient) = (like.shaped(values)?, like.shaped(gradient)?);
        let name = Some(&like.name[..]).filter(|_| !says.elementwise);
        let after = updated(&rule, name, &shaped, &gradient, 2)?;
        for (name, tensor) in &after {
            if !is_finite(tensor)? {
                let what = match &name[..] {
                    "" => "the new value".to_string(),
                    name => format!("state '{name}'"),
                };
                return Err(with_line(Error::new(format!("{what} is not finite"))));
            }
        }
        if after[0].1.f_equal(&shaped)? {
            let what = "an update with a gradient changes nothing";
            return Err(with_line(Error::new(what).hint(
                "the function returns the new value, or changes `p` in place: `p:sub_(context.lr * grad)`",
            )));
        }
    }
    match like.first().filter(|_| says.elementwise) {
        Some(like) => elementwise(&rule, like).map_err(with_line),
        None => Ok(()),
    }
}

/// An error if two tensors together are updated otherwise than each alone.
fn elementwise(rule: &InLua, like: &Like) -> Result<()> {
    let values = like.numbers(1.0, 2)?;
    let count = values.size()[0] / 2;
    // Of different sizes, so that a norm or a mean of both is that of neither.
    let factors = [Tensor::f_ones_like(&values.f_narrow(0, 0, count)?)?, {
        let ones = Tensor::f_ones_like(&values.f_narrow(0, 0, count)?)?;
        ones.f_mul_scalar(3.0)?
    }];
    let factors = Tensor::f_cat(&factors, 0)?;
    let (values, gradient) = (values.f_mul(&factors)?, like.numbers(2.0, 2)?.f_mul(&factors)?);
    let together = updated(rule, None, &values, &gradient, 2)?;
    for start in [0, count] {
        let part = |t: &Tensor| t.f_narrow(0, start, count);
        let alone = updated(rule, None, &part(&values)?, &part(&gradient)?, 2)?;
        for ((_, alone), (_, together)) in alone.iter().zip(&together) {
            let tolerance = if like.kind == Kind::Float { 1e-4 } else { 2e-2 };
            if !part(together)?.f_allclose(alone, tolerance, 1e-6, false)? {
                let what = "two tensors together are updated otherwise than each alone: it is not elementwise";
                return Err(Error::new(what).hint("remove 'elementwise'"));
            }
        }
    }
    Ok(())
}

/// An error if equal arguments give different updates.
pub fn same_twice(version: &Version<Says>, options: &Options, like: &[Like]) -> Result<()> {
    let Some(like) = like.first() else { return Ok(()) };
    let once = || -> Result<Named> {
        tch::manual_seed(0);
        let (values, gradient) = (like.numbers(1.0, 1)?, like.numbers(2.0, 1)?);
        let (values, gradient) = (like.shaped(values)?, like.shaped(gradient)?);
        let name = Some(&like.name[..]).filter(|_| !version.says.elementwise);
        updated(&rule(version, options), name, &values, &gradient, 1)
    };
    let (first, second) = (once()?, once()?);
    match first.iter().zip(&second).all(|((_, a), (_, b))| a.equal(b)) {
        true => Ok(()),
        false => Err(Error::new("two different updates by the same gradient")
            .hint("an optimizer keeps what it needs in 'state', which is saved in checkpoints")),
    }
}
