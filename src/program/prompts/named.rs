//! Prompts as arguments name them.

use crate::Result;
use compt_study::exchange::{self, Prompt, Prompts};
use std::path::Path;

/// Prompts as an argument names them: a path, or a path and one prompt in it.
pub fn named(argument: &str) -> Result<(Prompts, Option<&str>)> {
    match argument.rsplit_once(':') {
        Some((path, name)) if !Path::new(argument).exists() => {
            Ok((exchange::load(Path::new(path))?, Some(name)))
        }
        _ => Ok((exchange::load(Path::new(argument))?, None)),
    }
}

/// The one prompt an argument names.
pub fn one(argument: &str) -> Result<Prompt> {
    let (prompts, name) = named(argument)?;
    prompts.pick(name)
}
