//! A prompt bank, a router and an operator, which together compose the prompt of every example.

use super::batch::Prompts;
use super::optimizer::Group;
use crate::Result;
use crate::compose::{Isolation, Operator};
use crate::prompt::PromptBank;
use crate::router::normalise::top_k;
use crate::router::{Keep, Normalisation, Phase, Router, Rule};
use crate::tensor::upload::longs;
use std::rc::Rc;
use tch::{Device, Kind, Tensor};

/// A composition for one set of tasks.
#[derive(Clone)]
pub struct Composition {
    pub bank: Rc<PromptBank>,
    /// `None` if there are no sources.
    pub router: Option<Rc<dyn Router>>,
    pub operator: Rc<dyn Operator>,
    pub device: Device,
}

/// Selects the prompts of an evaluation.
#[derive(Debug, Clone, Copy)]
pub struct Selection {
    pub isolation: Isolation,
    pub rule: Rule,
    /// Replaces the router's own normalisation.
    pub normalise: Option<Normalisation>,
    /// The number of the largest weights of an example to keep; `None`: all.
    pub top_k: Option<usize>,
}

impl Default for Selection {
    fn default() -> Self {
        Selection {
            isolation: Isolation::Total,
            rule: Rule::Renormalised,
            normalise: None,
            top_k: None,
        }
    }
}

impl Composition {
    /// The parameter groups: `router`, `source`, `private`, `operator`, if they have parameters.
    pub fn groups(&self, weight_decay: f64) -> Vec<Group> {
        let router = self.router.as_ref().map(|r| r.parameters()).unwrap_or_default();
        [
            ("router", router),
            ("source", self.bank.source_parameters()),
            ("private", self.bank.private_parameters()),
            ("operator", self.operator.parameters()),
        ]
        .into_iter()
        .filter(|(_, parameters)| !parameters.is_empty())
        .map(|(name, parameters)| Group { name: name.into(), parameters, weight_decay })
        .collect()
    }

    /// A prompt for each example of a training batch, `[B, m', d]`; `tasks` are the examples' task indices.
    ///
    /// # Errors
    ///
    /// An unknown task, a temperature that is not above 0, or an error of the operator.
    pub fn for_batch(
        &self,
        tasks: &[usize],
        temperature: f64,
        selection: Selection,
    ) -> Result<Prompts> {
        let phase = match selection.normalise {
            Some(by) => Phase::TrainAs { temperature, by },
            None => Phase::Train { temperature },
        };
        let prompts = self.compose(tasks, phase, selection)?;
        Ok(Prompts { of_row: (0..tasks.len()).collect(), ..prompts })
    }

    /// The prompt of each of these tasks at inference, `[len(tasks), m', d]`, without gradients.
    /// Errors as in `for_batch`.
    pub fn for_tasks(&self, tasks: &[usize], selection: Selection) -> Result<Prompts> {
        let phase = selection.normalise.map_or(Phase::Eval, Phase::EvalAs);
        tch::no_grad(|| self.compose(tasks, phase, selection))
    }

    fn compose(&self, tasks: &[usize], phase: Phase, selection: Selection) -> Result<Prompts> {
        let private = self.bank.encoded_privates(tasks)?;
        let sources = self.bank.encoded_sources()?;
        let weights = self.weights(tasks, phase, selection)?;
        let isolation = selection.isolation;
        let (vectors, hidden) = match isolation {
            Isolation::Total => (self.operator.compose(&private, &sources, &weights)?, Vec::new()),
            _ => {
                let isolated = self.operator.isolate(&private, &sources, &weights, isolation)?;
                (isolated.prompt, isolated.hidden)
            }
        };
        Ok(Prompts { vectors, of_row: Vec::new(), hidden: vec![hidden; tasks.len()] })
    }

    /// `[len(tasks), S]`
    fn weights(&self, tasks: &[usize], phase: Phase, selection: Selection) -> Result<Tensor> {
        let count = self.bank.source_count();
        let Some(router) = &self.router else {
            let size = [tasks.len() as i64, count as i64];
            return Ok(Tensor::f_zeros(size, (Kind::Float, self.device))?);
        };
        let tasks: Vec<i64> = tasks.iter().map(|&task| task as i64).collect();
        let tasks = longs(&tasks, self.device)?;
        let kept = selection.isolation.kept(count);
        let keep = kept.map(|sources| Keep { sources, rule: selection.rule });
        let weights = router.weights(&tasks, phase, keep.as_ref())?;
        match selection.top_k {
            Some(k) => top_k(&weights, k, router.normalisation(phase)),
            None => Ok(weights),
        }
    }

    /// The weights of every task at inference, `[T][S]`; `None` without a router. Errors as in `for_batch`.
    pub fn router_weights(&self, selection: Selection) -> Result<Option<Vec<Vec<f64>>>> {
        if self.router.is_none() {
            return Ok(None);
        }
        let tasks: Vec<usize> = (0..self.bank.tasks().len()).collect();
        let phase = selection.normalise.map_or(Phase::Eval, Phase::EvalAs);
        let weights = tch::no_grad(|| self.weights(&tasks, phase, selection))?;
        let weights = weights.f_to_device(Device::Cpu)?.f_to_kind(Kind::Double)?;
        Ok(Some(Vec::<Vec<f64>>::try_from(&weights)?))
    }

    /// The difference between training and inference: the mean absolute difference between the weights at
    /// inference and the mean of `DRAWS` training samples at this temperature, over tasks and sources.
    /// `None` without a router. Errors as in `for_batch`.
    pub fn router_gap(&self, temperature: f64) -> Result<Option<f64>> {
        const DRAWS: usize = 256;
        if self.router.is_none() {
            return Ok(None);
        }
        let gap = tch::no_grad(|| -> Result<f64> {
            let tasks: Vec<usize> = (0..self.bank.tasks().len()).collect();
            let at_inference = self.weights(&tasks, Phase::Eval, Selection::default())?;
            let repeated = tasks.repeat(DRAWS);
            let phase = Phase::Train { temperature };
            let drawn = self.weights(&repeated, phase, Selection::default())?;
            let by_draw = drawn.f_view([DRAWS as i64, tasks.len() as i64, -1])?;
            let mean = by_draw.f_mean_dim([0i64].as_slice(), false, Kind::Float)?;
            let gap = mean.f_sub(&at_inference)?.f_abs()?.f_mean(Kind::Float)?;
            Ok(gap.f_double_value(&[])?)
        })?;
        Ok(Some(gap))
    }
}
