//! An operator in a file of its own: loaded, tried on the shapes of a run, exchanged while it trains.

use super::InLua;
use crate::compose::Operator;
use crate::error::Context;
use crate::lua::control::{OperatorFile, told};
use crate::lua::options::kind;
use crate::lua::session::Session;
use crate::lua::{hook, sources};
use crate::run::source::Source;
use crate::tensor::is_finite;
use crate::watch::Watch;
use crate::{Error, Result};
use mlua::{Function, Lua, Table, Value};
use std::cell::{Cell, RefCell};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tch::Tensor;

/// Instructions that loading, and a call on a run's shapes, may take.
const INSTRUCTIONS: u32 = 5_000_000;

/// Gives private prompts, sources and weights as a step of the run has them.
pub type Shapes = Box<dyn Fn() -> Result<[Tensor; 3]>>;

/// Reads a file that returns an operator. Where a script is run again the file may be broken by
/// now: what was recorded takes its place before it is called.
pub fn open(lua: &Lua, path: &Path) -> mlua::Result<(Function, Source)> {
    let again = lua.app_data_ref::<Session>().is_some_and(|session| session.again.is_some());
    let text = match std::fs::read_to_string(path).at(path.display()) {
        Err(_) if again => String::new(),
        text => text?,
    };
    let source = Source::new(path.to_path_buf(), text);
    match load(lua, &source) {
        Ok(function) => Ok((function, source)),
        Err(_) if again => {
            let broken = lua.load("error('the file of this operator is broken')");
            Ok((broken.into_function()?, source))
        }
        Err(e) => Err(e.into()),
    }
}

fn load(lua: &Lua, source: &Source) -> Result<Function> {
    let name = source.path.display().to_string();
    sources::record(lua, &name, &source.text);
    let environment = environment(lua).map_err(|e| told(&e))?;
    let chunk = lua.load(&source.text).set_name(format!("@{name}")).set_environment(environment);
    let value = hook::limited(lua, INSTRUCTIONS, || chunk.eval::<Value>()).map_err(|e| told(&e))?;
    match value {
        Value::Function(function) => Ok(function),
        other => Err(Error::new(format!(
            "an operator's file returns a function of (private, sources, weights), this one a {}",
            kind(&other)
        ))
        .at(name)),
    }
}

/// The script's globals, and a `require` of the library alone: other files are neither followed nor
/// recorded.
fn environment(lua: &Lua) -> mlua::Result<Table> {
    let globals = lua.globals();
    let require: Function = globals.get("require")?;
    let of_library = lua.create_function(move |_, name: String| {
        if name != "compt" && !name.starts_with("compt.") {
            return Err(Error::new(format!("module '{name}' is not for an operator's file"))
                .hint("it is recorded by itself: it may require \"compt.torch\" and the library")
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
    /// The version before, until the one in use has failed.
    before: RefCell<Option<(Function, Source)>>,
    shapes: Shapes,
    changed: Arc<AtomicBool>,
    /// Watched from the first question for news on.
    watch: RefCell<Option<Watch>>,
    followed: Cell<bool>,
}

impl Followed {
    pub fn new(operator: Rc<InLua>, source: Source, shapes: Shapes) -> Result<Followed> {
        Ok(Followed {
            operator,
            source: RefCell::new(source),
            before: RefCell::default(),
            shapes,
            changed: Arc::default(),
            watch: RefCell::default(),
            followed: Cell::new(false),
        })
    }

    /// Calls a function as a step would, gradients included.
    fn try_out(&self, lua: &Lua, function: &Function) -> Result<()> {
        let [private, sources, weights] = (self.shapes)()?;
        let trial = InLua::new(lua, self.operator.name(), function.clone());
        let leaf = |tensor: Tensor| tensor.detach().set_requires_grad(true);
        let [private, sources, weights] = [private, sources, weights].map(leaf);
        let once = || {
            tch::manual_seed(0);
            let tried = hook::limited(lua, INSTRUCTIONS, || {
                Ok(trial.compose(&private, &sources, &weights)?)
            });
            tried.map_err(|e| told(&e))
        };
        let (prompt, again) = (once()?, once()?);
        if !is_finite(&prompt)? {
            return Err(Error::new("it returned numbers that are not finite"));
        }
        if !prompt.equal(&again) {
            return Err(Error::new("two answers for the same prompts")
                .hint("an operator keeps nothing between calls"));
        }
        if !prompt.requires_grad() {
            return Err(Error::new(
                "what it returned depends on none of its arguments: nothing \
                                   could be trained",
            ));
        }
        Ok(prompt.f_sum(tch::Kind::Float)?.f_backward()?)
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

    fn news(&self) -> Option<Source> {
        if !self.followed.replace(true) {
            self.follow();
        }
        if !self.changed.swap(false, Ordering::SeqCst) {
            return None;
        }
        let path = self.source.borrow().path.clone();
        let text = std::fs::read_to_string(&path).ok()?;
        Some(Source::new(path, text)).filter(|source| *source != *self.source.borrow())
    }

    fn take(&self, source: Source, dry_run: bool) -> Result<()> {
        let lua = self.operator.lua.upgrade();
        let function = load(&lua, &source)?;
        if dry_run {
            self.try_out(&lua, &function).map_err(|e| e.at(source.path.display()))?;
        }
        let function = self.operator.function.replace(function);
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
