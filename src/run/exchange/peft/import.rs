//! Imports prompts from a PEFT folder.

use super::config::{Config, PeftType};
use super::{COLUMNS, CONFIG, EMBEDDINGS, ROWS, tensors};
use crate::exchange::contents::content;
use crate::exchange::{NOTE, Note, Prompts, checked, long, short};
use crate::{Error, Result};
use compt_base::notice;
use compt_core::tensor::file;
use compt_error::Context;
use std::path::Path;
use tch::{Kind, Tensor};

/// The number of elements by which prompts may exceed twice those of their file.
const MOST: i64 = 8 << 20;

/// Reads a folder: one prompt with the folder's name, or `task0`, `task1` ... for several tasks.
/// Errors name the file.
pub fn read(folder: &Path) -> Result<Prompts> {
    let config = Config::read(&folder.join(CONFIG))?;
    let (model_path, tensors) = tensors(folder)?;
    let (prompts, spare) = prompts(&config, &tensors).at(model_path.display())?;
    if spare {
        notice::say(&spare_rows(folder, &config));
    }
    let written = match config.kind {
        PeftType::Multitask => written(&model_path, prompts.len()),
        _ => None,
    };
    let named: Vec<(String, Tensor)> = match (config.kind, &written) {
        (PeftType::Multitask, Some(note)) => {
            note.tasks.iter().map(|task| long(task)).zip(prompts).collect()
        }
        (PeftType::Multitask, None) => {
            let numbered = prompts.into_iter().enumerate();
            numbered.map(|(i, prompt)| (long(&format!("task{i}")), prompt)).collect()
        }
        _ => prompts.into_iter().map(|prompt| (long(&name(folder)), prompt)).collect(),
    };
    let note = written.unwrap_or_else(|| Note {
        version: 1,
        method: Some(config.kind.name().to_lowercase()),
        placement: Some("prepend".into()),
        backbone: config.backbone,
        tasks: named.iter().map(|(name, _)| short(name).to_string()).collect(),
        ..Note::default()
    });
    Prompts::new(folder.display().to_string(), note, named).at(model_path.display())
}

/// The metadata of several prompts that this program exported; peft's own files have none.
fn written(path: &Path, tasks: usize) -> Option<Note> {
    let (_, text) = file::deserialize_with(&content(path).ok()?, NOTE).ok()?;
    let note: Note = serde_json::from_str(&text?).ok()?;
    (note.tasks.len() == tasks).then_some(note)
}

/// The note on rows for the decoder: peft uses them only for multi-task prompts, and only in `forward`.
fn spare_rows(folder: &Path, config: &Config) -> String {
    let read = match config.kind {
        PeftType::Multitask => "peft's generate reads only these, its forward the others, too",
        _ => "peft reads only these",
    };
    format!(
        "note: {}: it has rows for the decoder, too (num_transformer_submodules = 2); the first {} \
         are used: {read}",
        folder.display(),
        config.length
    )
}

fn name(folder: &Path) -> String {
    let whole = folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf());
    whole.file_name().map_or("prompt".into(), |name| name.to_string_lossy().into_owned())
}

/// The prompts `[n, d]`, and whether rows were left out.
fn prompts(config: &Config, tensors: &[(String, Tensor)]) -> Result<(Vec<Tensor>, bool)> {
    let get = |name: &str| -> Result<Tensor> {
        let found = tensors.iter().find(|tensor| tensor.0 == name);
        let found = found.ok_or_else(|| Error::new(format!("there is no tensor '{name}'")))?;
        Ok(found.1.f_to_kind(Kind::Float)?)
    };
    let n = config.length;
    let all = checked(&get(EMBEDDINGS)?).at(format!("'{EMBEDDINGS}'"))?;
    let [rows, width] = all.size()[..] else { unreachable!("checked above") };
    let wanted = match config.submodules {
        Some(parts) => n * parts,
        None if rows == n => n,
        None => 2 * n,
    };
    if rows != wanted || config.width.is_some_and(|d| d != width) {
        let d = config.width.unwrap_or(width);
        return Err(Error::new(format!(
            "'{EMBEDDINGS}' is [{rows}, {width}] where {CONFIG} says [{wanted}, {d}]"
        )));
    }
    let shared = all.f_narrow(0, 0, n)?;
    if config.kind != PeftType::Multitask {
        return Ok((vec![shared.f_contiguous()?], rows > n));
    }
    let (columns, factors) = (get(COLUMNS)?, get(ROWS)?);
    let (c, r) = (columns.size(), factors.size());
    let fits = c.len() == 3
        && r.len() == 3
        && (c[0], c[1], c[2]) == (r[0], rows, r[1])
        && r[2] == width
        && c[0] > 0;
    if !fits {
        return Err(Error::new(format!(
            "'{COLUMNS}' is {c:?} and '{ROWS}' {r:?}, which do not match prompts [{rows}, {width}]"
        )));
    }
    // Factors in the file expand to larger prompts.
    let (full, file) = (c[0] * n * width, all.numel() + columns.numel() + factors.numel());
    if full > 2 * file as i64 + MOST {
        return Err(Error::new(format!("{} prompts of [{n}, {width}] are too many at once", c[0])));
    }
    let own = columns.f_narrow(1, 0, n)?.f_matmul(&factors)?;
    Ok((shared.f_unsqueeze(0)?.f_mul(&own)?.f_unbind(0)?, rows > n))
}
