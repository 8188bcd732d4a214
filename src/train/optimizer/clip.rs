//! Clipping by the norm of all gradients together.

use super::{Group, gradient};
use crate::Result;
use tch::Tensor;

/// Scales all gradients so that their joint 2-norm is at most `max_norm`, and returns the norm
/// from before. A norm that is not finite scales nothing: the caller decides what to do. 0 where
/// there is no gradient.
pub fn clip_grad_norm(groups: &[Group], max_norm: f64) -> Result<f64> {
    let mut grads = Vec::new();
    for (_, parameter) in groups.iter().flat_map(|group| &group.parameters) {
        grads.extend(gradient(parameter)?);
    }
    if grads.is_empty() {
        return Ok(0.0);
    }
    let norms = grads.iter().map(Tensor::f_norm).collect::<std::result::Result<Vec<_>, _>>()?;
    let norm = Tensor::f_stack(&norms, 0)?.f_norm()?.f_double_value(&[])?;
    if norm.is_finite() && norm > max_norm {
        for mut grad in grads {
            let _ = grad.f_mul_scalar_(max_norm / (norm + 1e-6))?;
        }
    }
    Ok(norm)
}
