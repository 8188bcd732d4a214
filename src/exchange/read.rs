//! Whatever holds prompts, by its path.

use super::{Note, Prompts, npy, own, peft};
use crate::error::Context;
use crate::run::folder::{CONFIG, runs_in};
use crate::{Error, Result};
use std::fs;
use std::path::Path;

/// A larger file holds no prompts.
const LARGEST: u64 = 1 << 30;

/// Reads a run's folder, a PEFT folder, a `.safetensors` or a `.npy` file. Errors name the file.
pub fn load(path: &Path) -> Result<Prompts> {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    if !path.exists() {
        return Err(Error::new("no such file or folder").at(path.display()));
    }
    if path.is_dir() {
        return match (own::is_run(path), peft::is_adapter(path)) {
            (true, _) => own::read_run(path),
            (_, true) => peft::read(path),
            _ => Err(nothing(path)),
        };
    }
    match ending.as_deref() {
        Some("npy") => {
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            let value = npy::read(path)?;
            let named = vec![(super::long(&name), value)];
            Prompts::new(path.display().to_string(), Note::default(), named).at(path.display())
        }
        Some("safetensors") => own::read(path),
        _ => Err(nothing(path)),
    }
}

fn nothing(path: &Path) -> Error {
    let none = Error::new("no prompts are here").at(path.display());
    if path.join(CONFIG).is_file() {
        return none.hint(
            "the method of this run gives no task a prompt of its own: rows are given what follows from \
             them, or the backbone is changed; `compt eval` evaluates it again",
        );
    }
    match runs_in(path) {
        runs if runs.is_empty() => none.hint(
            "give a run's folder (prompts.safetensors), a PEFT folder (adapter_config.json), a \
             .safetensors or a .npy file",
        ),
        runs => none.hint(format!("there are runs in it: {}", runs.join(", "))),
    }
}

/// A file's bytes, unless there are too many for prompts.
pub fn content(path: &Path) -> Result<Vec<u8>> {
    bounded(path, LARGEST)
}

/// A file's bytes, unless there are more than that.
pub fn bounded(path: &Path, most: u64) -> Result<Vec<u8>> {
    let found = fs::metadata(path).at(path.display())?;
    if !found.is_file() {
        return Err(Error::new("it is no file").at(path.display()));
    }
    if found.len() > most {
        let what = format!("{} bytes are too many for prompts", found.len());
        return Err(Error::new(what).at(path.display()));
    }
    fs::read(path).at(path.display())
}
