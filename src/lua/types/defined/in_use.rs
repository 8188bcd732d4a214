//! The function of a user-defined part that a trainer calls, which a new version of its file replaces.

use super::{Home, Part, Version};
use crate::torch::{LuaTensor, default_device, in_scope};
use crate::{Error, Result};
use compt_core::nn::{Named, named};
use compt_core::tensor::{device, dtype, is_finite};
use mlua::{FromLua, Function, IntoLua, IntoLuaMulti, Lua};
use std::cell::{Cell, RefCell};
use tch::{Device, Kind, Tensor};

pub struct InUse {
    name: String,
    /// "composition 'gated'"
    place: String,
    /// The function, and the state that it belongs to.
    code: RefCell<(Home, Function)>,
    /// The hash of its file; empty if it is in none.
    version: RefCell<String>,
    parameters: Named,
    /// Whether its last call raised an error.
    failed: Cell<bool>,
    /// Whether its results are still checked for non-finite numbers.
    on_trial: Cell<bool>,
}

impl InUse {
    pub fn new<P: Part>(version: &Version<P>) -> InUse {
        let parameters = version.parameters.iter();
        InUse {
            name: version.name.to_string(),
            place: format!("{} '{}'", P::PLACE, version.name),
            code: RefCell::new((version.home.clone(), version.function.clone())),
            version: RefCell::default(),
            parameters: parameters.map(|(name, t)| (name.clone(), t.shallow_clone())).collect(),
            failed: Cell::new(false),
            on_trial: Cell::new(false),
        }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn place(&self) -> &str {
        &self.place
    }

    /// Where its function is written: "study.lua:3".
    pub fn line(&self) -> Option<String> {
        let info = self.code.borrow().1.info();
        Some(format!("{}:{}", info.short_src?, info.line_defined?))
    }

    /// The hash of the file that its function is from; empty without one.
    pub fn version(&self) -> String {
        self.version.borrow().clone()
    }

    pub fn set_version(&self, sha256: &str) {
        *self.version.borrow_mut() = sha256.to_string();
    }

    /// Its parameters by their declared names.
    pub fn own_parameters(&self) -> &[(String, Tensor)] {
        &self.parameters
    }

    /// Its parameters under the name of its group.
    pub fn parameters_under(&self, group: &str) -> Named {
        let all = self.parameters.iter().map(|(name, t)| (name.clone(), t.shallow_clone()));
        named::under(group, all.collect())
    }

    /// Replaces its function by that of another version, whose results are checked at its first call. Returns the
    /// function before.
    pub fn replace(&self, code: (Home, Function)) -> (Home, Function) {
        self.on_trial.set(true);
        self.code.replace(code)
    }

    /// Puts a function back that `replace` returned.
    pub fn put_back(&self, code: (Home, Function)) {
        *self.code.borrow_mut() = code;
    }

    /// Whether its last call failed, once.
    pub fn take_failed(&self) -> bool {
        self.failed.take()
    }

    /// Notes whether a call failed.
    pub fn noted<R>(&self, result: Result<R>) -> Result<R> {
        self.failed.set(result.is_err());
        result
    }

    /// Whether this is the first call of a new version.
    pub fn is_on_trial(&self) -> bool {
        self.on_trial.take()
    }

    /// Calls it on a device. Intermediate tensors of the function are freed when it returns; the graph keeps what it
    /// needs.
    pub fn call<A: IntoLuaMulti>(
        &self,
        device: Device,
        arguments: impl Fn(&Lua) -> mlua::Result<A> + 'static,
    ) -> Result<Tensor> {
        let call =
            move |lua: &Lua, function: &Function| function.call::<LuaTensor>(arguments(lua)?);
        self.within::<LuaTensor>(device, call)?.get()
    }

    /// Runs `body`, which calls the function, on a device. All tensors made in it are freed when it returns, but those
    /// of its value.
    pub fn within<R: FromLua + IntoLua>(
        &self,
        device: Device,
        body: impl Fn(&Lua, &Function) -> mlua::Result<R> + 'static,
    ) -> Result<R> {
        let (home, function) = self.code.borrow().clone();
        let called = || -> mlua::Result<R> {
            let body = home.lua().create_function(move |lua, ()| body(lua, &function))?;
            default_device::on(device, || home.call(|lua| in_scope(lua, body)))
        };
        called().map_err(|e| crate::failure::error_of(&e).at(&self.place))
    }

    /// The error with the line of the function.
    pub fn with_line(&self, error: Error) -> Error {
        match self.line() {
            Some(line) => error.at(line),
            None => error,
        }
    }

    /// Runs `body`, which calls its function, in the state of that function.
    pub fn run<R>(&self, body: impl FnOnce(&Lua, Function) -> mlua::Result<R>) -> Result<R> {
        let (home, function) = self.code.borrow().clone();
        let result = home.call(|lua| body(lua, function));
        result.map_err(|e| crate::failure::error_of(&e).at(&self.place))
    }

    /// An error if a result has another dtype or device.
    pub fn check_kind(&self, found: &Tensor, kind: Kind, on: Device) -> Result<()> {
        if (found.f_kind()?, found.device()) == (kind, on) {
            return Ok(());
        }
        Err(Error::new(format!(
            "{} returned a tensor of {} on {} where {} on {} is expected",
            self.place,
            dtype::name(found.f_kind()?),
            device::name(found.device()),
            dtype::name(kind),
            device::name(on)
        ))
        .hint("`:to(DTYPE)` and `:to(DEVICE)` convert one"))
    }

    /// An error if a result has numbers that are not finite.
    pub fn check_finite(&self, found: &Tensor) -> Result<()> {
        match is_finite(found)? {
            true => Ok(()),
            false => Err(Error::new("it returned numbers that are not finite").at(&self.place)),
        }
    }
}
