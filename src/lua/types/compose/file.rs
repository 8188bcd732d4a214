//! An operator in its own file: loaded, tried on the shapes of a run, replaced during training.

use super::Definition;
use super::in_lua::InLua;
use super::parameters::{self, Context};
use super::trial::{Shapes, Trial};
use crate::control::{ends_early, is_blank};
use crate::failure::error_of;
use crate::options::kind;
use crate::session::Session;
use crate::{Error, Result};
use crate::{hook, sources, text};
use compt_base::files::source::Source;
use compt_core::compose::Operator;
use compt_run::steering::OperatorFile;
use compt_study::watch::{GRACE, Watch};
use mlua::{Function, Lua, Table, Value};
use std::cell::{Cell, RefCell};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// The instruction limit for loading, and for a call on a run's shapes.
const INSTRUCTIONS: u32 = 5_000_000;

/// Reads a file that returns an operator. When a script is run again, the file may be invalid by
/// now; the recorded version replaces it before it is called.
pub fn open(lua: &Lua, path: &Path) -> mlua::Result<Definition> {
    let again = lua.app_data_ref::<Session>().is_some_and(|session| session.again.is_some());
    let text = match text::read(path) {
        Err(_) if again => String::new(),
        text => text?,
    };
    let source = Source::new(path.to_path_buf(), text);
    match load(lua, &source) {
        Ok(definition) => Ok(definition),
        Err(_) if again => {
            let broken = lua.load("error('the file of this operator is broken')");
            let function = broken.into_function()?;
            Ok(Definition { function, parameters: Value::Nil, source: Some(source) })
        }
        Err(e) => Err(e.into()),
    }
}

pub fn load(lua: &Lua, source: &Source) -> Result<Definition> {
    let name = source.path.display().to_string();
    sources::record(lua, &name, &source.text);
    let environment = environment(lua).map_err(|e| error_of(&e))?;
    let chunk = lua.load(text::code(&source.text)).set_name(format!("@{name}"));
    let chunk = chunk.set_environment(environment);
    let value =
        hook::limited(lua, INSTRUCTIONS, || chunk.eval::<Value>()).map_err(|e| error_of(&e))?;
    if !matches!(value, Value::Function(_) | Value::Table(_)) {
        return Err(Error::new(format!(
            "an operator's file must return a function of (private, sources, weights), or a table \
             {{ parameters, compose }}; this one returns a {}",
            kind(&value)
        ))
        .at(name));
    }
    let definition = Definition::read(lua, value).map_err(|e| error_of(&e).at(name))?;
    Ok(Definition { source: Some(source.clone()), ..definition })
}

/// Whether code ends too early, or has no `return`.
fn gives_nothing(lua: &Lua, text: &str) -> bool {
    match lua.load(text::code(text)).into_function() {
        Err(error) => ends_early(text, &error),
        Ok(_) => !text.contains("return"),
    }
}

/// The script's globals, and a `require` restricted to the library: other files are neither watched nor
/// recorded.
fn environment(lua: &Lua) -> mlua::Result<Table> {
    let globals = lua.globals();
    let require: Function = globals.get("require")?;
    let of_library = lua.create_function(move |_, name: String| {
        if name != "compt" && !name.starts_with("compt.") {
            return Err(Error::new(format!("module '{name}' is not for an operator's file"))
                .hint("it is recorded alone: it can require only \"compt.torch\" and the library")
                .into());
        }
        require.call::<Value>(name)
    })?;
    let environment = lua.create_table()?;
    environment.set("require", of_library)?;
    let meta = lua.create_table()?;
    meta.set("__index", globals)?;
    environment.set_metatable(Some(meta))?;
    Ok(environment)
}

/// An operator that a trainer calls, and its file.
pub struct Followed {
    operator: Rc<InLua>,
    source: RefCell<Source>,
    /// The previous version, until the current one has failed.
    before: RefCell<Option<(Function, Source)>>,
    context: Context,
    shapes: Shapes,
    changed: Arc<AtomicBool>,
    /// Watched from the first check on.
    watch: RefCell<Option<Watch>>,
    followed: Cell<bool>,
    /// The truncated contents that were read, and since when.
    cut_off: RefCell<Option<(String, Instant)>>,
}

impl Followed {
    pub fn new(operator: Rc<InLua>, source: Source, context: Context, shapes: Shapes) -> Followed {
        Followed {
            operator,
            source: RefCell::new(source),
            before: RefCell::default(),
            context,
            shapes,
            changed: Arc::default(),
            watch: RefCell::default(),
            followed: Cell::new(false),
            cut_off: RefCell::default(),
        }
    }

    /// Calls a new version as a step would, with the current parameters.
    fn try_out(&self, lua: &Lua, definition: &Definition) -> Result<()> {
        let own = self.operator.own_parameters();
        let tried = hook::limited(lua, INSTRUCTIONS, || {
            let declared = parameters::make(lua, &definition.parameters, &self.context)?;
            if let Some(different) = parameters::differences(own, &declared) {
                return Err(Error::new(format!("its parameters are different: {different}"))
                    .hint(
                        "parameters are fixed when the trainer is created. To change them, create \
                         a new trainer and load the parameters that match: t:load(RUN, { only = \
                         \"parameters\" })",
                    )
                    .into());
            }
            let trial = Trial {
                lua,
                name: self.operator.name(),
                function: &definition.function,
                parameters: own,
                shapes: &self.shapes,
                tasks: self.context.tasks.len(),
            };
            Ok(trial.run_twice()?)
        });
        tried.map_err(|e| error_of(&e))
    }

    /// Whether a text seems to be truncated or missing and the time limit has not passed.
    fn is_cut_off(&self, text: Option<&String>) -> bool {
        let lua = self.operator.lua.upgrade();
        let is_unfinished = text.is_none_or(|text| is_blank(text) || gives_nothing(&lua, text));
        let mut cut_off = self.cut_off.borrow_mut();
        if !is_unfinished {
            *cut_off = None;
            return false;
        }
        let held = text.cloned().unwrap_or_default();
        match &*cut_off {
            Some((before, since)) if *before == held => {
                let is_over = since.elapsed() > GRACE;
                if is_over {
                    *cut_off = None;
                }
                !is_over
            }
            _ => {
                *cut_off = Some((held, Instant::now()));
                true
            }
        }
    }

    fn follow(&self) {
        let changed = self.changed.clone();
        let watch = Watch::new(move |_| changed.store(true, Ordering::SeqCst));
        if let Ok(watch) = watch {
            let source = self.source.borrow();
            watch.add_from(&source.path, Some(source.sha256.clone()));
            *self.watch.borrow_mut() = Some(watch);
        }
    }
}

impl OperatorFile for Followed {
    fn name(&self) -> &str {
        self.operator.name()
    }

    fn source(&self) -> Source {
        self.source.borrow().clone()
    }

    fn news(&self) -> Option<Result<Source>> {
        if !self.followed.replace(true) {
            self.follow();
        }
        if !self.changed.swap(false, Ordering::SeqCst) && self.cut_off.borrow().is_none() {
            return None;
        }
        let path = self.source.borrow().path.clone();
        let read = text::read(&path);
        if self.is_cut_off(read.as_ref().ok()) {
            return None;
        }
        Some(read.map(|text| Source::new(path, text)))
    }

    fn take(&self, source: Source, dry_run: bool) -> Result<()> {
        let lua = self.operator.lua.upgrade();
        let definition = load(&lua, &source)?;
        if dry_run {
            self.try_out(&lua, &definition).map_err(|e| e.at(source.path.display()))?;
        }
        let function = self.operator.function.replace(definition.function);
        let source = self.source.replace(source);
        *self.before.borrow_mut() = Some((function, source));
        self.operator.on_trial.set(true);
        Ok(())
    }

    fn back(&self) -> Option<Source> {
        if !self.operator.failed.take() {
            return None;
        }
        let (function, source) = self.before.take()?;
        *self.operator.function.borrow_mut() = function;
        *self.source.borrow_mut() = source.clone();
        Some(source)
    }
}
