//! The optimizer of a trainer or its method.

use crate::data;
use compt_base::options::Variant;
use compt_core::train::optimizer::{self, Optimizer};
use mlua::Value;

/// The name of an optimizer, or `{ kind, options of that kind }`; nil is the default.
pub fn optimizer(value: &Value) -> mlua::Result<Box<dyn Optimizer>> {
    let variant = match value {
        Value::Nil => Variant::of(optimizer::DEFAULT),
        value => {
            let value = data::plain(value).map_err(|e| e.at("optimizer"))?;
            Variant::read(&value, "optimizer", None)?
        }
    };
    Ok(optimizer::make(&variant)?)
}
