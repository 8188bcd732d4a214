//! Exports prompts to a PEFT folder.

use super::card::{CARD, Card};
use super::config::{PeftType, text};
use super::{COLUMNS, CONFIG, EMBEDDINGS, LABEL, MODEL, PICKLED, ROWS, is_adapter};
use crate::exchange::{Base, NOTE, Note, Prompt};
use crate::{Error, Result};
use compt_base::files::exchange;
use compt_core::tensor::file;
use compt_error::Context;
use std::path::Path;
use tch::{Device, Kind, Tensor};

/// The options of an export.
#[derive(Debug, Clone, Copy, Default)]
pub struct Export {
    /// Also export prompts that were trained after the input.
    pub force: bool,
    /// Replace an existing adapter.
    pub overwrite: bool,
}

/// Writes one prompt. Errors: the prompt does not fit the type, or the folder cannot be written.
pub fn write(folder: &Path, prompt: &Prompt, kind: PeftType, how: Export) -> Result<()> {
    let tensors = vec![(EMBEDDINGS.to_string(), prompt.value.shallow_clone())];
    put(folder, &[prompt], kind, tensors, how)
}

/// Writes several prompts of one shape as a multi-task prompt: the shared prompt is all ones,
/// so that each is reproduced exactly. Errors: prompts of different shapes, or a write error.
pub fn write_all(folder: &Path, prompts: &[Prompt], how: Export) -> Result<()> {
    let Some(first) = prompts.first() else {
        return Err(Error::new("there is no prompt of a task").at(folder.display()));
    };
    let size = first.value.size();
    if let Some(other) = prompts.iter().find(|prompt| prompt.value.size() != size) {
        return Err(Error::new(format!(
            "'{}' is {size:?}, '{}' {:?}: all prompts of a folder must have the same shape",
            first.name,
            other.name,
            other.value.size()
        ))
        .at(folder.display()));
    }
    let (n, tasks, options) = (size[0], prompts.len() as i64, (Kind::Float, Device::Cpu));
    let columns = Tensor::f_eye(n, options)?.f_repeat([tasks, 1, 1])?;
    let values: Vec<&Tensor> = prompts.iter().map(|prompt| &prompt.value).collect();
    let tensors = vec![
        (EMBEDDINGS.to_string(), Tensor::f_ones(&size, options)?),
        (COLUMNS.to_string(), columns),
        (ROWS.to_string(), Tensor::f_stack(&values, 0)?),
    ];
    let all: Vec<&Prompt> = prompts.iter().collect();
    put(folder, &all, PeftType::Multitask, tensors, how)
}

fn put(
    folder: &Path,
    prompts: &[&Prompt],
    kind: PeftType,
    tensors: Vec<(String, Tensor)>,
    how: Export,
) -> Result<()> {
    check(prompts, how).at(folder.display())?;
    let base = Base {
        d_model: Some(prompts[0].d_model()),
        ..prompts[0].note.backbone.clone().unwrap_or_default()
    };
    let config = text(kind, prompts[0].length(), prompts.len(), &base);
    let (length, width) = (prompts[0].length(), prompts[0].d_model());
    let card = Card {
        tag: kind.name().to_lowercase().replace('_', "-"),
        content: match prompts.len() {
            1 => format!("A soft prompt of {length} rows and width {width}."),
            many => {
                format!("{many} soft prompts of {length} rows and width {width}, one per task.")
            }
        },
        base: &base,
        tasks: prompts.iter().map(|prompt| (prompt.name.as_str(), &prompt.note)).collect(),
    };
    // peft's files of one prompt have no further metadata.
    let note = (prompts.len() > 1).then(|| Note::of_all(prompts.iter().map(|prompt| &prompt.note)));
    write_folder(folder, &tensors, &config, note.as_ref(), &card, how.overwrite)
}

/// Writes the files of a folder, which has all old files or all new ones at any time.
pub(super) fn write_folder(
    folder: &Path,
    tensors: &[(String, Tensor)],
    config: &str,
    note: Option<&Note>,
    card: &Card,
    overwrite: bool,
) -> Result<()> {
    exchange::recover(folder).at(folder.display())?;
    if is_adapter(folder) && !overwrite {
        return Err(Error::new("there is an adapter in this folder")
            .at(folder.display())
            .hint("overwrite = true (--overwrite) replaces it"));
    }
    let mut labels = vec![(LABEL.0, LABEL.1.to_string())];
    if let Some(note) = note {
        labels.push((NOTE, serde_json::to_string(note).map_err(|e| Error::new(e.to_string()))?));
    }
    let bytes = file::serialize_labelled(tensors, labels).at(folder.join(MODEL).display())?;
    let card = card.text(folder);
    let mut files = vec![(MODEL, &bytes[..]), (CONFIG, config.as_bytes())];
    files.extend(card.as_ref().map(|text| (CARD, text.as_bytes())));
    exchange::write_folder(folder, &files, &[PICKLED])
}

/// peft puts prompts before the input.
fn check(prompts: &[&Prompt], how: Export) -> Result<()> {
    let behind = prompts.iter().find(|p| p.note.placement.as_deref() == Some("append"));
    match behind.filter(|_| !how.force) {
        Some(prompt) => Err(Error::new(format!(
            "the prompt '{}' was trained after the input; peft places prompts before it",
            prompt.name
        ))
        .hint(
            "train with placement = \"prepend\"; force = true (--force) exports it anyway, but its scores will differ",
        )),
        None => Ok(()),
    }
}
