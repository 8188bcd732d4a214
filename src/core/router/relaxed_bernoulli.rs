//! ComPT's router: each source is switched by a relaxed Bernoulli variable during training.

use super::normalise::{self, Keep, Scores};
use super::{Given, Make, Normalisation, Normalisations, Phase, Router, Sizes, initial_logits};
use crate::options::{Options, Registered};
use crate::tensor::upload::to_device;
use crate::{Error, Result};
use std::rc::Rc;
use tch::{Device, Kind, Tensor};

/// - `train`, `eval`: the normalisation over the sources, of the samples in training and of the
///   logits at inference ("softmax")
/// - `per`: "example" or "step", the scope of one draw of the noise ("example")
/// - `bound`: logits are initialised from U(-bound, bound) (0)
pub(super) const KIND: Registered<Make> =
    Registered { name: "relaxed_bernoulli", options: &["train", "eval", "per", "bound"], make };

fn make(o: &Options, of: Sizes) -> Result<Rc<dyn Router>> {
    Ok(Rc::new(RelaxedBernoulli {
        logits: initial_logits(o, of)?,
        normalise: Normalisations::read(o)?,
        draw: o.named("per", Draw::Example, Draw::parse)?,
    }))
}

/// How often the noise is drawn.
#[derive(Clone, Copy)]
enum Draw {
    /// For each example and source.
    Example,
    /// For each source, once for the whole batch.
    Step,
}

impl Draw {
    fn parse(name: &str) -> Result<Self> {
        match name {
            "example" => Ok(Draw::Example),
            "step" => Ok(Draw::Step),
            _ => Err(Error::unknown("'per'", name, ["example", "step"])),
        }
    }
}

/// Training: normalised samples `sigmoid((w + logit u) / tau)`. Inference: normalised logits.
struct RelaxedBernoulli {
    logits: Tensor,
    normalise: Normalisations,
    draw: Draw,
}

impl Router for RelaxedBernoulli {
    fn logits(&self) -> Option<&Tensor> {
        Some(&self.logits)
    }

    fn samples(&self) -> bool {
        true
    }

    fn weights(&self, given: &Given, phase: Phase, keep: Option<&Keep>) -> Result<Tensor> {
        let logits = self.logits.f_index_select(0, given.tasks)?;
        let scores = match phase {
            Phase::Eval | Phase::EvalAs(_) => Scores::Logits(logits),
            Phase::Train { temperature } | Phase::TrainAs { temperature, .. } => {
                let rows = match self.draw {
                    Draw::Example => logits.size()[0],
                    Draw::Step => 1,
                };
                // On the CPU, so that a seed gives the same draws on every device.
                let u = Tensor::f_rand([rows, logits.size()[1]], (Kind::Float, Device::Cpu))?;
                Scores::Samples(relax(&logits, &to_device(&u, logits.device())?, temperature)?)
            }
        };
        normalise::weights(&scores, self.normalisation(phase), keep)
    }

    fn normalisation(&self, phase: Phase) -> Normalisation {
        self.normalise.of(phase)
    }
}

/// sigmoid((w + log u - log(1 - u)) / tau), `[B, S]` (ComPT, equation 7, with the exponent 1 / tau
/// inside the bracket, as its published code computes it): `logits` `[B, S]`, `u` uniform in (0, 1)
/// of a shape that broadcasts to it; u is clamped away from 0 and 1.
///
/// # Errors
///
/// The temperature is not above 0, or the shapes do not match.
pub(super) fn relax(logits: &Tensor, u: &Tensor, temperature: f64) -> Result<Tensor> {
    if temperature.is_nan() || temperature <= 0.0 {
        return Err(Error::new(format!("the temperature must be above 0, not {temperature}")));
    }
    let noise = u.f_logit(f64::from(f32::EPSILON))?;
    Ok(logits.f_add(&noise)?.f_div_scalar(temperature)?.f_sigmoid()?)
}
