//! The contents of prompt files: bytes within limits, and tensors written by `torch.save`.

use crate::{Error, Result};
use compt_base::files::{bounded as whole, intact};
use compt_core::tensor::{Others, pickle};
use compt_error::Context;
use std::fs;
use std::path::Path;
use tch::Tensor;

/// The maximum size of a prompt file.
const LARGEST: u64 = 1 << 30;

/// The tensors written by `torch.save`, and the names of other entries.
pub struct Pickled {
    pub tensors: Vec<(String, Tensor)>,
    pub others: Others,
}

/// The tensors of a file written by `torch.save`: a single one, or those of a dictionary.
pub(crate) fn pickled(path: &Path) -> Result<Pickled> {
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

/// How to convert a `torch.save` file that contains other objects.
pub fn conversion(path: &Path) -> String {
    format!(
        "if you trust its source: python -c \"import torch; from safetensors.torch import save_file; \
         x = torch.load('{}', map_location='cpu', weights_only=False); \
         save_file({{'prompt': x.detach().float().contiguous()}}, 'prompt.safetensors')\", where x must be \
         the tensor [rows, width] of the prompt",
        path.display()
    )
}

/// A file's bytes; an error if there are too many for prompts.
pub fn content(path: &Path) -> Result<Vec<u8>> {
    bounded(path, LARGEST)
}

/// A file's bytes; an error if there are more than `most`.
pub fn bounded(path: &Path, most: u64) -> Result<Vec<u8>> {
    if !intact::is_there(path)? {
        return Err(Error::new("No such file or directory").at(path.display()));
    }
    let found = fs::metadata(path).at(path.display())?;
    if found.len() > most {
        let what = format!("{} bytes are too many for prompts", found.len());
        return Err(Error::new(what).at(path.display()));
    }
    let bytes = whole::read(path, most)?;
    intact::check(&bytes).at(path.display())?;
    Ok(bytes)
}
