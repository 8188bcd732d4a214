//! Prompts as arguments refer to them.

use crate::Result;
use compt_run::exchange::{self, Prompt, Prompts};
use std::path::Path;

/// The prompts that an argument refers to: a path, or a path and one prompt in it.
pub fn named(argument: &str) -> Result<(Prompts, Option<&str>)> {
    match argument.rsplit_once(':') {
        Some((path, name)) if !Path::new(argument).exists() => {
            Ok((exchange::load(Path::new(path))?, Some(name)))
        }
        _ => Ok((exchange::load(Path::new(argument))?, None)),
    }
}

/// The single prompt that an argument refers to.
pub fn one(argument: &str) -> Result<Prompt> {
    let (prompts, name) = named(argument)?;
    prompts.pick(name)
}
