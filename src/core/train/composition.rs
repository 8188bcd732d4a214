//! A prompt bank, a router and an operator, which together compose the prompt of every example.

use super::batch::{Prompts, Rows};
use super::optimizer::Group;
use crate::Result;
use crate::compose::{Isolation, Operator};
use crate::prompt::PromptBank;
use crate::router::normalise::top_k;
use crate::router::{Embedded, Given, Keep, Normalisation, Phase, Router, Rule, Sees};
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

    /// A prompt for each row of a batch, `[B, m', d]`: in training, if there is a temperature, with gradients
    /// and sampled weights.
    ///
    /// # Errors
    ///
    /// An unknown task, a temperature that is not above 0, or an error of the operator or the router.
    pub fn for_rows(
        &self,
        rows: &Rows,
        temperature: Option<f64>,
        selection: Selection,
    ) -> Result<Prompts> {
        let inputs = self.reads_inputs().then(|| tch::no_grad(|| rows.embedded())).transpose()?;
        let inputs = inputs.as_ref();
        let prompts = match (temperature, selection.normalise) {
            (None, _) => self.at_inference(&rows.tasks, inputs, selection)?,
            (Some(temperature), Some(by)) => {
                let phase = Phase::TrainAs { temperature, by };
                self.compose(&rows.tasks, inputs, phase, selection)?
            }
            (Some(temperature), None) => {
                self.compose(&rows.tasks, inputs, Phase::Train { temperature }, selection)?
            }
        };
        Ok(Prompts { of_row: (0..rows.tasks.len()).collect(), ..prompts })
    }

    /// The prompt of each of these tasks at inference, `[len(tasks), m', d]`, without gradients.
    /// Errors as in `for_rows`; or the weights depend on the input.
    pub fn for_tasks(&self, tasks: &[usize], selection: Selection) -> Result<Prompts> {
        self.at_inference(tasks, None, selection)
    }

    fn at_inference(
        &self,
        tasks: &[usize],
        inputs: Option<&Embedded>,
        selection: Selection,
    ) -> Result<Prompts> {
        let phase = selection.normalise.map_or(Phase::Eval, Phase::EvalAs);
        tch::no_grad(|| self.compose(tasks, inputs, phase, selection))
    }

    /// Whether the router's weights, and so the prompts, depend on the input.
    pub fn reads_inputs(&self) -> bool {
        self.router.as_ref().is_some_and(|router| router.sees() == Sees::Inputs)
    }

    /// The number of rows of a composed prompt: that of equal weights.
    pub(super) fn length(&self, task: usize, selection: Selection) -> Result<usize> {
        tch::no_grad(|| {
            let private = self.bank.encoded_privates(&[task])?;
            let count = self.bank.source_count() as i64;
            let size = [1, count];
            let weights = Tensor::f_full(size, 1.0 / count as f64, (Kind::Float, self.device))?;
            let sources = self.bank.encoded_sources()?;
            let (prompt, _) = self.composed(&private, &sources, &weights, selection.isolation)?;
            Ok(prompt.size()[1] as usize)
        })
    }

    fn compose(
        &self,
        tasks: &[usize],
        inputs: Option<&Embedded>,
        phase: Phase,
        selection: Selection,
    ) -> Result<Prompts> {
        let private = self.bank.encoded_privates(tasks)?;
        let sources = self.bank.encoded_sources()?;
        let weights =
            self.weights(tasks, (Some((&private, &sources)), inputs), phase, selection)?;
        let isolation = selection.isolation;
        let (vectors, hidden) = self.composed(&private, &sources, &weights, isolation)?;
        Ok(Prompts { vectors, of_row: Vec::new(), hidden: vec![hidden; tasks.len()] })
    }

    /// Prompts and their masked positions.
    fn composed(
        &self,
        private: &Tensor,
        sources: &Tensor,
        weights: &Tensor,
        isolation: Isolation,
    ) -> Result<(Tensor, Vec<i64>)> {
        match isolation {
            Isolation::Total => Ok((self.operator.compose(private, sources, weights)?, Vec::new())),
            _ => {
                let isolated = self.operator.isolate(private, sources, weights, isolation)?;
                Ok((isolated.prompt, isolated.hidden))
            }
        }
    }

    /// `[len(tasks), S]`
    fn weights(
        &self,
        tasks: &[usize],
        (prompts, inputs): (Option<(&Tensor, &Tensor)>, Option<&Embedded>),
        phase: Phase,
        selection: Selection,
    ) -> Result<Tensor> {
        let count = self.bank.source_count();
        let Some(router) = &self.router else {
            let size = [tasks.len() as i64, count as i64];
            return Ok(Tensor::f_zeros(size, (Kind::Float, self.device))?);
        };
        let tasks: Vec<i64> = tasks.iter().map(|&task| task as i64).collect();
        let given = Given { tasks: &longs(&tasks, self.device)?, prompts, inputs };
        let kept = selection.isolation.kept(count);
        let keep = kept.map(|sources| Keep { sources, rule: selection.rule });
        let weights = router.weights(&given, phase, keep.as_ref())?;
        match selection.top_k {
            Some(k) => top_k(&weights, k, router.normalisation(phase)),
            None => Ok(weights),
        }
    }

    /// The weights of tasks, whose inputs are not known.
    fn weights_of(&self, tasks: &[usize], phase: Phase, selection: Selection) -> Result<Tensor> {
        if self.router.as_ref().is_none_or(|router| router.sees() == Sees::Tasks) {
            return self.weights(tasks, (None, None), phase, selection);
        }
        let prompts = (self.bank.encoded_privates(tasks)?, self.bank.encoded_sources()?);
        self.weights(tasks, (Some((&prompts.0, &prompts.1)), None), phase, selection)
    }

    /// Whether it has a router whose weights do not depend on the input.
    pub fn has_fixed_weights(&self) -> bool {
        self.router.as_ref().is_some_and(|router| router.sees() != Sees::Inputs)
    }

    /// The weights of every task at inference, `[T][S]`; `None` without a router. Errors as in `for_tasks`.
    pub fn router_weights(&self, selection: Selection) -> Result<Option<Vec<Vec<f64>>>> {
        if self.router.is_none() {
            return Ok(None);
        }
        let tasks: Vec<usize> = (0..self.bank.tasks().len()).collect();
        let phase = selection.normalise.map_or(Phase::Eval, Phase::EvalAs);
        let weights = tch::no_grad(|| self.weights_of(&tasks, phase, selection))?;
        let weights = weights.f_to_device(Device::Cpu)?.f_to_kind(Kind::Double)?;
        Ok(Some(Vec::<Vec<f64>>::try_from(&weights)?))
    }

    /// The difference between training and inference: the mean absolute difference between the weights at
    /// inference and the mean of `DRAWS` training samples at this temperature, over tasks and sources.
    /// `None` without a router, or if the weights depend on the input. Errors as in `for_tasks`.
    pub fn router_gap(&self, temperature: f64) -> Result<Option<f64>> {
        const DRAWS: usize = 256;
        let Some(sees) = self.router.as_ref().map(|router| router.sees()) else { return Ok(None) };
        // The prompts of all draws would take much memory.
        let lots = match sees {
            Sees::Tasks => 1,
            Sees::Prompts => DRAWS,
            Sees::Inputs => return Ok(None),
        };
        let gap = tch::no_grad(|| -> Result<f64> {
            let tasks: Vec<usize> = (0..self.bank.tasks().len()).collect();
            let at_inference = self.weights_of(&tasks, Phase::Eval, Selection::default())?;
            let repeated = tasks.repeat(DRAWS / lots);
            let phase = Phase::Train { temperature };
            let draw = |_| self.weights_of(&repeated, phase, Selection::default());
            let drawn = Tensor::f_cat(&(0..lots).map(draw).collect::<Result<Vec<_>>>()?, 0)?;
            let by_draw = drawn.f_view([DRAWS as i64, tasks.len() as i64, -1])?;
            let mean = by_draw.f_mean_dim([0i64].as_slice(), false, Kind::Float)?;
            let gap = mean.f_sub(&at_inference)?.f_abs()?.f_mean(Kind::Float)?;
            Ok(gap.f_double_value(&[])?)
        })?;
        Ok(Some(gap))
    }
}
