//! `compt.compose`: the operators as functions, and operators of one's own.

pub mod file;

use crate::compose::{self, Isolated, Isolation, Operator};
use crate::lua::call;
use crate::lua::control::OperatorFile;
use crate::lua::options::kind;
use crate::lua::torch::LuaTensor;
use crate::run::source::Source;
use crate::tensor::is_finite;
use crate::{Error, Result};
use mlua::{AnyUserData, Function, Lua, Table, Value, WeakLua};
use std::cell::{Cell, RefCell};
use std::path::Path;
use std::rc::Rc;
use tch::Tensor;

/// Where `compt.compose.define` keeps its operators.
const DEFINED: &str = "compt.compose.defined";

pub fn register(lua: &Lua, compt: &Table) -> mlua::Result<()> {
    lua.set_named_registry_value(DEFINED, lua.create_table()?)?;
    let table = lua.create_table()?;
    for name in compose::BUILT_IN {
        let function = call::function(
            lua,
            format!("compt.compose.{name}"),
            move |_, (private, sources, weights): (LuaTensor, LuaTensor, LuaTensor)| {
                let operator = compose::built_in(name)?;
                let prompt = operator.compose(&private.get()?, &sources.get()?, &weights.get()?)?;
                Ok(LuaTensor::new(prompt))
            },
        )?;
        table.set(name, function)?;
    }
    table.set("define", call::function(lua, "compt.compose.define", define)?)?;
    compt.set("compose", table)
}

/// `define(name, f)`: from now on `compose = name` composes with
/// `f(private [B, m', d], sources [S, m, d], weights [B, S]) -> [B, m'', d]`, which is also
/// `compt.compose[name]`. In the place of `f` the path of a file that returns it: that is followed
/// while a run trains.
fn define(lua: &Lua, (name, given): (String, Value)) -> mlua::Result<()> {
    if compose::BUILT_IN.contains(&name.as_str()) || name == "define" {
        return Err(Error::new(format!("'{name}' is a built-in composition"))
            .at("compt.compose.define")
            .hint("choose another name")
            .into());
    }
    let (function, source) = match given {
        Value::Function(function) => (function, None),
        Value::String(path) => {
            let path = path.to_str()?.to_string();
            let (function, source) = file::open(lua, Path::new(&path))?;
            (function, Some(source))
        }
        other => {
            return Err(Error::new(format!(
                "expected a function or a file, got a {}",
                kind(&other)
            ))
            .at("compt.compose.define")
            .into());
        }
    };
    let definition = Definition { function: function.clone(), source };
    let definition = lua.create_any_userdata(definition)?;
    lua.named_registry_value::<Table>(DEFINED)?.set(name.as_str(), definition)?;
    let require: Function = lua.globals().get("require")?;
    let native: Table = require.call("compt.native")?;
    native.get::<Table>("compose")?.set(name, function)
}

/// An operator of the user's own.
struct Definition {
    function: Function,
    /// The file it is followed in.
    source: Option<Source>,
}

/// The operator a method names, or gives as a function.
pub fn operator(lua: &Lua, value: &Value) -> mlua::Result<Rc<dyn Operator>> {
    match value {
        Value::Function(function) => Ok(Rc::new(InLua::new(lua, "function", function.clone()))),
        Value::String(name) => {
            let name = name.to_str()?.to_string();
            let defined: Table = lua.named_registry_value(DEFINED)?;
            if let Some(known) = defined.get::<Option<AnyUserData>>(name.as_str())? {
                let known = known.borrow::<Definition>()?;
                return Ok(Rc::new(InLua::new(lua, &name, known.function.clone())));
            }
            if let Ok(operator) = compose::built_in(&name) {
                return Ok(operator.into());
            }
            let mut known: Vec<String> = compose::BUILT_IN.map(String::from).to_vec();
            for pair in defined.pairs::<String, Value>() {
                known.push(pair?.0);
            }
            Err(Error::unknown("composition", &name, known.iter().map(String::as_str)).into())
        }
        other => Err(Error::new(format!(
            "'compose' must be a name or a function, not a {}",
            kind(&other)
        ))
        .into()),
    }
}

/// An operator, and the file it is followed in.
pub type InFile = (Rc<dyn Operator>, Box<dyn OperatorFile>);

/// The operator a method names, as one that is followed in its file, if it is defined in one.
/// `shapes` gives prompts and weights to try a new version with.
pub fn in_file(lua: &Lua, value: &Value, shapes: file::Shapes) -> mlua::Result<Option<InFile>> {
    let Some(name) = value.as_string().map(|name| name.to_string_lossy()) else { return Ok(None) };
    let defined: Table = lua.named_registry_value(DEFINED)?;
    let Some(known) = defined.get::<Option<AnyUserData>>(name.as_str())? else { return Ok(None) };
    let known = known.borrow::<Definition>()?;
    let Some(source) = known.source.clone() else { return Ok(None) };
    let operator = Rc::new(InLua::new(lua, &name, known.function.clone()));
    let followed = file::Followed::new(operator.clone(), source, shapes)?;
    Ok(Some((operator, Box::new(followed))))
}

/// An operator written in Lua. It runs in the forward pass; autograd follows its operations.
pub struct InLua {
    lua: WeakLua,
    name: String,
    function: RefCell<Function>,
    /// Whether its last call ended in an error.
    failed: Cell<bool>,
    /// Whether what it returns is still looked at for numbers that are not finite.
    on_trial: Cell<bool>,
}

impl InLua {
    fn new(lua: &Lua, name: &str, function: Function) -> Self {
        InLua {
            lua: lua.weak(),
            name: name.to_string(),
            function: RefCell::new(function),
            failed: Cell::new(false),
            on_trial: Cell::new(false),
        }
    }

    fn call(&self, private: &Tensor, sources: &Tensor, weights: &Tensor) -> mlua::Result<Tensor> {
        let lua = self.lua.upgrade();
        // What the function makes on its way goes when it returns; the graph keeps what it needs.
        let arguments = [private, sources, weights].map(Tensor::shallow_clone);
        let function = self.function.borrow().clone();
        let body = lua.create_function(move |_, ()| {
            let [private, sources, weights] = arguments.each_ref().map(Tensor::shallow_clone);
            function.call::<LuaTensor>((
                LuaTensor::new(private),
                LuaTensor::new(sources),
                LuaTensor::new(weights),
            ))
        })?;
        let prompt: LuaTensor = crate::lua::torch::in_scope(&lua, body)?;
        Ok(prompt.get()?)
    }
}

impl Operator for InLua {
    fn name(&self) -> &str {
        &self.name
    }

    fn compose(&self, private: &Tensor, sources: &Tensor, weights: &Tensor) -> Result<Tensor> {
        let composed = self.checked(private, sources, weights);
        self.failed.set(composed.is_err());
        composed
    }

    /// What it does without a private prompt is not known: only sources can be left out.
    fn isolate(
        &self,
        private: &Tensor,
        sources: &Tensor,
        weights: &Tensor,
        isolation: Isolation,
    ) -> Result<Isolated> {
        isolation.needs_both(&self.name)?;
        Ok(Isolated::whole(self.compose(private, sources, weights)?))
    }
}

impl InLua {
    fn checked(&self, private: &Tensor, sources: &Tensor, weights: &Tensor) -> Result<Tensor> {
        let prompt = self.call(private, sources, weights).map_err(|e| {
            crate::lua::control::told(&e).at(format!("composition '{}'", self.name))
        })?;
        let (found, rows) = (prompt.size(), private.size()[0]);
        match found[..] {
            [b, _, d] if b == rows && d == private.size()[2] => {
                if self.on_trial.take() && !is_finite(&prompt)? {
                    return Err(Error::new("it returned numbers that are not finite")
                        .at(format!("composition '{}'", self.name)));
                }
                Ok(prompt)
            }
            _ => Err(Error::new(format!(
                "composition '{}' returned {found:?} where [{rows}, m, {}] is expected",
                self.name,
                private.size()[2]
            ))
            .hint(
                "the operator maps private [B, m', d], sources [S, m, d], weights [B, S] to \
                   [B, m'', d]",
            )),
        }
    }
}
