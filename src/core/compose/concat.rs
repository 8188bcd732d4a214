//! MCAT (ComPT): P_u * cat_s(w_s P_s)

use super::isolate::{Isolated, Isolation};
use super::operator::{Operator, check_private, dimensions};
use crate::Result;
use tch::Tensor;

pub struct Concat;

impl Operator for Concat {
    fn name(&self) -> &str {
        "concat"
    }

    fn private_length(&self, sources: i64, length: i64) -> i64 {
        sources * length
    }

    /// private `[B, S * m, d]`, sources `[S, m, d]`, weights `[B, S]` to `[B, S * m, d]`.
    fn compose(&self, private: &Tensor, sources: &Tensor, weights: &Tensor) -> Result<Tensor> {
        let (s, m, d) = dimensions(sources, weights)?;
        let weighted = weights.f_view([-1, s, 1, 1])?.f_mul(sources)?.f_view([-1, s * m, d])?;
        check_private(private, &weighted)?;
        Ok(weighted.f_mul(private)?)
    }

    /// The positions of excluded sources remain, masked in attention.
    fn isolate(
        &self,
        private: &Tensor,
        sources: &Tensor,
        weights: &Tensor,
        isolation: Isolation,
    ) -> Result<Isolated> {
        isolation.needs_both(self.name())?;
        let (s, m, _) = dimensions(sources, weights)?;
        let dropped = (0..s).filter(|i| !isolation.keeps(*i as usize));
        Ok(Isolated {
            prompt: self.compose(private, sources, weights)?,
            hidden: dropped.flat_map(|i| i * m..(i + 1) * m).collect(),
        })
    }
}
