//! The same weight for every source.

use super::normalise::{self, Keep, Normalisation, Scores};
use super::{Phase, Router};
use crate::Result;
use tch::{Device, Kind, Tensor};

/// 1 / S for every source of every task, nothing to train.
pub struct Constant {
    sources: usize,
    device: Device,
}

impl Constant {
    pub fn new(sources: usize, device: Device) -> Self {
        Constant { sources, device }
    }
}

impl Router for Constant {
    fn logits(&self) -> Option<&Tensor> {
        None
    }

    fn weights(&self, tasks: &Tensor, _: Phase, keep: Option<&Keep>) -> Result<Tensor> {
        let shape = [tasks.size()[0], self.sources as i64];
        let equal = Tensor::f_zeros(shape, (Kind::Float, self.device))?;
        normalise::weights(&Scores::Logits(equal), Normalisation::Softmax, keep)
    }

    fn normalisation(&self, _: Phase) -> Normalisation {
        Normalisation::Softmax
    }
}
