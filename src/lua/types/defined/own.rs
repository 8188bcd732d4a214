//! A user-defined part that is chosen by name and has options, before it is made for a run.

use super::{Definition, Part, names};
use crate::failure::error_of;
use crate::options::{Options, kind};
use crate::{Error, Result, data, stdlib};
use compt_base::files::source::Source;
use mlua::{Function, Lua, Table, Value};
use serde_json::{Map, Value as Json};

/// The name of a part without one.
const ANONYMOUS: &str = "function";

/// A part that has options and can be a module of the library.
pub trait Chosen: Part {
    /// The folder of its modules in the library.
    const FOLDER: &'static str;
    /// The call that defines one.
    const DEFINE: &'static str;

    /// The kinds that are not written in Lua.
    fn built_in() -> Vec<&'static str>;

    /// The options of a definition, with their defaults.
    fn options(&self) -> &Map<String, Json>;
}

/// A user-defined part.
#[derive(Clone)]
pub struct Own<P> {
    pub name: String,
    pub definition: Definition<P>,
    /// Its options, where they are not the defaults.
    given: Map<String, Json>,
    /// Whether it is a module of the library.
    in_library: bool,
}

/// The `options` of a definition, which are plain data. `reserved` are options of every part of its kind.
pub fn options<P: Chosen>(
    lua: &Lua,
    o: &Options,
    reserved: &[&str],
) -> mlua::Result<Map<String, Json>> {
    let noun = P::NOUN;
    let options = match o.get::<Value>(lua, "options")? {
        None => Map::new(),
        Some(value) => match data::plain(&value).map_err(|e| o.at("options", e))? {
            Json::Object(map) => map,
            _ => {
                let what = "'options' must be a table of name -> default value";
                return Err(o.error(format!("{what}, got a {}", kind(&value))));
            }
        },
    };
    match options.keys().find(|key| reserved.contains(&key.as_str())) {
        Some(key) => Err(o.error(format!("options: '{key}' is an option of every {noun}"))),
        None => Ok(options),
    }
}

/// `define(name, part)`: the name then selects it. The part is a function, a table, or the path of a file that returns
/// one of these.
///
/// # Errors
/// The name is taken, or the definition is invalid.
pub fn define<P: Chosen>(lua: &Lua, name: &str, given: Value) -> mlua::Result<()> {
    let is_taken = ["define", ANONYMOUS].contains(&name)
        || P::built_in().contains(&name)
        || stdlib::modules_in(P::FOLDER).iter().any(|known| known == name);
    if is_taken {
        return Err(Error::new(format!("'{name}' is {} of compt", crate::words::a(P::NOUN)))
            .at(P::DEFINE)
            .hint("choose another name")
            .into());
    }
    let definition: mlua::Result<Definition<P>> = Definition::given(lua, given);
    definition.map_err(|e| error_of(&e).at(P::DEFINE))?.register(lua, name)
}

impl<P: Chosen> Own<P> {
    /// The definition with this name, also in the library; `None` for a built-in kind. Errors: an unknown name.
    pub fn named(lua: &Lua, name: &str) -> mlua::Result<Option<Self>> {
        let own = |definition, in_library| {
            Some(Own { name: name.to_string(), definition, given: Map::new(), in_library })
        };
        if P::built_in().contains(&name) {
            return Ok(None);
        }
        if let Some(definition) = Definition::named(lua, name)? {
            return Ok(own(definition, false));
        }
        let library = stdlib::modules_in(P::FOLDER);
        if library.iter().any(|known| known == name) {
            let require: Function = lua.globals().get("require")?;
            let value: Value = require.call(format!("compt.{}.{name}", P::FOLDER))?;
            return Ok(own(Definition::read(lua, value)?, true));
        }
        let known = P::built_in().into_iter().map(String::from).chain(library);
        let known: Vec<String> = known.chain(names::<P>(lua)?).collect();
        Err(Error::unknown(P::NOUN, name, known.iter().map(String::as_str)).into())
    }

    /// What an option chooses, if it is defined in Lua: a name, a table of options, a function, or a definition.
    /// Errors: an unknown name, or an invalid definition.
    pub fn choice(lua: &Lua, value: &Value) -> mlua::Result<Option<Self>> {
        let table = match value {
            Value::String(name) => return Own::named(lua, &name.to_str()?),
            Value::Table(table) if !defines::<P>(table)? => table,
            Value::Table(_) | Value::Function(_) => {
                let definition = Definition::read(lua, value.clone())?;
                let (name, given) = (ANONYMOUS.to_string(), Map::new());
                return Ok(Some(Own { name, definition, given, in_library: false }));
            }
            _ => return Ok(None),
        };
        let Some(kind) = table.get::<Option<String>>("kind")? else { return Ok(None) };
        let Some(mut own) = Own::named(lua, &kind)? else { return Ok(None) };
        if let Json::Object(map) = data::plain(&Value::Table(table.clone()))? {
            own.given = map.into_iter().filter(|(key, _)| key != "kind").collect();
        }
        Ok(Some(own))
    }

    /// Takes its options from those of a call.
    pub fn take(&mut self, lua: &Lua, o: &Options) -> mlua::Result<()> {
        for key in self.definition.says.options().keys() {
            if let Some(value) = o.get_named::<Value>(lua, key.clone())? {
                self.given.insert(key.clone(), data::plain(&value).map_err(|e| o.at(key, e))?);
            }
        }
        Ok(())
    }

    /// Whether only the script can make it: it is neither in a file of its own nor in the library.
    pub fn is_of_script(&self) -> bool {
        self.definition.source.is_none() && !self.in_library
    }

    /// Why a run with it needs its script.
    pub fn why_of_script(&self) -> String {
        format!("the {} '{}' is a function of the script", P::NOUN, self.name)
    }

    /// What chose it, as plain data.
    pub fn plain(&self) -> Json {
        let mut map = Map::from_iter([("kind".to_string(), self.name.as_str().into())]);
        map.extend(self.given.clone());
        map.into()
    }

    /// Its definition and options; `recorded` is the recorded version of its file, for a run that is made again.
    pub fn resolved(
        &self,
        lua: &Lua,
        recorded: Option<Source>,
    ) -> Result<(Definition<P>, Map<String, Json>)> {
        let definition = self.definition.clone().at_version(lua, recorded.as_ref())?;
        let options = merged(definition.says.options(), &self.given);
        let options = options.map_err(|e| e.at(format!("{} '{}'", P::NOUN, self.name)))?;
        Ok((definition, options))
    }
}

/// Whether a table is a definition, not the options of one.
fn defines<P: Part>(table: &Table) -> mlua::Result<bool> {
    Ok(table.contains_key(P::FUNCTION)?
        || P::OTHER.is_some_and(|other| table.contains_key(other).unwrap_or(false)))
}

/// Options with their defaults. Errors: an unknown option, or a value of another type than its default.
fn merged(defaults: &Map<String, Json>, given: &Map<String, Json>) -> Result<Map<String, Json>> {
    let mut all = defaults.clone();
    for (key, value) in given {
        let Some(default) = all.get_mut(key) else {
            return Err(match defaults.is_empty() {
                true => Error::new(format!("unknown option '{key}': it has no options")),
                false => Error::unknown("option", key, defaults.keys().map(String::as_str)),
            });
        };
        if !is_like(default, value) {
            let what = format!("option '{key}' must be like its default {default}, got {value}");
            return Err(Error::new(what));
        }
        *default = value.clone();
    }
    Ok(all)
}

/// Whether a value has the type of another; a list, the types of its elements.
fn is_like(default: &Json, value: &Json) -> bool {
    match (default, value) {
        (Json::Array(a), Json::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_like(a, b))
        }
        (a, b) => std::mem::discriminant(a) == std::mem::discriminant(b),
    }
}
