//! The Lua state of a user-defined part: the script's, or a sandbox of its own for a part in a file.

use crate::sandbox::{self, Limits, Meter};
use crate::{Error, torch};
use compt_base::notice;
use mlua::{Function, Lua, LuaOptions, MultiValue, StdLib, Table, Value, WeakLua};
use std::rc::Rc;

const LIMITS: Limits = Limits {
    instructions: 5_000_000,
    too_many:
        c"it ran for more than 5000000 instructions: it is called at every step and must be fast",
    seconds: 5.0,
    too_long: c"it ran for more than 5 s: it is called at every step and must be fast",
    memory: 64 << 20,
};

/// The functions of `torch` that reach files, or change settings of the whole process.
pub const NOT_IN_FILES: [&str; 7] = [
    "load",
    "manual_seed",
    "save",
    "set_float32_matmul_precision",
    "set_soft_max",
    "stats",
    "use_deterministic_algorithms",
];

#[derive(Clone)]
pub enum Home {
    /// The state of the script, which owns the part.
    Script(WeakLua),
    Sandbox(Rc<Sandbox>),
}

pub struct Sandbox {
    lua: Lua,
    meter: Rc<Meter>,
}

impl Home {
    pub fn script(lua: &Lua) -> Home {
        Home::Script(lua.weak())
    }

    /// A new sandbox: Lua's base functions with `pcall`, `string`, `table`, `math`, `utf8`, `print`, and
    /// `require "compt.torch"`; `file` is what its code is called in messages.
    pub fn sandbox(file: &'static str) -> mlua::Result<Home> {
        let libraries = StdLib::STRING | StdLib::TABLE | StdLib::MATH | StdLib::UTF8;
        let lua = Lua::new_with(libraries, LuaOptions::default())?;
        let hint = "it has string, table, math, pcall, print and require \"compt.torch\"";
        sandbox::restrict(&lua, &["pcall"], (file, hint))?;
        let globals = lua.globals();
        let random = lua.create_function(move |_, _: MultiValue| -> mlua::Result<()> {
            Err(Error::new(format!("math.random is not available in {file}"))
                .hint("`torch.rand` draws from the generator of the run, whose state is in its checkpoints")
                .into())
        })?;
        globals.raw_get::<Table>("math")?.set("random", random)?;
        let torch = torch::module(&lua)?;
        for name in NOT_IN_FILES {
            torch.raw_set(name, Value::Nil)?;
        }
        let require = lua.create_function(move |_, name: String| match &name[..] {
            "compt.torch" => Ok(torch.clone()),
            _ => Err(Error::new(format!("module '{name}' is not for {file}"))
                .hint("it is recorded alone: it can require only \"compt.torch\"")
                .into()),
        })?;
        globals.raw_set("require", require)?;
        globals.raw_set("print", print(&lua)?)?;
        let meter = Meter::install(&lua, LIMITS)?;
        Ok(Home::Sandbox(Rc::new(Sandbox { lua, meter })))
    }

    pub fn lua(&self) -> Lua {
        match self {
            Home::Script(lua) => lua.upgrade(),
            Home::Sandbox(sandbox) => sandbox.lua.clone(),
        }
    }

    /// Runs `f`, which calls code of the state; in a sandbox within the limits of a call.
    pub fn call<R>(&self, f: impl FnOnce(&Lua) -> R) -> R {
        match self {
            Home::Script(lua) => f(&lua.upgrade()),
            Home::Sandbox(sandbox) => sandbox.meter.call(&sandbox.lua, || f(&sandbox.lua)),
        }
    }
}

/// `print` on standard error, where it does not mix with a study's output.
fn print(lua: &Lua) -> mlua::Result<Function> {
    let tostring: Function = lua.globals().raw_get("tostring")?;
    lua.create_function(move |lua, values: MultiValue| {
        notice::say(&sandbox::printed(lua, &tostring, values)?);
        Ok(())
    })
}
