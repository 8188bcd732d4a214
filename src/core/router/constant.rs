//! The same weight for every source.

use super::normalise::{self, Keep, Normalisation, Scores};
use super::{Given, Make, Phase, Router, Sizes};
use crate::Result;
use crate::options::Registered;
use std::rc::Rc;
use tch::{Kind, Tensor};

pub(super) const KIND: Registered<Make> =
    Registered { name: "constant", options: &[], make: |_, of| Ok(Rc::new(Constant(of))) };

/// 1 / S for every source of every task; nothing is trained.
struct Constant(Sizes);

impl Router for Constant {
    fn logits(&self) -> Option<&Tensor> {
        None
    }

    fn weights(&self, given: &Given, _: Phase, keep: Option<&Keep>) -> Result<Tensor> {
        let shape = [given.tasks.size()[0], self.0.sources as i64];
        let equal = Tensor::f_zeros(shape, (Kind::Float, self.0.device))?;
        normalise::weights(&Scores::Logits(equal), Normalisation::Softmax, keep)
    }

    fn normalisation(&self, _: Phase) -> Normalisation {
        Normalisation::Softmax
    }
}
