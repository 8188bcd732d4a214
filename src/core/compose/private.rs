//! PT: the private prompt alone.

use super::isolate::{Isolated, Isolation};
use super::operator::Operator;
use crate::{Error, Result};
use tch::Tensor;

pub struct Private;

impl Operator for Private {
    fn name(&self) -> &str {
        "private"
    }

    /// private `[B, m, d]` unchanged; sources and weights are not used.
    fn compose(&self, private: &Tensor, _sources: &Tensor, _weights: &Tensor) -> Result<Tensor> {
        Ok(private.shallow_clone())
    }

    fn isolate(
        &self,
        private: &Tensor,
        _sources: &Tensor,
        _weights: &Tensor,
        isolation: Isolation,
    ) -> Result<Isolated> {
        match isolation {
            Isolation::Total | Isolation::Private => Ok(Isolated::whole(private.shallow_clone())),
            _ => Err(Error::new("prompt tuning has no source prompts to isolate")
                .hint("evaluate it with \"total\"")),
        }
    }
}
