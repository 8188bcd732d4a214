//! The Lua state of a control file: its permissions and limits.

use super::print;
use super::whole::{Signs, ends_early, is_blank};
use crate::failure::error_of;
use crate::options::kind;
use crate::sandbox::{self, Limits, Meter};
use crate::{Error, Result};
use crate::{random, stdlib, text};
use compt_base::files::source::Source;
use compt_run::steering::{Origin, Output};
use mlua::chunk::ChunkMode;
use mlua::{Function, Lua, LuaOptions, StdLib, Table, Value};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

const LIMITS: Limits = Limits {
    instructions: 5_000_000,
    too_many: c"it ran for more than 5000000 instructions: a control is called at every step and must be fast",
    seconds: 1.0,
    too_long: c"it ran for more than 1 s: a control is called at every step and must be fast",
    memory: 32 << 20,
};

/// The library modules for control files, and their dependencies.
const MODULES: [&str; 3] = ["compt.schedule", "compt.curriculum", "compt.arguments"];

pub struct Sandbox {
    lua: Lua,
    files: Rc<Files>,
    meter: Rc<Meter>,
}

const NOT_THERE: &str =
    "it is not one of the files that the control was checked with: require it at the top";

fn text_of(origin: &Origin, path: &Path) -> Result<String> {
    match origin {
        Origin::Disk => text::read(path),
        Origin::Recorded(sources) => {
            let source = sources.iter().find(|source| source.path == path);
            let text = source.map(|source| source.text.clone());
            text.ok_or_else(|| Error::new(NOT_THERE).at(path.display()))
        }
    }
}

/// The folder of a control file, and the files read from it.
pub struct Files {
    folder: PathBuf,
    origin: RefCell<Origin>,
    read: RefCell<Vec<Source>>,
    missing: RefCell<Vec<PathBuf>>,
    signs: Cell<Signs>,
    output: Output,
    loaded: RefCell<HashMap<String, Option<Value>>>,
}

impl Sandbox {
    /// A state that may `require` the files in `folder`, read from `origin`; `seed` seeds `math.random`.
    pub fn new(folder: &Path, origin: Origin, seed: u64) -> mlua::Result<Sandbox> {
        let libraries = StdLib::STRING | StdLib::TABLE | StdLib::MATH | StdLib::UTF8;
        let lua = Lua::new_with(libraries, LuaOptions::default())?;
        random::install(&lua, seed)?;
        let files = Rc::new(Files {
            folder: folder.to_path_buf(),
            origin: RefCell::new(origin),
            read: RefCell::default(),
            missing: RefCell::default(),
            signs: Cell::default(),
            output: Output::default(),
            loaded: RefCell::default(),
        });
        restrict(&lua, &files)?;
        let meter = Meter::install(&lua, LIMITS)?;
        Ok(Sandbox { lua, files, meter })
    }

    /// Runs `f`, which calls code of the state, within the limits of a call.
    pub fn call<R>(&self, f: impl FnOnce(&Lua) -> R) -> R {
        self.meter.call(&self.lua, || f(&self.lua))
    }

    /// Runs the control file and returns its table.
    pub fn load(&self, path: &Path) -> Result<Table> {
        let chunk = self.files.chunk(&self.lua, path)?;
        match self.call(|_| chunk.call::<Value>(())).map_err(|e| error_of(&e))? {
            Value::Table(table) => Ok(table),
            other => {
                if other.is_nil() {
                    self.files.doubt();
                }
                Err(Error::new(format!(
                    "a control file must return a table of knobs, this one returns {}",
                    kind(&other)
                ))
                .at(path.display())
                .hint("for example `return { temperature = 1 }`"))
            }
        }
    }

    /// The files it reads; they outlive the sandbox.
    pub fn files(&self) -> Rc<Files> {
        self.files.clone()
    }
}

impl Files {
    /// The files read so far, the control file first.
    pub fn sources(&self) -> Vec<Source> {
        self.read.borrow().clone()
    }

    /// Forbids reading further files: the sources of a control are recorded.
    pub fn freeze(&self) {
        *self.origin.borrow_mut() = Origin::Recorded(self.sources());
    }

    /// The files that were required but could not be read.
    pub fn missing(&self) -> Vec<PathBuf> {
        self.missing.borrow().clone()
    }

    /// Whether the files seem to be truncated.
    pub fn signs(&self) -> Signs {
        self.signs.get()
    }

    /// The output of the code.
    pub fn output(&self) -> Output {
        self.output.clone()
    }

    fn doubt(&self) {
        self.signs.set(Signs { is_doubtful: true, ..self.signs.get() });
    }

    /// Reads a file, records it and compiles it.
    fn chunk(&self, lua: &Lua, path: &Path) -> Result<Function> {
        let text = text_of(&self.origin.borrow(), path).inspect_err(|_| {
            self.missing.borrow_mut().push(path.to_path_buf());
            self.doubt();
        })?;
        let before = self.read.borrow().iter().map(|source| source.text.len()).sum();
        sandbox::check_length(&text, before).map_err(|e| e.at(path.display()))?;
        self.read.borrow_mut().push(Source::new(path.to_path_buf(), text.clone()));
        if is_blank(&text) {
            self.signs.set(Signs { is_blank: true, ..self.signs.get() });
        }
        let name = format!("@{}", path.display());
        let chunk = lua.load(text::code(&text)).set_name(name).set_mode(ChunkMode::Text);
        chunk.into_function().map_err(|e| {
            if text.contains('\0') || ends_early(&text, &e) {
                self.doubt();
            }
            error_of(&e)
        })
    }

    /// `require` in a control file: the library's control modules and the files beside it.
    fn require(&self, lua: &Lua, name: &str) -> mlua::Result<Value> {
        if let Some(loaded) = self.loaded.borrow().get(name) {
            let loop_error = || Error::new(format!("module '{name}' requires itself"));
            return Ok(loaded.clone().ok_or_else(loop_error)?);
        }
        self.loaded.borrow_mut().insert(name.to_string(), None);
        let chunk = match stdlib::module(name) {
            Some((path, source)) if MODULES.contains(&name) => {
                lua.load(&source[..]).set_name(format!("=stdlib/{path}")).into_function()?
            }
            _ if name == "compt" || name.starts_with("compt.") => {
                return Err(Error::new(format!("module '{name}' is not for control files"))
                    .hint(format!("a control file can require {}", MODULES[..2].join(" and ")))
                    .into());
            }
            _ => self.chunk(lua, &self.path_of(name)?)?,
        };
        let value = match chunk.call::<Value>(name)? {
            Value::Nil => {
                self.doubt();
                Value::Boolean(true)
            }
            value => value,
        };
        self.loaded.borrow_mut().insert(name.to_string(), Some(value.clone()));
        Ok(value)
    }

    /// The path of module `a.b`: `a/b.lua` in the control file's folder.
    fn path_of(&self, name: &str) -> Result<PathBuf> {
        let plain = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
        if name.split('.').any(|part| part.is_empty() || !part.chars().all(plain)) {
            return Err(Error::new(format!("'{name}' is not the name of a module"))
                .hint("a control file can require the Lua files in its own folder"));
        }
        Ok(self.folder.join(name.replace('.', "/") + ".lua"))
    }
}

fn restrict(lua: &Lua, files: &Rc<Files>) -> mlua::Result<()> {
    let hint = "it has string, table, math, require \"compt.schedule\" and its own files";
    sandbox::restrict(lua, &[], ("a control file", hint))?;
    let weak = Rc::downgrade(files);
    let require = lua.create_function(move |lua, name: String| {
        weak.upgrade().expect("the sandbox outlives its code").require(lua, &name)
    })?;
    lua.globals().raw_set("require", require)?;
    lua.globals().raw_set("print", print::function(&files.output, lua)?)
}
