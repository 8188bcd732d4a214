//! An operator written in Lua. It runs in the forward pass and is differentiated by autograd.

use crate::torch::LuaTensor;
use crate::types::defined::{InUse, tensors};
use crate::{Error, Result};
use compt_core::compose::Operator;
use compt_core::nn::Named;
use mlua::{IntoLuaMulti, Lua};
use std::rc::Rc;
use tch::Tensor;

pub struct InLua(pub Rc<InUse>);

impl InLua {
    fn call(&self, private: &Tensor, sources: &Tensor, weights: &Tensor) -> Result<Tensor> {
        let arguments = [private, sources, weights].map(Tensor::shallow_clone);
        let own = self.0.own_parameters().iter();
        let own: Named = own.map(|(name, t)| (name.clone(), t.shallow_clone())).collect();
        self.0.call(private.device(), move |lua: &Lua| {
            let [private, sources, weights] =
                arguments.each_ref().map(|t| LuaTensor::new(t.shallow_clone()));
            match own.is_empty() {
                true => (private, sources, weights).into_lua_multi(lua),
                false => (private, sources, weights, tensors(lua, &own)?).into_lua_multi(lua),
            }
        })
    }

    fn checked(&self, private: &Tensor, sources: &Tensor, weights: &Tensor) -> Result<Tensor> {
        let prompt = self.call(private, sources, weights)?;
        let (rows, width) = (private.size()[0], private.size()[2]);
        if !matches!(prompt.size()[..], [b, m, d] if b == rows && d == width && m > 0) {
            return Err(Error::new(format!(
                "{} returned {:?} where [{rows}, m, {width}] is expected",
                self.0.place(),
                prompt.size()
            ))
            .hint(
                "the operator maps private [B, m', d], sources [S, m, d], weights [B, S] to \
                   [B, m'', d]",
            ));
        }
        self.0.check_kind(&prompt, private.f_kind()?, private.device())?;
        if self.0.is_on_trial() {
            self.0.check_finite(&prompt)?;
        }
        Ok(prompt)
    }
}

impl Operator for InLua {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn parameters(&self) -> Named {
        self.0.parameters_under("operator")
    }

    fn compose(&self, private: &Tensor, sources: &Tensor, weights: &Tensor) -> Result<Tensor> {
        self.0.noted(self.checked(private, sources, weights))
    }
}
