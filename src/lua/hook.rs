//! Stops running Lua code: checks the interrupt flag at regular instruction counts.

use compt_study::interrupt::{self, Interrupted};
use mlua::{Error, HookTriggers, Lua, Result, VmState};
use std::sync::Arc;

const USUAL: u32 = 1_000;

/// Stops running code with [`Interrupted`] after Ctrl-C.
///
/// After the first interrupt the hook fires at every instruction, so that a `pcall` in a loop cannot
/// swallow the error; call this again when control is back at the top level.
pub fn install(lua: &Lua) -> Result<()> {
    lua.remove_app_data::<Stopped>();
    look_every(lua, USUAL)
}

/// In the state's app data after [`stop`].
struct Stopped;

/// Ends the script; no `pcall` can continue it. The returned error must be raised.
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

/// Returns an error after Ctrl-C; for functions called from Lua that may take long. The hook
/// then fires at the next instruction, too.
pub fn check(lua: &Lua) -> Result<()> {
    if interrupt::due() {
        look_every(lua, 1)?;
        return Err(Error::external(Interrupted));
    }
    Ok(())
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

/// Adds to an error of a hook the traceback that mlua adds only to errors of functions.
#[expect(clippy::arc_with_non_send_sync, reason = "mlua's own type")]
fn raised(lua: &Lua, error: Error) -> Error {
    match lua.traceback(None, 0) {
        Ok(text) => {
            Error::CallbackError { traceback: text.to_string_lossy(), cause: Arc::new(error) }
        }
        Err(_) => error,
    }
}
