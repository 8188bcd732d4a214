//! An operator written in Lua. It runs in the forward pass and is differentiated by autograd.

use super::home::Home;
use super::parameters;
use crate::torch::{LuaTensor, default_device, in_scope};
use crate::{Error, Result};
use compt_core::compose::Operator;
use compt_core::nn::{Named, named};
use compt_core::tensor::{device, dtype, is_finite};
use mlua::Function;
use std::cell::{Cell, RefCell};
use tch::Tensor;

pub struct InLua {
    name: String,
    /// The function, and the state that it belongs to.
    pub(super) function: RefCell<(Home, Function)>,
    parameters: Named,
    /// Whether its last call raised an error.
    pub(super) failed: Cell<bool>,
    /// Whether its results are still checked for non-finite numbers.
    pub(super) on_trial: Cell<bool>,
}

impl InLua {
    pub fn new(home: &Home, name: &str, function: Function, parameters: Named) -> Self {
        InLua {
            name: name.to_string(),
            function: RefCell::new((home.clone(), function)),
            parameters,
            failed: Cell::new(false),
            on_trial: Cell::new(false),
        }
    }

    /// Its parameters by their declared names.
    pub fn own_parameters(&self) -> &[(String, Tensor)] {
        &self.parameters
    }

    pub fn place(&self) -> String {
        format!("composition '{}'", self.name)
    }

    fn call(&self, private: &Tensor, sources: &Tensor, weights: &Tensor) -> mlua::Result<Tensor> {
        // Intermediate tensors of the function are freed when it returns; the graph keeps what it needs.
        let arguments = [private, sources, weights].map(Tensor::shallow_clone);
        let own: Named =
            self.parameters.iter().map(|(name, t)| (name.clone(), t.shallow_clone())).collect();
        let (home, function) = self.function.borrow().clone();
        let body = home.lua().create_function(move |lua, ()| {
            let [private, sources, weights] =
                arguments.each_ref().map(|t| LuaTensor::new(t.shallow_clone()));
            match own.is_empty() {
                true => function.call::<LuaTensor>((private, sources, weights)),
                false => {
                    let own = parameters::to_lua(lua, &own)?;
                    function.call::<LuaTensor>((private, sources, weights, own))
                }
            }
        })?;
        let prompt: LuaTensor =
            default_device::on(private.device(), || home.call(|lua| in_scope(lua, body)))?;
        Ok(prompt.get()?)
    }

    fn checked(&self, private: &Tensor, sources: &Tensor, weights: &Tensor) -> Result<Tensor> {
        let prompt = self
            .call(private, sources, weights)
            .map_err(|e| crate::failure::error_of(&e).at(self.place()))?;
        let (rows, width) = (private.size()[0], private.size()[2]);
        if !matches!(prompt.size()[..], [b, m, d] if b == rows && d == width && m > 0) {
            return Err(Error::new(format!(
                "{} returned {:?} where [{rows}, m, {width}] is expected",
                self.place(),
                prompt.size()
            ))
            .hint(
                "the operator maps private [B, m', d], sources [S, m, d], weights [B, S] to \
                   [B, m'', d]",
            ));
        }
        let about = |t: &Tensor| -> Result<(&str, String)> {
            Ok((dtype::name(t.f_kind()?), device::name(t.device())))
        };
        let (found, wanted) = (about(&prompt)?, about(private)?);
        if found != wanted {
            return Err(Error::new(format!(
                "{} returned a tensor of {} on {} where {} on {} is expected",
                self.place(),
                found.0,
                found.1,
                wanted.0,
                wanted.1
            ))
            .hint("`:to(private.dtype)` and `:to(private.device)` convert one"));
        }
        if self.on_trial.take() && !is_finite(&prompt)? {
            return Err(Error::new("it returned numbers that are not finite").at(self.place()));
        }
        Ok(prompt)
    }
}

impl Operator for InLua {
    fn name(&self) -> &str {
        &self.name
    }

    fn parameters(&self) -> Named {
        let all = self.parameters.iter().map(|(name, t)| (name.clone(), t.shallow_clone()));
        named::under("operator", all.collect())
    }

    fn compose(&self, private: &Tensor, sources: &Tensor, weights: &Tensor) -> Result<Tensor> {
        let composed = self.checked(private, sources, weights);
        self.failed.set(composed.is_err());
        composed
    }
}
