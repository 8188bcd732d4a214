//! The main Lua state: the standard library, the native modules and the module search.

use super::failure::Failure;
use super::session::{Script, Session};
use super::{
    args, control, habits, hook, paths, printed, raise, random, report, rich, sources, stdlib,
    text, torch, types,
};
use crate::Error;
use mlua::state::{GcGenParams, GcMode};
use mlua::{Function, IntoLua, Lua, LuaSerdeExt, MultiValue, Table, Value};
use std::path::{Path, PathBuf};

/// Failed checks, seconds of a step, the dtype of its backbone, and the bytes that steps take.
pub type CheckedDevice = (usize, f64, String, Option<u64>);

/// The Lua state that owns the tensors of a session.
pub struct Runtime {
    lua: Lua,
}

impl Runtime {
    /// A new state in which `require "compt"` and the modules below it work.
    pub fn new() -> mlua::Result<Self> {
        Runtime::with_session(Session::default())
    }

    /// A state for a session: its arguments, its seed, and its script's folder on the `require` path.
    pub fn with_session(session: Session) -> mlua::Result<Self> {
        let lua = Lua::new();
        // Tensors are short-lived: with frequent collection a loop over small ones stays small.
        lua.gc_set_mode(GcMode::Generational(GcGenParams::default()));
        let globals = lua.globals();
        tch::manual_seed(session.seed as i64);
        random::install(&lua, session.seed)?;
        printed::install(&lua)?;
        control::install_print(&lua)?;
        install_searchers(&lua)?;
        if let Some(folder) = session.script.as_ref().and_then(|script| script.path.parent()) {
            look_in(&lua, folder)?;
        }
        let given = lua.create_table()?;
        given.set("args", args::table(&lua, &session.args)?)?;
        let out = session.out.as_ref().map(|out| paths::to_lua(&lua, out));
        given.set("out", out.transpose()?)?;
        given.set("seed", session.seed)?;
        lua.preload_module("compt.session", lua.create_function(move |_, ()| Ok(given.clone()))?)?;
        globals.set("arg", lua.create_table()?)?;
        raise::install(&lua, &globals)?;
        rich::install(&lua)?;
        globals.set("sorted_pairs", stdlib::load::<Function>(&lua, "sorted_pairs.lua")?)?;
        lua.preload_module("compt.torch", lua.create_function(|lua, ()| torch::module(lua))?)?;
        lua.preload_module(
            "compt.library",
            lua.create_function(|lua, ()| types::library::module(lua))?,
        )?;
        preload_native(&lua)?;
        hook::install(&lua)?;
        lua.set_app_data(session);
        Ok(Runtime { lua })
    }

    pub fn lua(&self) -> &Lua {
        &self.lua
    }

    /// Runs a chunk; `name` is its name in error messages.
    pub fn exec(&self, source: &str, name: &str) -> Result<(), Box<Failure>> {
        sources::record(&self.lua, name, source);
        let done = self.lua.load(text::code(source)).set_name(format!("@{name}")).exec();
        printed::flush(&self.lua);
        done.and(hook::install(&self.lua)).map_err(|e| Box::new(Failure::in_state(&self.lua, &e)))
    }

    /// Sets `compt.args` to the values of the command line and these.
    pub fn give_args(&self, args: Vec<(String, serde_json::Value)>) -> mlua::Result<()> {
        let require: Function = self.lua.globals().get("require")?;
        let session: Table = require.call("compt.session")?;
        let table: Table = session.get("args")?;
        let own = self.lua.app_data_ref::<Session>().map(|s| s.args.clone()).unwrap_or_default();
        let clear = self.lua.load("local t = ... for key in pairs(t) do t[key] = nil end");
        clear.call::<()>(&table)?;
        own.into_iter()
            .chain(args)
            .try_for_each(|(key, value)| table.set(key, self.lua.to_value(&value)?))
    }

    /// Reads the session.
    pub fn session<R>(&self, read: impl FnOnce(&Session) -> R) -> R {
        read(&self.lua.app_data_ref::<Session>().expect("the runtime was made with one"))
    }

    /// Writes a report on the runs at or below some folders.
    pub fn report(
        &self,
        folders: &[PathBuf],
        out: &Path,
        title: Option<&str>,
    ) -> Result<(), Box<Failure>> {
        let write = || -> mlua::Result<()> {
            let code = "local folders, out, title = ...
                local compt = require 'compt'
                compt.report.page { path = out, title = title, runs = compt.runs(folders) }";
            let text = |path: &Path| paths::to_lua(&self.lua, path);
            let folders =
                folders.iter().map(|path| text(path)).collect::<mlua::Result<Vec<_>>>()?;
            let chunk = self.lua.load(code).set_name("=stdlib/report");
            chunk.call((folders, text(out)?, title))
        };
        write().map_err(|e| Box::new(Failure::in_state(&self.lua, &e)))
    }

    /// The content of a report on the runs at or below some folders, as it is now; the sections are a part of it.
    pub fn report_content(
        &self,
        folders: &[PathBuf],
        title: Option<&str>,
    ) -> Result<report::Content, Box<Failure>> {
        let read = || -> mlua::Result<report::Content> {
            let code = "local folders, title = ...
                return require 'compt.report.content'(require 'compt.runs'(folders), title)";
            let folders = folders.iter().map(|path| paths::to_lua(&self.lua, path));
            let folders = folders.collect::<mlua::Result<Vec<_>>>()?;
            let chunk = self.lua.load(code).set_name("=stdlib/report");
            let mut content = report::content(&chunk.call((folders, title))?)?;
            let body = serde_json::Value::from(std::mem::take(&mut content.body));
            content.parts.rest.push(("body".into(), body.to_string()));
            Ok(content)
        };
        read().map_err(|e| Box::new(Failure::in_state(&self.lua, &e)))
    }

    /// Checks a device with `stdlib/check_device.lua`: the number of failed checks, the median time of a step in
    /// seconds, the dtype of its backbone, and the bytes that the steps take. `memory` is called with true before the
    /// steps, and with false after them.
    pub fn check_device(
        &self,
        device: &str,
        size: impl IntoIterator<Item = (&'static str, i64)>,
        steps: usize,
        memory: impl Fn(bool) -> Option<u64> + 'static,
    ) -> Result<CheckedDevice, Box<Failure>> {
        let check = || -> mlua::Result<CheckedDevice> {
            let memory = self.lua.create_function(move |_, begins| Ok(memory(begins)))?;
            let size = self.lua.create_table_from(size)?;
            let require: Function = self.lua.globals().get("require")?;
            require.call::<Function>("compt.check_device")?.call((device, size, steps, memory))
        };
        check().map_err(|e| Box::new(Failure::in_state(&self.lua, &e)))
    }

    /// Sets or clears the current script.
    pub fn enter(&self, script: Option<Script>) {
        if let Some(mut session) = self.lua.app_data_mut::<Session>() {
            session.enter(script);
        }
    }

    /// Adds the folder of a file to the `require` path.
    pub fn look_beside(&self, path: &Path) -> mlua::Result<()> {
        path.parent().map_or(Ok(()), |folder| look_in(&self.lua, folder))
    }

    /// Makes `print` print nothing while this is true.
    pub fn mute_while(&self, is_silent: impl Fn() -> bool + 'static) -> mlua::Result<()> {
        let usual: Function = self.lua.globals().get("print")?;
        let print = self.lua.create_function(move |_, values: MultiValue| {
            if is_silent() { Ok(()) } else { usual.call::<()>(values) }
        })?;
        self.lua.globals().set("print", print)
    }

    /// Makes `compt` and `torch` globals, loaded on first use.
    pub fn open_globals(&self) -> mlua::Result<()> {
        let require: Function = self.lua.globals().get("require")?;
        let index = self.lua.create_function(move |_, (globals, name): (Table, Value)| {
            let module = match name.as_string().map(|name| name.to_string_lossy()).as_deref() {
                Some("compt") => "compt",
                Some("torch") => "compt.torch",
                Some(name @ ("True" | "False" | "None")) => {
                    let instead = habits::of_name("global", name).unwrap_or_default();
                    return Err(Error::new(format!("there is no '{name}'")).hint(instead).into());
                }
                _ => return Ok(Value::Nil),
            };
            let value: Value = require.call(module)?;
            globals.raw_set(name, &value)?;
            Ok(value)
        })?;
        let meta = self.lua.create_table()?;
        meta.set("__index", index)?;
        self.lua.globals().set_metatable(Some(meta))
    }
}

/// Provides the native parts as the module `compt.native`, which `stdlib/init.lua` loads.
fn preload_native(lua: &Lua) -> mlua::Result<()> {
    let native = lua.create_table()?;
    types::register_all(lua, &native)?;
    lua.preload_module("compt.native", lua.create_function(move |_, ()| Ok(native.clone()))?)
}

/// Makes `require` search the embedded standard library, then files along `package.path`, whose texts
/// are recorded for error messages.
fn install_searchers(lua: &Lua) -> mlua::Result<()> {
    let library = lua.create_function(|lua, name: String| {
        let Some((path, source)) = stdlib::module(&name) else {
            if name.starts_with("compt.") {
                return Err(Error::unknown("module", &name, stdlib::MODULES).into());
            }
            return Ok(Value::String(lua.create_string(format!("no module '{name}' in compt"))?));
        };
        let chunk = lua.load(&source[..]).set_name(format!("=stdlib/{path}"));
        Ok(Value::Function(chunk.into_function()?))
    })?;
    let package: Table = lua.globals().get("package")?;
    // Lua's own opens the file to see whether it is there, which waits for the writer of a named pipe.
    let searchpath =
        lua.create_function(|_, (name, along, separator, replacement): Searched| {
            let separator = separator.as_deref().unwrap_or(".");
            let part = name.replace(separator, replacement.as_deref().unwrap_or("/"));
            Ok(search(&part, &along))
        })?;
    package.set("searchpath", &searchpath)?;
    let settings = package.clone();
    let files = lua.create_function(move |lua, name: String| {
        let along: String = settings.get("path")?;
        if let Some((path, text)) = kept_module(lua, &name, &along) {
            sources::record_module(lua, &path, &text);
            let chunk = lua.load(text::code(&text)).set_name(format!("@{path}"));
            return Ok((Value::Function(chunk.into_function()?), Some(path)));
        }
        let (path, tried): (Option<String>, Option<String>) = searchpath.call((name, along))?;
        let Some(path) = path else { return Ok((tried.into_lua(lua)?, None)) };
        let text = text::read(Path::new(&path))?;
        sources::record_module(lua, &path, &text);
        let chunk = lua.load(text::code(&text)).set_name(format!("@{path}"));
        Ok((Value::Function(chunk.into_function()?), Some(path)))
    })?;
    let searchers: Table = package.get("searchers")?;
    searchers.raw_set(2, library)?;
    searchers.raw_insert(3, files)
}

/// A module's name, a path, the separator in the name and what replaces it.
type Searched = (String, String, Option<String>, Option<String>);

/// As Lua's `package.searchpath`: the first file along a path, or the names that were tried.
fn search(part: &str, along: &str) -> (Option<String>, Option<String>) {
    let files: Vec<String> = along.split(';').map(|template| template.replace('?', part)).collect();
    match files.iter().find(|file| Path::new(file).exists()) {
        Some(found) => (Some(found.clone()), None),
        None => {
            let tried: Vec<String> = files.iter().map(|file| format!("no file '{file}'")).collect();
            (None, Some(tried.join("\n\t")))
        }
    }
}

/// The recorded module of a script that is run again, by its path along `package.path`.
fn kept_module(lua: &Lua, name: &str, along: &str) -> Option<(String, String)> {
    let session = lua.app_data_ref::<Session>()?;
    let again = session.again.as_ref()?;
    let part = name.replace('.', "/");
    along.split(';').map(|template| template.replace('?', &part)).find_map(|path| {
        let kept = again.modules.iter().find(|module| module.path == Path::new(&path))?;
        Some((path, kept.text.clone()))
    })
}

/// Puts a folder first on `package.path`.
fn look_in(lua: &Lua, folder: &Path) -> mlua::Result<()> {
    let package: Table = lua.globals().get("package")?;
    let file = folder.join("?.lua").display().to_string();
    let init = folder.join("?/init.lua").display().to_string();
    let rest: String = package.get("path")?;
    if rest.split(';').any(|entry| entry == file) {
        return Ok(());
    }
    package.set("path", format!("{file};{init};{rest}"))
}
