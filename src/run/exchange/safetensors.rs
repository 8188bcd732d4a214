//! The native format of prompt files: safetensors with a note in the header.

use super::{NOTE, Note, Prompt, Prompts, long, note::VERSION};
use crate::{Error, Result};
use compt_base::files::atomic::write_atomic;
use compt_base::files::json::read_json;
use compt_core::tensor::file;
use compt_error::Context;
use compt_study::records::folder::PROMPTS;
use serde_json::Value;
use std::path::Path;
use tch::Tensor;

/// The prefix of the router's tensors in a run's file.
const ROUTER: &str = "router.";

/// Writes a run's prompts `[m, d]`, and the learned parameters of its router.
/// Errors: the file cannot be written; it is named.
pub fn from_run(folder: &Path, tensors: &[(String, Tensor)], note: &Note) -> Result<()> {
    write(&folder.join(PROMPTS), tensors, note)
}

/// Writes prompts with their names. Errors: the file cannot be written; it is named.
pub fn save(path: &Path, prompts: &[Prompt]) -> Result<()> {
    let note = Note::of_all(prompts.iter().map(|prompt| &prompt.note));
    let tensors: Vec<(String, Tensor)> =
        prompts.iter().map(|p| (long(&p.name), p.value.shallow_clone())).collect();
    write(path, &tensors, &note)
}

fn write(path: &Path, tensors: &[(String, Tensor)], note: &Note) -> Result<()> {
    let bytes = || -> Result<Vec<u8>> {
        let note = serde_json::to_string(note).map_err(|e| Error::new(e.to_string()))?;
        file::serialize_labelled(tensors, vec![(NOTE, note)])
    };
    write_atomic(path, &bytes().at(path.display())?)
}

/// Whether a folder is a run with prompts.
pub fn is_run(folder: &Path) -> bool {
    folder.join(PROMPTS).is_file()
}

/// Reads a run's folder; metadata that an older run's file lacks is read from its records. Errors: as
/// in `read`.
pub fn read_run(folder: &Path) -> Result<Prompts> {
    let mut prompts = read(&folder.join(PROMPTS))?;
    prompts.place = folder.display().to_string();
    if prompts.note == Note::default()
        && let Ok(config) = read_json(&folder.join("config.json"))
    {
        let result = read_json(&folder.join("result.json")).unwrap_or(Value::Null);
        prompts.note = Note::of_run(&config, &result);
    }
    Ok(prompts)
}

/// Reads a file; without a note the prompts have no metadata. Errors: it cannot be read or holds no
/// prompts; it is named.
pub fn read(path: &Path) -> Result<Prompts> {
    let bytes = super::contents::content(path)?;
    let read = || -> Result<Prompts> {
        let (tensors, note) = file::deserialize_with(&bytes, NOTE)?;
        let note: Note = match note {
            Some(text) => serde_json::from_str(&text)
                .map_err(|e| Error::new(format!("its metadata cannot be read: {e}")))?,
            None => Note::default(),
        };
        if note.version > VERSION {
            return Err(Error::new(format!("its metadata has version {}", note.version))
                .hint(format!("this program reads version {VERSION}: a newer one is needed")));
        }
        let prompts = tensors.into_iter().filter(|(name, _)| !name.starts_with(ROUTER)).collect();
        Prompts::new(path.display().to_string(), note, prompts)
    };
    read().at(path.display())
}
