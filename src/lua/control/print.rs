//! `print` of control programs, which writes into the program's output buffer.

use crate::sandbox::printed;
use compt_run::steering::Output;
use mlua::{Function, Lua, MultiValue, Result};

/// The output buffer of the control program that is being called in the main state, in its app data.
struct Called(Output);

/// A `print` that writes into the buffer.
pub fn function(output: &Output, lua: &Lua) -> Result<Function> {
    // A weak reference, because the state would otherwise keep itself alive.
    let output = output.weak();
    let tostring: Function = lua.globals().get("tostring")?;
    lua.create_function(move |lua, values: MultiValue| match output.upgrade() {
        Some(output) => add(lua, &output, &tostring, values),
        None => Ok(()),
    })
}

/// Runs `f` in the main state, where `print` is the script's, and redirects the output into the buffer.
pub fn redirected<R>(output: &Output, lua: &Lua, f: impl FnOnce() -> R) -> R {
    let before = lua.set_app_data(Called(output.clone()));
    let done = f();
    match before {
        Some(before) => drop(lua.set_app_data(before)),
        None => drop(lua.remove_app_data::<Called>()),
    }
    done
}

/// Makes `print` of the main state support `redirected`.
pub fn install(lua: &Lua) -> Result<()> {
    let own: Function = lua.globals().get("print")?;
    let tostring: Function = lua.globals().get("tostring")?;
    let print = lua.create_function(move |lua, values: MultiValue| {
        let called = lua.app_data_ref::<Called>().map(|called| called.0.clone());
        match called {
            Some(output) => add(lua, &output, &tostring, values),
            None => own.call(values),
        }
    })?;
    lua.globals().set("print", print)
}

fn add(lua: &Lua, output: &Output, tostring: &Function, values: MultiValue) -> Result<()> {
    if !output.is_quiet() {
        output.add(&printed(lua, tostring, values)?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn print_of_the_script_is_redirected_while_its_control_is_called() {
        let lua = Lua::new();
        let said = lua.create_table().unwrap();
        lua.globals().set("said", said.clone()).unwrap();
        lua.load("print = function(text) said[#said + 1] = text end").exec().unwrap();
        install(&lua).unwrap();
        let output = Output::default();
        let print = |text: &str| lua.load(format!("print('{text}', nil)")).exec().unwrap();
        print("before");
        redirected(&output, &lua, || print("called"));
        print("after");
        assert_eq!(
            said.sequence_values::<String>().flatten().collect::<Vec<_>>(),
            ["before", "after"]
        );
        assert_eq!(output.count(), 1);
    }
}
