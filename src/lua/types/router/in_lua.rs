//! A router written in Lua. It runs in the forward pass and is differentiated by autograd.

use super::define::Weights;
use crate::torch::LuaTensor;
use crate::types::defined::{Context, InUse, NO_FIELD, needs_prompts, seal, tensors};
use crate::{Error, Result};
use compt_core::nn::Named;
use compt_core::router::normalise::kept;
use compt_core::router::{Given, Keep, Normalisation, Phase, Router, Rule, Sees};
use mlua::{Lua, Table};
use std::cell::Cell;
use std::rc::Rc;
use tch::{Kind, Tensor};

/// The largest distance of a sum of weights from 1.
const TOLERANCE: f64 = 1e-4;

pub struct InLua {
    in_use: Rc<InUse>,
    says: Weights,
    context: Context,
    /// Whether its function has read the temperature.
    samples: Rc<Cell<bool>>,
    /// Whether the values of its results were checked in training, and at inference.
    checked: Cell<[bool; 2]>,
}

impl InLua {
    pub fn new(in_use: Rc<InUse>, says: Weights, context: Context) -> InLua {
        InLua { in_use, says, context, samples: Rc::default(), checked: Cell::default() }
    }

    pub fn says_inputs(&self) -> bool {
        self.says.inputs
    }

    pub fn in_use(&self) -> &Rc<InUse> {
        &self.in_use
    }

    /// "router 'gated' (study.lua:3)"
    pub fn place(&self) -> String {
        let line = self.in_use.line().map(|line| format!(" ({line})")).unwrap_or_default();
        format!("{}{line}", self.in_use.place())
    }

    /// The table that its function receives: `compt.RouterContext` in `stdlib/doc`.
    fn call(&self, given: &Given, temperature: Option<f64>, excluded: Vec<bool>) -> Result<Tensor> {
        let shared = |t: &Tensor| t.shallow_clone();
        let task = given.tasks.f_add_scalar(1)?;
        let device = task.device();
        let prompts = given.prompts.map(|(private, sources)| [shared(private), shared(sources)]);
        let inputs = given.inputs.filter(|_| self.says.inputs);
        let inputs = inputs.map(|inputs| [shared(&inputs.embeddings), shared(&inputs.mask)]);
        let excluded = Tensor::f_from_slice(&excluded)?.f_to_device(device)?;
        let own = self.in_use.own_parameters().iter();
        let own: Named = own.map(|(name, t)| (name.clone(), t.shallow_clone())).collect();
        let (context, samples) = (self.context.clone(), self.samples.clone());
        self.in_use.call(device, move |lua: &Lua| -> mlua::Result<Table> {
            let fields = context.fields(lua)?;
            let set = |name: &str, t: &Tensor| fields.set(name, LuaTensor::new(t.shallow_clone()));
            set("task", &task)?;
            set("excluded", &excluded)?;
            for (name, t) in
                ["private_prompts", "source_prompts"].iter().zip(prompts.iter().flatten())
            {
                set(name, t)?;
            }
            for (name, t) in ["embeddings", "mask"].iter().zip(inputs.iter().flatten()) {
                set(name, t)?;
            }
            fields.set("phase", if temperature.is_some() { "train" } else { "eval" })?;
            fields.set("temperature", temperature)?;
            fields.set("parameters", tensors(lua, &own)?)?;
            let samples = samples.clone();
            let (has_prompts, has_inputs) = (prompts.is_some(), inputs.is_some());
            seal(lua, fields, NO_FIELD, move |name| match name {
                "temperature" => {
                    samples.set(true);
                    Ok(true)
                }
                "embeddings" | "mask" if !has_inputs => {
                    Err(Error::new(format!("the router reads '{name}' and does not say so"))
                        .hint("put `inputs = true` into its definition"))
                }
                _ => needs_prompts(name, has_prompts).map(|()| false),
            })
        })
    }

    fn checked(&self, weights: &Tensor, rows: i64, training: bool) -> Result<()> {
        let wanted = [rows, self.context.sources as i64];
        if weights.size() != wanted {
            let what = format!("it returned {:?} where {wanted:?} is expected", weights.size());
            let hint = "the weights are [B, S]: a row for each entry of context.task, a column for each source prompt";
            return Err(Error::new(what).at(self.place()).hint(hint));
        }
        let kind = self.in_use.check_kind(weights, Kind::Float, self.context.device);
        kind.map_err(|e| self.in_use.with_line(e))?;
        let mut checked = match self.in_use.is_on_trial() {
            true => [false; 2],
            false => self.checked.get(),
        };
        if !std::mem::replace(&mut checked[usize::from(training)], true) {
            self.check_values(weights)?;
        }
        self.checked.set(checked);
        Ok(())
    }

    fn check_values(&self, weights: &Tensor) -> Result<()> {
        let weights = tch::no_grad(|| weights.f_detach())?;
        self.in_use.check_finite(&weights).map_err(|e| self.in_use.with_line(e))?;
        let sums = weights.f_sum_dim_intlist(-1, false, Kind::Double)?;
        let sums = Vec::<f64>::try_from(&sums.f_to_device(tch::Device::Cpu)?)?;
        let wrong = sums.iter().position(|sum| (sum - 1.0).abs() > TOLERANCE);
        let (true, Some(row)) = (self.says.normalised, wrong) else { return Ok(()) };
        let what = format!("the weights of row {} sum to {:.4}, not to 1", row + 1, sums[row]);
        let hint = "normalise them, for example with torch.softmax(scores, -1), or put `normalised = false` into the \
                    definition";
        Err(Error::new(what).at(self.place()).hint(hint))
    }

    fn computed(&self, given: &Given, phase: Phase, keep: Option<&Keep>) -> Result<Tensor> {
        let temperature = match phase {
            Phase::Train { temperature } => Some(temperature),
            Phase::Eval => None,
            Phase::TrainAs { by, .. } | Phase::EvalAs(by) => {
                let what = format!(
                    "it normalises its weights itself: '{}' cannot replace that",
                    by.name()
                );
                return Err(Error::new(what).at(self.place()).hint("remove 'normalise'"));
            }
        };
        if self.says.inputs && given.inputs.is_none() {
            let what = "its weights depend on the input: there is a row of weights for each input, none for a task";
            let hint = "router:weights(TASK, { text = { ... } }) returns the weights of inputs";
            return Err(Error::new(what).at(self.in_use.place()).hint(hint));
        }
        let rows = given.tasks.size()[0];
        let mut excluded = vec![false; self.context.sources];
        match keep {
            Some(keep) if keep.sources.is_empty() => {
                let size = [rows, self.context.sources as i64];
                return Ok(Tensor::f_zeros(size, (Kind::Float, self.context.device))?);
            }
            Some(keep) if keep.rule == Rule::Renormalised => {
                excluded = (0..self.context.sources).map(|s| !keep.sources.contains(&s)).collect();
            }
            _ => {}
        }
        let weights = self.call(given, temperature, excluded)?;
        self.checked(&weights, rows, temperature.is_some())?;
        match keep {
            None => Ok(weights),
            Some(keep) => {
                kept(&weights, keep, self.says.normalised).map_err(|e| e.at(self.place()))
            }
        }
    }
}

impl Router for InLua {
    fn logits(&self) -> Option<&Tensor> {
        let own = self.in_use.own_parameters();
        own.iter().find(|(name, _)| name == "logits").map(|(_, tensor)| tensor)
    }

    fn samples(&self) -> bool {
        self.samples.get()
    }

    fn sees(&self) -> Sees {
        if self.says.inputs { Sees::Inputs } else { Sees::Prompts }
    }

    /// Whether the weights of a row sum to 1.
    fn normalisation(&self, _: Phase) -> Normalisation {
        if self.says.normalised { Normalisation::Softmax } else { Normalisation::None }
    }

    fn parameters(&self) -> Named {
        self.in_use.parameters_under("router")
    }

    fn weights(&self, given: &Given, phase: Phase, keep: Option<&Keep>) -> Result<Tensor> {
        self.in_use.noted(self.computed(given, phase, keep))
    }
}
