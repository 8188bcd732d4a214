//! `display(value, form)`: shows a value before the input ends.

use super::{only, shown};
use crate::repl::show::{Look, Shown};
use crate::{call, printed};
use compt_base::{notice, output};
use mlua::{Lua, Result, Value};
use std::rc::Rc;

/// Where `display` shows values, in the state's app data; without it they are printed.
#[derive(Clone)]
pub struct Displays(pub Rc<dyn Fn(Shown)>);

/// Provides the global function.
pub fn install(lua: &Lua) -> Result<()> {
    let display = call::function(lua, "display", display)?;
    lua.globals().raw_set("display", display)
}

fn display(lua: &Lua, (value, form): (Value, Option<String>)) -> Result<()> {
    let displays = lua.app_data_ref::<Displays>().map(|displays| displays.clone());
    let look = Look { rich: displays.is_some(), ..Look::PLAIN };
    let found = match &form {
        Some(form) => only(&value, form, look)?,
        None => shown(&value, look)?,
    };
    printed::flush(lua);
    match displays {
        Some(displays) => (displays.0)(found),
        None => print(&found, form.as_deref()),
    }
    Ok(())
}

/// Prints text forms as they are; for the others their text.
fn print(found: &Shown, form: Option<&str>) {
    let text = found.forms.iter().find(|(mime, _)| mime.starts_with("text/"));
    let text = text.and_then(|(_, data)| data.as_str()).unwrap_or(&found.text);
    if let Some(form @ ("svg" | "png" | "pdf" | "json")) = form {
        notice::say_once(&format!(
            "note: display: '{form}' is shown in notebooks only; this is the text"
        ));
    }
    output::line(text);
}
