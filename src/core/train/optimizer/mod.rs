//! Optimizers over named parameters. An optimizer is a file here and a line of `KINDS`. Its state is
//! stored by parameter name, so that a checkpoint can contain it.

mod adafactor;
mod adamw;
mod clip;
mod flat;
mod states;

pub use clip::{Norms, norms};
pub use flat::{Flat, Gradients};

use crate::Result;
use crate::nn::Named;
use crate::options::{Options, Registered, Variant};
use tch::Tensor;

type Make = fn(&Options) -> Result<Box<dyn Optimizer>>;

/// All optimizers.
pub const KINDS: &[Registered<Make>] = &[adamw::KIND, adafactor::KIND];

/// The default optimizer: ComPT's.
pub const DEFAULT: &str = adamw::KIND.name;

/// Creates an optimizer, without a state.
///
/// # Errors
///
/// An unknown kind or option, or an invalid value.
pub fn make(variant: &Variant) -> Result<Box<dyn Optimizer>> {
    let (kind, options) = variant.among("optimizer", KINDS)?;
    (kind.make)(&options)
}

/// Parameters that share a learning rate and a weight decay.
pub struct Group {
    /// `router`, `source`, `private` ...
    pub name: String,
    pub parameters: Named,
    pub weight_decay: f64,
}

pub trait Optimizer {
    /// Updates joined parameters in place from their gradients. A parameter without gradient is not
    /// changed: no decay, moments or step count. Errors: those of libtorch.
    fn step(&mut self, flat: &Flat, gradients: &Gradients, lr: f64, decay: f64) -> Result<()>;

    /// A copy of the state: `<parameter>.<quantity>`, for every parameter updated so far.
    fn state(&self) -> Result<Named>;

    /// Restores what `state` returned, on the device of the groups' parameters; parameters without
    /// a state are reset.
    ///
    /// # Errors
    ///
    /// The shape of a tensor does not match its parameter.
    fn load_state(&mut self, groups: &[Group], state: &[(String, Tensor)]) -> Result<()>;
}

#[cfg(test)]
mod tests;
