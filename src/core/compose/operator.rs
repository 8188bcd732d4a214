//! The interface of composition operators.

use super::isolate::{Isolated, Isolation};
use crate::nn::Named;
use crate::{Error, Result};
use tch::Tensor;

/// A composition operator.
pub trait Operator {
    fn name(&self) -> &str;

    /// m', the number of rows of a private prompt, for S sources of m rows.
    fn private_length(&self, _sources: i64, length: i64) -> i64 {
        length
    }

    /// Its trainable parameters besides the prompts: `operator.NAME`.
    fn parameters(&self) -> Named {
        Named::new()
    }

    /// private `[B, m', d]`, sources `[S, m, d]`, weights `[B, S]` to `[B, m', d]`
    ///
    /// # Errors
    ///
    /// The shapes do not match, or a user-defined operator fails.
    fn compose(&self, private: &Tensor, sources: &Tensor, weights: &Tensor) -> Result<Tensor>;

    /// The composition without some prompts. `weights` are 0 for excluded sources
    /// (`isolation.kept`). By default a source with weight 0 adds nothing and the private
    /// prompt is part of every variant.
    ///
    /// # Errors
    ///
    /// As in `compose`; or the isolation leaves nothing to compose.
    fn isolate(
        &self,
        private: &Tensor,
        sources: &Tensor,
        weights: &Tensor,
        isolation: Isolation,
    ) -> Result<Isolated> {
        isolation.needs_both(self.name())?;
        Ok(Isolated::whole(self.compose(private, sources, weights)?))
    }
}

/// sum_s w_s P_s, the sum in equation 5 of ComPT: sources `[S, m, d]`, weights `[B, S]` to `[B, m, d]`.
/// Errors: as in [`dimensions`].
pub fn weighted_sum(sources: &Tensor, weights: &Tensor) -> Result<Tensor> {
    let (_, m, d) = dimensions(sources, weights)?;
    Ok(weights.f_matmul(&sources.f_flatten(1, 2)?)?.f_view([-1, m, d])?)
}

/// S, m, d of sources `[S, m, d]`; an error if they do not match the weights `[B, S]`.
pub fn dimensions(sources: &Tensor, weights: &Tensor) -> Result<(i64, i64, i64)> {
    match (&sources.size()[..], &weights.size()[..]) {
        (&[s, m, d], &[_, n]) if s == n => Ok((s, m, d)),
        (sources, weights) => Err(Error::new(format!(
            "sources {sources:?} and weights {weights:?} do not match: they must be [S, m, d] and \
             [B, S]"
        ))),
    }
}

/// Checks that the private prompts have the shape of the mixed source prompts, `mixed` `[B, m', d]`.
/// Errors: another shape.
pub fn check_private(private: &Tensor, mixed: &Tensor) -> Result<()> {
    let (found, wanted) = (private.size(), mixed.size());
    if found != wanted {
        return Err(Error::new(format!(
            "the private prompts are {found:?} and must be {wanted:?}"
        ))
        .hint("[B, m, d] for sum and product, [B, S * m, d] for concat"));
    }
    Ok(())
}
