//! The optimizer a trainer or its method names.

use crate::Error;
use crate::options::Options;
use compt_core::train::optimizer::{
    Adafactor, AdafactorOptions, AdamW, AdamWOptions, Optimizer, RmsScale,
};
use mlua::{Lua, Value};

/// "adamw" | "adafactor", or { kind, options of that kind }.
pub fn optimizer(lua: &Lua, value: &Value) -> mlua::Result<Box<dyn Optimizer>> {
    let o = match value {
        Value::Nil => return Ok(Box::new(AdamW::new(AdamWOptions::default()))),
        Value::String(name) => {
            let table = lua.create_table()?;
            table.set("kind", name)?;
            Options::new("optimizer", Value::Table(table))?
        }
        table => Options::new("optimizer", table.clone())?,
    };
    let kind: String = o.need(lua, "kind")?;
    let optimizer: Box<dyn Optimizer> = match kind.as_str() {
        "adamw" => {
            let default = AdamWOptions::default();
            let betas: Vec<f64> = o.get_or(lua, "betas", vec![default.betas.0, default.betas.1])?;
            let [beta1, beta2] = betas[..] else {
                return Err(o.error("'betas' must be two numbers".into()));
            };
            let scaled: bool = o.get_or(lua, "scale_by_rms", false)?;
            Box::new(AdamW::new(AdamWOptions {
                betas: (beta1, beta2),
                eps: o.get_or(lua, "eps", default.eps)?,
                scale_by_rms: scaled.then(RmsScale::default),
            }))
        }
        "adafactor" => {
            let default = AdafactorOptions::default();
            Box::new(Adafactor::new(AdafactorOptions {
                scale_parameter: o.get_or(lua, "scale_parameter", default.scale_parameter)?,
                decay_rate: o.get_or(lua, "decay_rate", default.decay_rate)?,
                clip_threshold: o.get_or(lua, "clip_threshold", default.clip_threshold)?,
                ..default
            }))
        }
        _ => return Err(Error::unknown("optimizer", &kind, ["adamw", "adafactor"]).into()),
    };
    o.finish()?;
    Ok(optimizer)
}
