//! The optimizer of a trainer or its method.

use super::method::recorded_part;
use crate::data;
use crate::failure::error_of;
use crate::types::defined::Own;
use crate::types::optimizer::{Says, make};
use compt_base::options::Variant;
use compt_core::train::optimizer::{self, Group, Optimizer};
use compt_run::steering::PartFile;
use compt_study::records::events::Role;
use mlua::{Lua, Value};

pub struct Chosen {
    pub optimizer: Box<dyn Optimizer>,
    /// The file of a user-defined one.
    pub file: Option<Box<dyn PartFile>>,
    /// Why only the script can make it.
    pub of_script: Option<String>,
}

/// The name of an optimizer, `{ kind, options of that kind }`, or one as `compt.optimizer.define` takes it, tried out on
/// tensors like these; nil is the default.
pub fn optimizer(lua: &Lua, value: &Value, groups: &[Group]) -> mlua::Result<Chosen> {
    if let Some(own) = Own::<Says>::choice(lua, value).map_err(|e| error_of(&e).at("optimizer"))? {
        let recorded = recorded_part(lua, Role::Optimizer, &own.name)?;
        let made = make(&own, lua, recorded)?;
        return Ok(Chosen {
            optimizer: made.optimizer(),
            file: made.try_out(lua, groups)?,
            of_script: own.is_of_script().then(|| own.why_of_script()),
        });
    }
    let variant = match value {
        Value::Nil => Variant::of(optimizer::DEFAULT),
        value => {
            let value = data::plain(value).map_err(|e| e.at("optimizer"))?;
            Variant::read(&value, "optimizer", None)?
        }
    };
    Ok(Chosen { optimizer: optimizer::make(&variant)?, file: None, of_script: None })
}
