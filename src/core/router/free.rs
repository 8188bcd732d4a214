//! Learned weights without sampling.

use super::normalise::{self, Keep, Scores};
use super::{Normalisation, Normalisations, Phase, Router, initial_logits};
use crate::Result;
use tch::{Device, Tensor};

/// The normalised logits in both phases; the temperature plays no part.
pub struct Free {
    logits: Tensor,
    pub normalise: Normalisations,
}

impl Free {
    /// Logits `[tasks, sources]` from U(-bound, bound).
    pub fn new(
        tasks: usize,
        sources: usize,
        bound: f64,
        normalise: Normalisations,
        device: Device,
    ) -> Result<Self> {
        Ok(Free { logits: initial_logits(tasks, sources, bound, device)?, normalise })
    }
}

impl Router for Free {
    fn logits(&self) -> Option<&Tensor> {
        Some(&self.logits)
    }

    fn weights(&self, tasks: &Tensor, phase: Phase, keep: Option<&Keep>) -> Result<Tensor> {
        let scores = Scores::Logits(self.logits.f_index_select(0, tasks)?);
        normalise::weights(&scores, self.normalisation(phase), keep)
    }

    fn normalisation(&self, phase: Phase) -> Normalisation {
        self.normalise.of(phase)
    }
}
