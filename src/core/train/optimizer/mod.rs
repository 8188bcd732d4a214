//! Optimizers over named parameters. What an optimizer is told stands in its options; what it
//! remembers is kept by parameter name, so that a checkpoint can carry it.

mod adafactor;
mod adamw;
mod clip;

pub use adafactor::{Adafactor, AdafactorOptions};
pub use adamw::{AdamW, AdamWOptions, RmsScale};
pub use clip::{Norms, clip_grad_norm};

use crate::nn::Named;
use crate::{Error, Result};
use tch::{Device, Tensor};

/// Parameters that share a learning rate and a weight decay.
pub struct Group {
    /// `router`, `source`, `private` ...
    pub name: String,
    pub parameters: Named,
    pub weight_decay: f64,
}

pub trait Optimizer {
    /// Updates a group in place from its gradients. A parameter without gradient is left as it
    /// is: no decay, no moment, no count.
    fn step(&mut self, group: &Group, lr: f64, weight_decay: f64) -> Result<()>;

    /// A copy of what is remembered: `<parameter>.<quantity>`, for every parameter updated so far.
    fn state(&self) -> Result<Named>;

    /// Goes on from what `state` gave, on the device of the groups' parameters.
    fn load_state(&mut self, groups: &[Group], state: &[(String, Tensor)]) -> Result<()>;
}

/// The gradient, where there is one.
fn gradient(parameter: &Tensor) -> Result<Option<Tensor>> {
    let grad = parameter.f_grad()?;
    Ok(grad.defined().then_some(grad))
}

/// A copy of a remembered tensor on `device`, if it has the shape it must have.
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
