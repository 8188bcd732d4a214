//! The trial of a user-defined operator on the shapes of a run, before the run uses it.

use super::Compose;
use super::in_lua::InLua;
use crate::types::defined::{InUse, Version};
use crate::{Error, Result};
use compt_core::compose::Operator;
use compt_core::nn::Named;
use std::rc::Rc;
use tch::Tensor;

/// Returns private prompts [B, m', d], sources [S, m, d] and weights [B, S] for rows of these tasks (from 0),
/// as in a step of the run.
pub type Shapes = Box<dyn Fn(&[usize]) -> Result<[Tensor; 3]>>;

/// A version to try with copies of its parameters.
pub struct Trial<'a> {
    pub version: &'a Version<'a, Compose>,
    pub shapes: &'a Shapes,
    /// The number of tasks of the run.
    pub tasks: usize,
}

const NOTHING: &str = "there is nothing to train";

impl Trial<'_> {
    /// A row per task, and a single row: the batches of a step, an evaluation and a prediction.
    fn lots(&self) -> [Vec<usize>; 2] {
        match self.tasks {
            1 => [vec![0, 0], vec![0]],
            n => [(0..n).collect(), vec![0]],
        }
    }

    /// Calls it as a step would, with gradients.
    pub fn run(&self) -> Result<()> {
        self.lots().iter().try_for_each(|lot| {
            self.on(lot).map_err(|e| match lot.len() {
                1 => e.at("a batch of one row"),
                _ => e,
            })
        })
    }

    /// Like [`Trial::run`]; also checks that equal arguments give equal results.
    pub fn run_twice(&self) -> Result<()> {
        self.run()?;
        let [lot, _] = self.lots();
        let once = || -> Result<Tensor> {
            tch::manual_seed(0);
            let (operator, leaves) = self.leaves(&lot)?;
            Self::compose(&operator, &leaves)
        };
        match once()?.equal(&once()?) {
            true => Ok(()),
            false => Err(Error::new("two different results for the same prompts")
                .hint("an operator must not keep state between calls")),
        }
    }

    /// The operator with new leaf tensors.
    fn leaves(&self, lot: &[usize]) -> Result<(InLua, [Tensor; 3])> {
        let leaf = |tensor: &Tensor| -> Result<Tensor> {
            Ok(tch::no_grad(|| tensor.f_detach_copy())?.f_set_requires_grad(true)?)
        };
        let own = self.version.parameters.iter().map(|(name, t)| Ok((name.clone(), leaf(t)?)));
        let own = own.collect::<Result<Named>>()?;
        let [private, sources, weights] = (self.shapes)(lot)?;
        let arguments = [leaf(&private)?, leaf(&sources)?, leaf(&weights)?];
        let version = Version { parameters: &own, ..*self.version };
        Ok((InLua(Rc::new(InUse::new(&version))), arguments))
    }

    /// Composes tensors computed from leaves, as in a step: these may be changed in place.
    fn compose(operator: &InLua, leaves: &[Tensor; 3]) -> Result<Tensor> {
        let [private, sources, weights] = leaves.each_ref().map(|leaf| leaf.f_mul_scalar(1.0));
        operator.compose(&private?, &sources?, &weights?)
    }

    fn on(&self, lot: &[usize]) -> Result<()> {
        let (operator, leaves) = self.leaves(lot)?;
        let prompt = Self::compose(&operator, &leaves)?;
        let wrong = |what: String| Err(Error::new(what).at(operator.0.place()));
        operator.0.check_finite(&prompt)?;
        if !prompt.requires_grad() {
            return wrong(format!("the result does not depend on its arguments: {NOTHING}"));
        }
        prompt.f_sum(tch::Kind::Float)?.f_backward().map_err(|e| {
            Error::from(e).at(operator.0.place()).hint("its operations must be differentiable")
        })?;
        let own = operator.0.own_parameters().iter().map(|(_, tensor)| tensor);
        let reached = leaves[..2].iter().chain(own).any(|t| t.grad().defined());
        match reached {
            true => Ok(()),
            false => {
                let what = format!("no prompt gets a gradient from the result: {NOTHING}");
                Err(Error::new(what)
                    .at(operator.0.place())
                    .hint("`detach`, `item` and `tolist` remove the gradient graph"))
            }
        }
    }
}
