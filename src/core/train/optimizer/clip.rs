//! Clipping by the joint norm of all gradients.

use super::Group;
use super::flat::{Flat, Gradients};
use crate::Result;
use std::collections::BTreeMap;
use tch::Tensor;

/// L2 norms of gradients before clipping.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Norms {
    /// The joint norm of all gradients; 0 if there are none.
    pub joint: f64,
    /// The norm of each parameter group with gradients.
    pub groups: BTreeMap<String, f64>,
}

/// The norm `[]` of each of these gradients, on their device. Errors: those of libtorch.
pub fn norms(gradients: &[Gradients]) -> Result<Vec<Tensor>> {
    gradients.iter().map(|of| Ok(of.values.f_norm()?)).collect()
}

impl Norms {
    /// The norms of groups; `values` are those of `gradients`.
    pub fn of(groups: &[Group], flats: &[Flat], gradients: &[Gradients], values: &[f64]) -> Self {
        let mut squares: BTreeMap<String, f64> = BTreeMap::new();
        for (of, value) in gradients.iter().zip(values) {
            let group = &groups[flats[of.flat].group].name;
            *squares.entry(group.clone()).or_default() += value * value;
        }
        let joint = squares.values().sum::<f64>().sqrt();
        squares.values_mut().for_each(|square| *square = square.sqrt());
        Norms { joint, groups: squares }
    }

    /// Scales all gradients so that their joint norm is at most `max_norm`. Errors: those of libtorch.
    pub fn clip(&self, gradients: &mut [Gradients], max_norm: f64) -> Result<()> {
        if self.joint > max_norm {
            for of in gradients {
                let _ = of.values.f_mul_scalar_(max_norm / (self.joint + 1e-6))?;
            }
        }
        Ok(())
    }
}
