//! `compt.prompts`: loading and saving of prompts.

mod collection;
mod prompt;

pub use collection::LuaPrompts;
pub use prompt::LuaPrompt;

use super::LuaBackbone;
use crate::options::{Options, kind};
use crate::{Error, Result};
use crate::{call, object};
use compt_run::exchange::{self, Base, merge, peft};
use mlua::{Lua, Table, Value};
use std::path::Path;

pub fn register(lua: &Lua, compt: &Table) -> mlua::Result<()> {
    let table = lua.create_table()?;
    table.set("load", call::function(lua, "compt.prompts.load", load)?)?;
    table.set(
        "import_peft",
        call::function(lua, "compt.prompts.import_peft", |_, folder: String| {
            Ok(LuaPrompts::new(peft::read(Path::new(&folder))?))
        })?,
    )?;
    table.set("merge", call::function(lua, "compt.prompts.merge", merged)?)?;
    compt.set("prompts", table)
}

/// `load(path, { backbone, force })`
fn load(lua: &Lua, (path, options): (String, Value)) -> mlua::Result<LuaPrompts> {
    let o = Options::new("compt.prompts.load", options)?;
    let backbone: Option<LuaBackbone> = o.object(lua, "backbone")?;
    let force: bool = o.get_or(lua, "force", false)?;
    o.finish()?;
    let prompts = exchange::load(Path::new(&path))?;
    if let Some(backbone) = backbone {
        prompts.check_fit(&base(&backbone)?, force)?;
    }
    Ok(LuaPrompts::new(prompts))
}

/// The description of a backbone in a prompt file.
pub fn base(backbone: &LuaBackbone) -> Result<Base> {
    let b = backbone.0.borrow();
    let config = b.model.model_config();
    Ok(Base {
        name: b.name.clone(),
        revision: b.revision.clone(),
        fingerprint: b.fingerprint()?,
        d_model: Some(config.d_model),
        num_layers: Some(config.num_layers),
        num_heads: Some(config.num_heads),
    })
}

/// `merge { { prompt, weight }, ... }`
fn merged(lua: &Lua, list: Table) -> mlua::Result<LuaPrompt> {
    const CALL: &str = "compt.prompts.merge";
    let wrong = |i: usize, what: String| -> mlua::Error {
        Error::new(format!("entry {i} must be {{ prompt, weight }}: {what}")).at(CALL).into()
    };
    let mut parts = Vec::new();
    for (i, entry) in list.sequence_values::<Value>().enumerate() {
        let entry = entry?;
        let Some(pair) = entry.as_table() else {
            return Err(wrong(i + 1, format!("it is a {}", kind(&entry))));
        };
        let (first, second): (Value, Value) = (pair.get(1)?, pair.get(2)?);
        let Some(prompt) = object::take::<LuaPrompt>(&first) else {
            return Err(wrong(i + 1, format!("its first is a {}", kind(&first))));
        };
        let weight: f64 = lua
            .unpack(second.clone())
            .map_err(|_| wrong(i + 1, format!("its second is a {}", kind(&second))))?;
        parts.push((prompt.copy(), weight));
    }
    Ok(LuaPrompt::new(merge::merge("merged", &parts).map_err(|e| e.at(CALL))?))
}
