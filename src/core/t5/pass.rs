//! A forward pass of one stack.

use super::norm::RmsNorm;
use super::operators::Operators;

/// The settings of a forward pass of one stack.
pub struct Pass {
    pub norm: RmsNorm,
    /// The probability of dropping an activation; 0 outside of training.
    pub dropout: f64,
    pub operators: Operators,
}

impl Pass {
    pub fn new(epsilon: f64, dropout: f64, operators: Operators) -> Self {
        Pass { norm: RmsNorm::new(epsilon, operators), dropout, operators }
    }
}
