//! `torch.scope`: frees every tensor created inside a function except those it returns.

use super::handle::{self, Slot};
use super::place;
use compt_base::stop::InScript;
use mlua::{FromLua, Function, Lua, MultiValue, Value};
use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::{Rc, Weak};

/// The tensors of one running scope.
#[derive(Default)]
struct Scope {
    made: Vec<Weak<Slot>>,
    /// At this length of `made`, freed entries are removed.
    prune_at: usize,
}

thread_local! {
    static SCOPES: RefCell<Vec<Scope>> = const { RefCell::new(Vec::new()) };
}

/// Registers a new tensor with the innermost running scope, if any.
pub(super) fn adopt(slot: &Rc<Slot>) {
    SCOPES.with_borrow_mut(|scopes| {
        if let Some(scope) = scopes.last_mut() {
            scope.adopt(Rc::downgrade(slot));
        }
    });
}

impl Scope {
    fn adopt(&mut self, slot: Weak<Slot>) {
        if self.made.len() >= self.prune_at {
            self.made.retain(|slot| slot.strong_count() > 0);
            self.prune_at = (2 * self.made.len()).max(1024);
        }
        self.made.push(slot);
    }
}

/// `torch.scope(f)`: calls `f` and frees every tensor created inside except those it returns, also
/// inside returned tables; these move to the enclosing scope. Frees all if `f` fails.
pub fn scope(lua: &Lua, body: Function) -> mlua::Result<MultiValue> {
    SCOPES.with_borrow_mut(|scopes| scopes.push(Scope::default()));
    let in_script = InScript::new();
    let result = body.call::<MultiValue>(());
    drop(in_script);
    let ended = SCOPES.with_borrow_mut(|scopes| scopes.pop()).expect("pushed above");
    let mut kept = Kept::default();
    if let Ok(values) = &result {
        values.iter().try_for_each(|value| kept.add(value))?;
    }
    let by: Rc<str> = format!("the torch.scope at {}", place(lua)).into();
    for slot in ended.made.iter().filter_map(Weak::upgrade) {
        if kept.slots.contains(&Rc::as_ptr(&slot)) {
            adopt(&slot);
        } else {
            slot.free(&by);
        }
    }
    result
}

/// `scope` for the host: returns the value of `body` and keeps its tensors.
pub fn in_scope<T: FromLua>(lua: &Lua, body: Function) -> mlua::Result<T> {
    let value = scope(lua, body)?.into_iter().next().unwrap_or(Value::Nil);
    T::from_lua(value, lua)
}

/// The tensors reachable through returned values and tables.
#[derive(Default)]
struct Kept {
    slots: HashSet<*const Slot>,
    tables: HashSet<*const std::ffi::c_void>,
}

impl Kept {
    fn add(&mut self, value: &Value) -> mlua::Result<()> {
        if let Some(tensor) = handle::of(value) {
            self.slots.insert(Rc::as_ptr(tensor.slot()));
        } else if let Value::Table(table) = value
            && self.tables.insert(table.to_pointer())
        {
            table.for_each(|key: Value, value: Value| {
                self.add(&key)?;
                self.add(&value)
            })?;
        }
        Ok(())
    }
}
