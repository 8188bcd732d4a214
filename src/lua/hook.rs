//! Stopping Lua code that is running: a look at the interrupt flag every so many instructions.

use compt_study::interrupt::{self, Interrupted};
use mlua::{Error, HookTriggers, Lua, Result, VmState};
use std::cell::Cell;
use std::sync::Arc;

const USUAL: u32 = 1_000;

/// Makes running code stop with [`Interrupted`] once Ctrl-C was pressed.
///
/// From the first hit on the hook fires at every instruction, so that a `pcall` in a loop cannot
/// swallow the error; call this again when control is back at the top level.
pub fn install(lua: &Lua) -> Result<()> {
    lua.remove_app_data::<Stopped>();
    look_every(lua, USUAL)
}

/// In the state's app data from [`stop`] on.
struct Stopped;

/// Ends the script: no `pcall` can go on. The error that it returns is to be raised.
pub fn stop(lua: &Lua) -> Error {
    lua.set_app_data(Stopped);
    match look_every(lua, 1) {
        Ok(()) => Error::external(Interrupted),
        Err(error) => error,
    }
}

/// Whether [`stop`] ended the script.
pub fn is_stopped(lua: &Lua) -> bool {
    lua.app_data_ref::<Stopped>().is_some()
}

/// Stops here if Ctrl-C was pressed; for what is called from Lua and may take its time. Makes the
/// hook see it at the next instruction, too.
pub fn check(lua: &Lua) -> Result<()> {
    if interrupt::due() {
        look_every(lua, 1)?;
        return Err(Error::external(Interrupted));
    }
    Ok(())
}

/// Runs `f`, which may take this many instructions.
pub fn limited<R>(lua: &Lua, most: u32, f: impl FnOnce() -> Result<R>) -> Result<R> {
    let spent = Cell::new(0u32);
    let triggers = HookTriggers::new().every_nth_instruction(USUAL);
    lua.set_global_hook(triggers, move |lua, _| {
        spent.set(spent.get().saturating_add(USUAL));
        if spent.get() <= most {
            return Ok(VmState::Continue);
        }
        let error = crate::Error::new(format!("it ran for more than {most} instructions"));
        Err(raised(lua, error.into()))
    })?;
    let done = f();
    install(lua)?;
    done
}

fn look_every(lua: &Lua, instructions: u32) -> Result<()> {
    let triggers = HookTriggers::new().every_nth_instruction(instructions);
    lua.set_global_hook(triggers, move |lua, _| {
        if interrupt::due() || is_stopped(lua) {
            look_every(lua, 1)?;
            return Err(raised(lua, Error::external(Interrupted)));
        }
        if instructions == 1 {
            look_every(lua, USUAL)?;
        }
        Ok(VmState::Continue)
    })
}

/// An error of a hook with the traceback that mlua gives only to errors of functions.
#[expect(clippy::arc_with_non_send_sync, reason = "mlua's own type")]
pub fn raised(lua: &Lua, error: Error) -> Error {
    match lua.traceback(None, 0) {
        Ok(text) => {
            Error::CallbackError { traceback: text.to_string_lossy(), cause: Arc::new(error) }
        }
        Err(_) => error,
    }
}
