//! MSUM: P_u * sum_s w_s P_s

use super::operator::{Operator, check_private, weighted_sum};
use crate::Result;
use tch::Tensor;

/// An isolated variant is some of the sources times the private prompt.
pub struct Product;

impl Operator for Product {
    fn name(&self) -> &str {
        "product"
    }

    /// private `[B, m, d]`, sources `[S, m, d]`, weights `[B, S]` to `[B, m, d]`.
    fn compose(&self, private: &Tensor, sources: &Tensor, weights: &Tensor) -> Result<Tensor> {
        let mixed = weighted_sum(sources, weights)?;
        check_private(private, &mixed)?;
        Ok(mixed.f_mul(private)?)
    }
}
