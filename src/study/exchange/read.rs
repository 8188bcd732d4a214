//! Whatever holds prompts, by its path.

use super::{Note, Prompts, npy, own, peft};
use crate::run::folder::{CONFIG, runs_in};
use crate::{Error, Result};
use compt_core::tensor::{Others, pickle};
use compt_core::{files::intact, notice};
use compt_error::Context;
use std::fs;
use std::path::Path;
use tch::Tensor;

/// A larger file holds no prompts.
const LARGEST: u64 = 1 << 30;

/// The endings of files of `torch.save`.
const PICKLES: [&str; 4] = [".pt", ".pth", ".bin", ".ckpt"];

/// Reads a run's folder, a PEFT folder, a `.safetensors`, `.npy` or `torch.save` file. Errors name the
/// file.
pub fn load(path: &Path) -> Result<Prompts> {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    if !intact::exists(path)? {
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
        Some(ending) if PICKLES.iter().any(|known| known[1..] == *ending) => saved_by_torch(path),
        _ => Err(nothing(path)),
    }
}

/// Tensors that `torch.save` wrote, and the names of what is none.
pub struct Pickled {
    pub tensors: Vec<(String, Tensor)>,
    pub others: Others,
}

/// The tensors of a file that `torch.save` wrote: one alone, or of a dictionary.
pub fn pickled(path: &Path) -> Result<Pickled> {
    let bytes = content(path)?;
    let read = || -> Result<Pickled> {
        let found = pickle::all(&bytes)?;
        let tensors = found.tensors.into_iter().map(|(name, stored)| {
            let place = if name.is_empty() { "the tensor" } else { &name };
            stored.check_kind().map_err(|e| e.at(place))?;
            Ok((name, stored.tensor(&bytes)?))
        });
        Ok(Pickled { tensors: tensors.collect::<Result<_>>()?, others: found.others })
    };
    read().map_err(|e| match e.to_string().contains("refused") {
        true => e.at(path.display()).hint(conversion(path)),
        false => e.at(path.display()),
    })
}

/// Prompts as ATTEMPT, MPT and others save them: a tensor, a parameter, or a dictionary of them.
fn saved_by_torch(path: &Path) -> Result<Prompts> {
    let found = pickled(path)?;
    if found.others.count > 0 && !found.tensors.is_empty() {
        notice::say(&format!(
            "note: {}: not read, as it is no tensor: {}",
            path.display(),
            found.others.list()
        ));
    }
    if found.tensors.is_empty() {
        let what = match found.others.count {
            0 => "there is no tensor in it".to_string(),
            _ => format!("there is no tensor in it, but {}", found.others.list()),
        };
        return Err(Error::new(what).at(path.display()).hint(conversion(path)));
    }
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let named = found
        .tensors
        .into_iter()
        .map(|(name, tensor)| (super::long(if name.is_empty() { &stem } else { &name }), tensor));
    Prompts::new(path.display().to_string(), Note::default(), named.collect())
        .map_err(|e| e.at(path.display()).hint(conversion(path)))
}

/// What makes another file of one that `torch.save` wrote with more than tensors in it.
fn conversion(path: &Path) -> String {
    format!(
        "if you trust its source: python -c \"import torch; from safetensors.torch import save_file; \
         x = torch.load('{}', map_location='cpu', weights_only=False); \
         save_file({{'prompt': x.detach().float().contiguous()}}, 'prompt.safetensors')\", where x must be \
         the tensor [rows, width] of the prompt",
        path.display()
    )
}

fn nothing(path: &Path) -> Error {
    let none = Error::new("no prompts are here").at(path.display());
    if ["model.safetensors", "pytorch_model.bin"].iter().any(|name| path.join(name).exists()) {
        return none.hint("this is a backbone: compt.backbone(FOLDER) reads it");
    }
    if path.join(CONFIG).is_file() {
        return none.hint(
            "the method of this run gives no task a prompt of its own: rows are given what follows from \
             them, or the backbone is changed; `compt eval` evaluates it again",
        );
    }
    match runs_in(path) {
        runs if runs.is_empty() => none.hint(
            "give a run's folder (prompts.safetensors), a PEFT folder (adapter_config.json), a \
             .safetensors, .npy or .pt file",
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
    if !intact::is_there(path)? {
        return Err(Error::new("No such file or directory").at(path.display()));
    }
    let found = fs::metadata(path).at(path.display())?;
    if found.len() > most {
        let what = format!("{} bytes are too many for prompts", found.len());
        return Err(Error::new(what).at(path.display()));
    }
    let bytes = fs::read(path).at(path.display())?;
    intact::check(&bytes).at(path.display())?;
    Ok(bytes)
}
