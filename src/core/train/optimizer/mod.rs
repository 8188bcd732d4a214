//! Optimizers over named parameters. An optimizer is a file here and a line of `KINDS`. Its state is
//! stored by parameter name, so that a checkpoint can contain it.

mod adafactor;
mod adamw;
mod clip;
mod flat;
mod joined;
mod rule;
mod states;

pub use clip::{Norms, norms};
pub use flat::{Flat, Gradients};
pub use rule::{Kept, Rule, Update, of_rule};

use crate::Result;
use crate::nn::{Named, named};
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

    /// Ends the update of several [`Flat`]s: `failed` if one of them could not be updated, which takes back what the
    /// update changed in the state. Optimizers that cannot fail half way need nothing here.
    fn end(&mut self, _failed: bool) -> Result<()> {
        Ok(())
    }
}

/// Updates parameters with gradients; if one fails, all are as before, and so is the state of the optimizer.
/// `rates` returns the learning rate and the weight decay of a [`Flat`]. `undo` receives the values before.
///
/// # Errors
/// Those of the optimizer.
pub fn update(
    optimizer: &mut dyn Optimizer,
    flats: &mut [Flat],
    gradients: &[Gradients],
    rates: impl Fn(&Flat) -> (f64, f64),
    undo: &mut Named,
) -> Result<()> {
    undo.clear();
    for own in gradients {
        let flat = &mut flats[own.flat];
        flat.join()?;
        undo.extend(flat.copies(own)?);
    }
    let done = gradients.iter().try_for_each(|own| {
        let flat = &mut flats[own.flat];
        // A parameter of two groups is part of the last one that was joined.
        flat.join()?;
        let (lr, decay) = rates(flat);
        optimizer.step(flat, own, lr, decay)
    });
    optimizer.end(done.is_err())?;
    if done.is_err() {
        let before = std::mem::take(undo);
        let all = flats.iter().flat_map(Flat::parameters);
        let changed = all.filter(|(name, _)| before.iter().any(|(known, _)| known == name));
        let changed: Named = changed.map(|(name, t)| (name.clone(), t.shallow_clone())).collect();
        named::assign(&changed, &before)?;
    }
    done
}

#[cfg(test)]
mod tests;
