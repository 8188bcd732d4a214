//! SSUM (ComPT, equation 5): P_u + sum_s w_s P_s

use super::isolate::{Isolated, Isolation};
use super::operator::{Operator, check_private, weighted_sum};
use crate::Result;
use tch::Tensor;

pub struct Sum;

impl Operator for Sum {
    fn name(&self) -> &str {
        "sum"
    }

    /// private `[B, m, d]`, sources `[S, m, d]`, weights `[B, S]` to `[B, m, d]`.
    fn compose(&self, private: &Tensor, sources: &Tensor, weights: &Tensor) -> Result<Tensor> {
        let mixed = weighted_sum(sources, weights)?;
        check_private(private, &mixed)?;
        Ok(mixed.f_add(private)?)
    }

    /// Excluded prompts add nothing: a single source is used without the private prompt.
    fn isolate(
        &self,
        private: &Tensor,
        sources: &Tensor,
        weights: &Tensor,
        isolation: Isolation,
    ) -> Result<Isolated> {
        Ok(Isolated::whole(match isolation {
            Isolation::Total | Isolation::Without(_) => self.compose(private, sources, weights)?,
            Isolation::Source(_) | Isolation::AllSources => weighted_sum(sources, weights)?,
            Isolation::Private => private.shallow_clone(),
        }))
    }
}
