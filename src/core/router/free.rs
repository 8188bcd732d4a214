//! Learned weights without sampling.

use super::normalise::{self, Keep, Scores};
use super::{Given, Make, Normalisation, Normalisations, Phase, Router, Sizes, initial_logits};
use crate::Result;
use crate::options::{Options, Registered};
use std::rc::Rc;
use tch::Tensor;

/// - `train`, `eval`: the normalisation over the sources in each phase ("softmax")
/// - `bound`: logits are initialised from U(-bound, bound) (0)
pub(super) const KIND: Registered<Make> =
    Registered { name: "free", options: &["train", "eval", "bound"], make };

fn make(o: &Options, of: Sizes) -> Result<Rc<dyn Router>> {
    let logits = initial_logits(o, of)?;
    Ok(Rc::new(Free { logits, normalise: Normalisations::read(o)? }))
}

/// The normalised logits in both phases; the temperature is not used.
struct Free {
    logits: Tensor,
    normalise: Normalisations,
}

impl Router for Free {
    fn logits(&self) -> Option<&Tensor> {
        Some(&self.logits)
    }

    fn weights(&self, given: &Given, phase: Phase, keep: Option<&Keep>) -> Result<Tensor> {
        let scores = Scores::Logits(self.logits.f_index_select(0, given.tasks)?);
        normalise::weights(&scores, self.normalisation(phase), keep)
    }

    fn normalisation(&self, phase: Phase) -> Normalisation {
        self.normalise.of(phase)
    }
}
