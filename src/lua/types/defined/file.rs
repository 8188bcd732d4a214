//! A user-defined part in its own file: loaded, tried on the shapes of a run, replaced during training.

use super::home::Home;
use super::in_use::InUse;
use super::parameters::{self, Context};
use super::{Definition, Part, TryOut, Version};
use crate::control::{ends_early, is_blank};
use crate::failure::error_of;
use crate::options::kind;
use crate::sandbox::check_length;
use crate::session::Session;
use crate::{Error, Result};
use crate::{sources, text};
use compt_base::files::source::Source;
use compt_run::steering::PartFile;
use compt_study::records::events::Role;
use compt_study::watch::{GRACE, Watch};
use mlua::chunk::ChunkMode;
use mlua::{Function, Lua, Value, WeakLua};
use std::cell::{Cell, RefCell};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Reads a file that returns a definition. When a script is run again, the file may be invalid by
/// now; the recorded version replaces it before it is called.
pub fn open<P: Part>(lua: &Lua, path: &Path) -> mlua::Result<Definition<P>> {
    let again = lua.app_data_ref::<Session>().is_some_and(|session| session.again.is_some());
    let text = match text::read(path) {
        Err(_) if again => String::new(),
        text => text?,
    };
    let source = Source::new(path.to_path_buf(), text);
    match load(lua, &source) {
        Ok(definition) => Ok(definition),
        Err(_) if again => {
            let broken = lua.load("error('the file is broken')").into_function()?;
            Ok(Definition {
                function: broken,
                parameters: Value::Nil,
                source: Some(source),
                home: Home::script(lua),
                says: P::of_function(),
            })
        }
        Err(e) => Err(e.into()),
    }
}

/// Runs a file in a new sandbox; its text is recorded in the script's state `lua` for error messages.
pub fn load<P: Part>(lua: &Lua, source: &Source) -> Result<Definition<P>> {
    let name = source.path.display().to_string();
    check_length(&source.text, 0).map_err(|e| e.at(&name))?;
    sources::record(lua, &name, &source.text);
    let home = Home::sandbox(P::FILE).map_err(|e| error_of(&e))?;
    let read = home.call(|lua| {
        let code = lua.load(text::code(&source.text)).set_name(format!("@{name}"));
        let value = code.set_mode(ChunkMode::Text).eval().map_err(|e| error_of(&e))?;
        definition(lua, value, &name)
    });
    Ok(Definition { source: Some(source.clone()), home, ..read? })
}

fn definition<P: Part>(lua: &Lua, value: Value, name: &str) -> Result<Definition<P>> {
    if !matches!(value, Value::Function(_) | Value::Table(_)) {
        return Err(Error::new(format!(
            "{} must return a function of {}, or a table {}; this one returns a {}",
            P::FILE,
            P::ARGUMENTS,
            P::TABLE,
            kind(&value)
        ))
        .at(name));
    }
    Definition::read(lua, value).map_err(|e| error_of(&e).at(name))
}

/// Whether code ends too early, or has no `return`.
fn gives_nothing(lua: &Lua, text: &str) -> bool {
    match lua.load(text::code(text)).into_function() {
        Err(error) => ends_early(text, &error),
        Ok(_) => !text.contains("return"),
    }
}

/// A part that a trainer calls, and its file.
pub struct Followed<P> {
    /// The script's state.
    lua: WeakLua,
    in_use: Rc<InUse>,
    says: P,
    source: RefCell<Source>,
    /// The previous version, until the current one has failed.
    before: RefCell<Option<((Home, Function), Source)>>,
    context: Context,
    try_out: TryOut<P>,
    changed: Arc<AtomicBool>,
    /// Watched from the first check on.
    watch: RefCell<Option<Watch>>,
    followed: Cell<bool>,
    /// The truncated contents that were read, and since when.
    cut_off: RefCell<Option<(String, Instant)>>,
}

impl<P: Part> Followed<P> {
    pub fn new(
        lua: &Lua,
        in_use: Rc<InUse>,
        (source, says): (Source, P),
        context: Context,
        try_out: TryOut<P>,
    ) -> Followed<P> {
        in_use.set_version(&source.sha256);
        Followed {
            lua: lua.weak(),
            in_use,
            says,
            source: RefCell::new(source),
            before: RefCell::default(),
            context,
            try_out,
            changed: Arc::default(),
            watch: RefCell::default(),
            followed: Cell::new(false),
            cut_off: RefCell::default(),
        }
    }

    /// Calls a new version as a step would, with the current parameters.
    fn try_out(&self, definition: &Definition<P>) -> Result<()> {
        let own = self.in_use.own_parameters();
        if definition.says != self.says {
            return Err(Error::new(format!(
                "what it says besides its {} and its function is fixed when the trainer is created: {}",
                if P::NO_PARAMETERS.is_none() { "parameters" } else { "name" },
                P::SAYS
            )));
        }
        let home = &definition.home;
        let declared = home
            .call(|lua| parameters::make(lua, &definition.parameters, &self.context))
            .map_err(|e| error_of(&e))?;
        if let Some(different) = parameters::differences(own, &declared) {
            return Err(Error::new(format!("its parameters are different: {different}")).hint(
                "parameters are fixed when the trainer is created. To change them, create a new \
                 trainer and load the parameters that match: t:load(RUN, { only = \"parameters\" })",
            ));
        }
        let (function, says) = (&definition.function, &definition.says);
        let version = Version { home, name: self.in_use.name(), function, parameters: own, says };
        (self.try_out)(&version, true)
    }

    /// Whether a text seems to be truncated or missing and the time limit has not passed.
    fn is_cut_off(&self, text: Option<&String>) -> bool {
        let lua = self.lua.upgrade();
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

impl<P: Part> PartFile for Followed<P> {
    fn role(&self) -> Role {
        P::ROLE
    }

    fn name(&self) -> &str {
        self.in_use.name()
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
        let lua = self.lua.upgrade();
        let definition = load(&lua, &source)?;
        if dry_run {
            self.try_out(&definition).map_err(|e| e.at(source.path.display()))?;
        }
        let before = self.in_use.replace((definition.home, definition.function));
        self.in_use.set_version(&source.sha256);
        let source = self.source.replace(source);
        *self.before.borrow_mut() = Some((before, source));
        Ok(())
    }

    fn back(&self) -> Option<Source> {
        if !self.in_use.take_failed() {
            return None;
        }
        let (code, source) = self.before.take()?;
        self.in_use.put_back(code);
        self.in_use.set_version(&source.sha256);
        *self.source.borrow_mut() = source.clone();
        Some(source)
    }
}

#[cfg(test)]
mod tests {
    use super::super::home::NOT_IN_FILES;
    use super::*;
    use crate::sandbox::endless::ENDLESS;
    use crate::types::compose::Compose;

    fn loaded(text: &str) -> Result<Definition<Compose>> {
        let runtime = crate::Runtime::new().unwrap();
        load(runtime.lua(), &Source::new("operator.lua".into(), text.to_string()))
    }

    fn refused(text: &str) -> String {
        loaded(text).err().unwrap_or_else(|| panic!("{text}: it must be refused")).to_string()
    }

    /// The code may run when the file is loaded as well as when the operator is called: the limits are the same.
    #[test]
    fn every_endless_operator_file_ends() {
        // Some reach only the limit of time, which is 5 s here: every third one, all with `COMPT_FUZZ`.
        let every = if std::env::var("COMPT_FUZZ").is_ok() { 1 } else { 3 };
        for code in ENDLESS.iter().step_by(every) {
            let text = refused(&format!("{code} return function(private) return private end"));
            assert!(text.len() < 2_000, "{code}: {text}");
        }
        for code in [
            "while true do pcall(function() while true do end end) end",
            "local function f() pcall(f) pcall(f) f() end f()",
            "while true do pcall(error) end",
            "local x = pcall(string.rep, 'x', 1e9) while true do pcall(string.rep, 'x', 1e9) end",
        ] {
            assert!(refused(code).contains("it ran for more than"), "{code}");
        }
        let text =
            refused("local torch = require 'compt.torch' while true do torch.zeros(300, 300) end");
        assert!(text.contains("operator.lua:1: it ran for more than"), "{text}");
    }

    #[test]
    fn a_file_reaches_what_its_documentation_says() {
        let names =
            ["os", "io", "_G", "load", "dofile", "coroutine", "debug", "package", "compt", "arg"];
        for name in names {
            let text = refused(&format!("local x = {name}"));
            assert!(
                text.contains(&format!("'{name}' is not available in an operator's file")),
                "{text}"
            );
        }
        for name in NOT_IN_FILES {
            let text = refused(&format!("require('compt.torch').{name}()"));
            assert!(text.contains("torch has no function"), "{text}");
        }
        let text = refused("return math.random()");
        assert!(text.contains("`torch.rand` draws"), "{text}");
        let text = refused("return require 'compt'");
        assert!(text.contains("it can require only \"compt.torch\""), "{text}");
        let text = refused("local t = {} for i = 1, 1e9 do t[i] = { i, i, i, i, i, i } end");
        assert!(text.contains("memory"), "{text}");
    }

    /// Its globals are not the script's.
    #[test]
    fn a_file_changes_nothing_outside_itself() {
        let runtime = crate::Runtime::new().unwrap();
        let lua = runtime.lua();
        let text = "string.format = nil x = 1
            return function(private) return private end";
        load::<Compose>(lua, &Source::new("operator.lua".into(), text.to_string())).unwrap();
        let left = "return x == nil and ('%d'):format(3) == '3' and string.format('%d', 4) == '4'";
        assert!(lua.load(left).eval::<bool>().unwrap());
    }
}
