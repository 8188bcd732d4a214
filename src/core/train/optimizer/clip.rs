//! Clipping by the joint norm of all gradients.

use super::{Group, gradient};
use crate::Result;
use std::collections::BTreeMap;
use tch::{Kind, Tensor};

/// L2 norms of gradients before clipping.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Norms {
    /// The joint norm of all gradients; 0 if there are none.
    pub joint: f64,
    /// The norm of each parameter group with gradients.
    pub groups: BTreeMap<String, f64>,
}

/// Scales all gradients so that their joint L2 norm is at most `max_norm`, and returns the norms
/// before clipping. If the norm is not finite, nothing is scaled: the caller decides. Errors: those of
/// libtorch.
pub fn clip_grad_norm(groups: &[Group], max_norm: f64) -> Result<Norms> {
    let (mut grads, mut names, mut norms) = (Vec::new(), Vec::new(), Vec::new());
    for group in groups {
        let mut own = Vec::new();
        for (_, parameter) in &group.parameters {
            if let Some(grad) = gradient(parameter)? {
                own.push(grad.f_norm()?);
                grads.push(grad);
            }
        }
        if !own.is_empty() {
            norms.push(Tensor::f_stack(&own, 0)?.f_norm()?);
            names.push(group.name.clone());
        }
    }
    if grads.is_empty() {
        return Ok(Norms::default());
    }
    // A single transfer from the device.
    let norms = Tensor::f_stack(&norms, 0)?;
    let all = Tensor::f_cat(&[&norms, &norms.f_norm()?.f_view([1])?], 0)?;
    let mut all = Vec::<f64>::try_from(all.f_to_kind(Kind::Double)?)?;
    let joint = all.pop().unwrap_or(0.0);
    if joint.is_finite() && joint > max_norm {
        for mut grad in grads {
            let _ = grad.f_mul_scalar_(max_norm / (joint + 1e-6))?;
        }
    }
    Ok(Norms { joint, groups: names.into_iter().zip(all).collect() })
}
