//! The tensor as Lua holds it: counted in the ledger, freed by the collector, a scope, `<close>`
//! or `destroy`, whichever comes first.

use super::{place, scope, trace};
use crate::Error;
use compt_core::tensor::ledger::{self, Tracked};
use mlua::{AnyUserData, FromLua, IntoLua, Lua, Value};
use std::cell::RefCell;
use std::rc::Rc;
use tch::Tensor;

/// A tensor passed to or from Lua.
///
/// Bindings take it as an argument, read it with [`get`](Self::get), and return
/// `LuaTensor::new(tensor)`. An enclosing `torch.scope` frees tensors created with `new` inside it:
/// objects that live longer keep the [`tch::Tensor`], not the `LuaTensor`.
#[derive(Clone)]
pub struct LuaTensor(Rc<Slot>);

/// Holds a tensor until it is freed; every copy of a handle shares one slot.
pub(super) struct Slot(RefCell<State>);

enum State {
    Live { tensor: Tensor, _entry: Tracked },
    Freed(Rc<str>),
}

/// The userdata behind a `LuaTensor`.
pub struct Handle(LuaTensor);

impl LuaTensor {
    /// A new handle, counted in the ledger and owned by the innermost scope.
    pub fn new(tensor: Tensor) -> Self {
        let entry = Tracked::new(&tensor);
        let slot = Rc::new(Slot(RefCell::new(State::Live { tensor, _entry: entry })));
        scope::adopt(&slot);
        LuaTensor(slot)
    }

    /// The tensor itself, which shares memory and gradient with this handle (about 20 ns).
    /// Fails if the tensor was freed, and names what freed it.
    pub fn get(&self) -> crate::Result<Tensor> {
        match &*self.0.0.borrow() {
            State::Live { tensor, .. } => Ok(tensor.shallow_clone()),
            State::Freed(by) => Err(Error::new(format!("this tensor was freed by {by}")).hint(
                "return a tensor from its torch.scope to keep it; `clone` one that must outlive \
                 its block",
            )),
        }
    }

    pub(super) fn slot(&self) -> &Rc<Slot> {
        &self.0
    }
}

impl Slot {
    /// The tensor, unless it was freed.
    pub fn live(&self) -> Option<Tensor> {
        match &*self.0.borrow() {
            State::Live { tensor, .. } => Some(tensor.shallow_clone()),
            State::Freed(_) => None,
        }
    }

    /// Frees the memory and records the reason; a second call changes nothing.
    pub fn free(&self, by: &Rc<str>) {
        let mut state = self.0.borrow_mut();
        if let State::Live { .. } = *state {
            *state = State::Freed(by.clone());
        }
    }
}

impl Handle {
    pub(super) fn slot(&self) -> &Rc<Slot> {
        self.0.slot()
    }

    pub fn tensor(&self) -> crate::Result<Tensor> {
        self.0.get()
    }
}

/// Frees a tensor, and records `what` freed it and where.
pub(super) fn free(lua: &Lua, tensor: &LuaTensor, what: &str) {
    tensor.0.free(&format!("{what} at {}", place(lua)).into());
}

impl IntoLua for LuaTensor {
    fn into_lua(self, lua: &Lua) -> mlua::Result<Value> {
        ledger::relieve(|| lua.gc_collect())?;
        trace::made(lua, &self.0);
        lua.create_userdata(Handle(self)).map(Value::UserData)
    }
}

impl FromLua for LuaTensor {
    fn from_lua(value: Value, _: &Lua) -> mlua::Result<Self> {
        match of(&value) {
            Some(tensor) => Ok(tensor),
            None => Err(mlua::Error::FromLuaConversionError {
                from: value.type_name(),
                to: "tensor".to_string(),
                message: None,
            }),
        }
    }
}

/// The tensor in a value, if it is one.
pub(super) fn of(value: &Value) -> Option<LuaTensor> {
    let userdata: &AnyUserData = value.as_userdata()?;
    userdata.borrow::<Handle>().ok().map(|handle| handle.0.clone())
}
