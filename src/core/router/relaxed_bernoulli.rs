//! ComPT's router: each source is switched by a relaxed Bernoulli variable while training.

use super::normalise::{self, Keep, Scores};
use super::{Normalisation, Normalisations, Phase, Router, initial_logits};
use crate::{Error, Result};
use tch::{Device, Kind, Tensor};

/// How often the noise is drawn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Draw {
    /// For each example and source.
    #[default]
    Example,
    /// For each source, once for the whole batch.
    Step,
}

impl Draw {
    pub const NAMES: [&str; 2] = ["per_example", "per_step"];

    pub fn parse(name: &str) -> Result<Self> {
        match name {
            "per_example" => Ok(Draw::Example),
            "per_step" => Ok(Draw::Step),
            _ => Err(Error::unknown("draw", name, Self::NAMES)),
        }
    }

    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

/// Training: normalised samples `sigmoid((w + logit u) / tau)`. Inference: normalised logits.
pub struct RelaxedBernoulli {
    logits: Tensor,
    pub normalise: Normalisations,
    pub draw: Draw,
}

impl RelaxedBernoulli {
    /// Logits `[tasks, sources]` from U(-bound, bound); ComPT starts from zero.
    pub fn new(
        tasks: usize,
        sources: usize,
        bound: f64,
        normalise: Normalisations,
        draw: Draw,
        device: Device,
    ) -> Result<Self> {
        Ok(RelaxedBernoulli {
            logits: initial_logits(tasks, sources, bound, device)?,
            normalise,
            draw,
        })
    }
}

impl Router for RelaxedBernoulli {
    fn logits(&self) -> Option<&Tensor> {
        Some(&self.logits)
    }

    fn samples(&self) -> bool {
        true
    }

    fn weights(&self, tasks: &Tensor, phase: Phase, keep: Option<&Keep>) -> Result<Tensor> {
        let logits = self.logits.f_index_select(0, tasks)?;
        let scores = match phase {
            Phase::Eval | Phase::EvalAs(_) => Scores::Logits(logits),
            Phase::Train { temperature } | Phase::TrainAs { temperature, .. } => {
                let rows = match self.draw {
                    Draw::Example => logits.size()[0],
                    Draw::Step => 1,
                };
                // On the CPU, so that a seed gives the same draws on any device.
                let u = Tensor::f_rand([rows, logits.size()[1]], (Kind::Float, Device::Cpu))?;
                Scores::Samples(relax(&logits, &u.f_to_device(logits.device())?, temperature)?)
            }
        };
        normalise::weights(&scores, self.normalisation(phase), keep)
    }

    fn normalisation(&self, phase: Phase) -> Normalisation {
        self.normalise.of(phase)
    }
}

/// sigmoid((w + log u - log(1 - u)) / tau): `logits` `[B, S]`, `u` uniform in (0, 1) of a shape
/// that broadcasts to it; u is kept clear of 0 and 1.
pub fn relax(logits: &Tensor, u: &Tensor, temperature: f64) -> Result<Tensor> {
    if temperature.is_nan() || temperature <= 0.0 {
        return Err(Error::new(format!("the temperature must be above 0, not {temperature}")));
    }
    let noise = u.f_logit(f64::from(f32::EPSILON))?;
    Ok(logits.f_add(&noise)?.f_div_scalar(temperature)?.f_sigmoid()?)
}
