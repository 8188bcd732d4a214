//! The limit of a call: instructions of the virtual machine, to which functions of the library add their cost, and
//! CPU time. Neither `pcall` nor a variable
//! to be closed can continue a call that is over it.

use crate::Error;
use mlua::{Lua, ffi, lua_State};
use std::cell::Cell;
use std::ffi::{CStr, c_int};
use std::ptr;
use std::rc::Rc;

/// The limits of a sandbox.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Instructions of one call; a function of the library counts as many as its work is worth.
    pub instructions: u32,
    /// The error after them.
    pub too_many: &'static CStr,
    /// CPU time of one call, in seconds. Instructions on long strings can take milliseconds each.
    pub seconds: f64,
    /// The error after it.
    pub too_long: &'static CStr,
    /// Memory of the Lua state, in bytes, without tensors. It bounds the time of one instruction as well.
    pub memory: usize,
}

/// The instructions between two checks. On strings of the memory limit they take less than a second.
const CHECK_EVERY: u32 = 8;

/// Measures the calls of a sandbox.
pub struct Meter {
    limits: Limits,
    spent: Cell<f64>,
    /// The CPU time of the thread when the call began.
    began: Cell<f64>,
    /// What is said when the call is over its limit.
    over: Cell<Option<&'static CStr>>,
}

thread_local! {
    /// The meter of the sandbox that this thread is in.
    static CURRENT: Cell<*const Meter> = const { Cell::new(ptr::null()) };
}

impl Meter {
    /// Sets the limits of a state.
    pub fn install(lua: &Lua, limits: Limits) -> mlua::Result<Rc<Meter>> {
        lua.set_memory_limit(limits.memory)?;
        let (spent, began, over) = Default::default();
        Ok(Rc::new(Meter { limits, spent, began, over }))
    }

    /// Runs `f`, which calls code of the state, within the limits. A call inside another shares its limits.
    pub fn call<R>(&self, lua: &Lua, f: impl FnOnce() -> R) -> R {
        let outer = CURRENT.replace(self);
        if ptr::eq(outer, self) {
            return f();
        }
        // Puts the outer meter back after a panic, too.
        let _leave = Leave(outer);
        self.spent.set(0.0);
        self.began.set(cpu_seconds());
        self.over.set(None);
        // It fails only for want of memory, and the hook of the last call stays.
        let _ = check_every(lua, CHECK_EVERY);
        f()
    }

    /// Adds a cost; the message if the call is over its limit, and whether it was within it before.
    fn add(&self, cost: f64) -> Option<(&'static CStr, bool)> {
        if let Some(message) = self.over.get() {
            return Some((message, false));
        }
        self.spent.set(self.spent.get() + cost);
        let message = if self.spent.get() > f64::from(self.limits.instructions) {
            self.limits.too_many
        } else if cpu_seconds() - self.began.get() > self.limits.seconds {
            self.limits.too_long
        } else {
            return None;
        };
        self.over.set(Some(message));
        Some((message, true))
    }
}

struct Leave(*const Meter);

impl Drop for Leave {
    fn drop(&mut self) {
        CURRENT.set(self.0);
    }
}

fn add_to_current(cost: f64) -> Option<(&'static CStr, bool)> {
    // SAFETY: `Meter::call` borrows the meter for as long as the pointer is set.
    unsafe { CURRENT.get().as_ref() }?.add(cost)
}

/// Adds the cost of a library function, in instructions.
pub fn charge(lua: &Lua, cost: f64) -> mlua::Result<()> {
    let Some((message, is_new)) = add_to_current(cost) else { return Ok(()) };
    if is_new {
        check_every(lua, 1)?;
    }
    Err(Error::new(message.to_string_lossy()).into())
}

fn check_every(lua: &Lua, instructions: u32) -> mlua::Result<()> {
    // SAFETY: it sets a hook and leaves the stack as it is.
    unsafe {
        lua.exec_raw((), |state| {
            ffi::lua_sethook(state, Some(hook), ffi::LUA_MASKCOUNT, instructions as c_int);
        })
    }
}

/// Once a call is over its limit this is called at every instruction, so that no handler can go on.
///
/// It is not a hook of mlua: that one closes the variables of the function that it interrupts, and calls their
/// `__close` while hooks are off.
unsafe extern "C-unwind" fn hook(state: *mut lua_State, _: *mut ffi::lua_Debug) {
    let Some((message, is_new)) = add_to_current(f64::from(CHECK_EVERY)) else { return };
    // SAFETY: an error leaves a hook as it leaves a function; nothing here has a destructor.
    unsafe {
        if is_new {
            ffi::lua_sethook(state, Some(hook), ffi::LUA_MASKCOUNT, 1);
        }
        ffi::luaL_where(state, 0);
        ffi::lua_pushstring(state, message.as_ptr());
        ffi::lua_concat(state, 2);
        ffi::lua_error(state);
    }
}

/// The CPU time of this thread, in seconds: a paused process or a busy machine does not count.
pub fn cpu_seconds() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call writes into `time` only.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}
