//! Optimizers over named parameters. An optimizer is a file here and a line of `KINDS`. Its state is
//! stored by parameter name, so that a checkpoint can contain it.

mod adafactor;
mod adamw;
mod clip;

pub use clip::{Norms, clip_grad_norm};

use crate::nn::Named;
use crate::options::{Options, Registered, Variant};
use crate::{Error, Result};
use tch::{Device, Tensor};

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
    /// Updates a group in place from its gradients. A parameter without gradient is not changed:
    /// no decay, moments or step count. Errors: those of libtorch.
    fn step(&mut self, group: &Group, lr: f64, weight_decay: f64) -> Result<()>;

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

/// The gradient, if there is one.
fn gradient(parameter: &Tensor) -> Result<Option<Tensor>> {
    let grad = parameter.f_grad()?;
    Ok(grad.defined().then_some(grad))
}

/// A copy of a state tensor on `device`; an error if its shape differs from `shape`.
fn restored(value: &Tensor, shape: &[i64], device: Device) -> Result<Tensor> {
    if value.size() != shape {
        return Err(Error::new(format!(
            "an optimizer state has shape {:?} where {shape:?} is expected",
            value.size()
        ))
        .hint("the checkpoint belongs to other parameters or another optimizer"));
    }
    Ok(value.f_detach_copy()?.f_to_device(device)?)
}

#[cfg(test)]
mod tests;
