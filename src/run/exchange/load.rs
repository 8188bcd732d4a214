//! Loads prompts from any supported file or folder.

use super::contents::{conversion, pickled};
use super::{Note, Prompts, npy, peft, safetensors};
use crate::{Error, Result};
use compt_base::files::{exchange, intact, json::read_json};
use compt_base::notice;
use compt_error::Context;
use compt_study::records::folder::{CONFIG, PROMPTS, RESULT, runs_in};
use std::path::Path;

/// The extensions of `torch.save` files.
const PICKLES: [&str; 4] = [".pt", ".pth", ".bin", ".ckpt"];

/// Reads a run's folder, a PEFT folder, a `.safetensors`, `.npy` or `torch.save` file.
/// Errors: the path does not exist, holds no prompts, or is damaged; the file is named.
pub fn load(path: &Path) -> Result<Prompts> {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    exchange::recover(path).at(path.display())?;
    if !intact::exists(path)? {
        return Err(Error::new("no such file or folder").at(path.display()));
    }
    if path.is_dir() {
        return match (safetensors::is_run(path), peft::is_adapter(path)) {
            (true, _) => safetensors::read_run(path),
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
        Some("safetensors") => safetensors::read(path),
        Some(ending) if PICKLES.iter().any(|known| known[1..] == *ending) => saved_by_torch(path),
        _ => Err(nothing(path)),
    }
}

/// Prompts as ATTEMPT, MPT and others save them: a tensor, a parameter, or a dictionary of them.
fn saved_by_torch(path: &Path) -> Result<Prompts> {
    let found = pickled(path)?;
    if found.others.count > 0 && !found.tensors.is_empty() {
        notice::say(&format!(
            "note: {}: ignored, because it is not a tensor: {}",
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

fn nothing(path: &Path) -> Error {
    let none = Error::new("there are no prompts here").at(path.display());
    if ["model.safetensors", "pytorch_model.bin"].iter().any(|name| path.join(name).exists()) {
        return none.hint("this is a backbone: compt.backbone(FOLDER) reads it");
    }
    if path.join(CONFIG).is_file() {
        return missing(path);
    }
    match runs_in(path) {
        runs if runs.is_empty() => none.hint(
            "use the folder of a run (prompts.safetensors), a PEFT folder (adapter_config.json), a \
             .safetensors, .npy or .pt file",
        ),
        runs => none.hint(format!("there are runs in it: {}", runs.join(", "))),
    }
}

/// Why a run's folder holds no prompts.
fn missing(run: &Path) -> Error {
    let none = Error::new(format!("there is no {PROMPTS}")).at(run.display());
    let method = read_json(&run.join(CONFIG)).unwrap_or_default()["method"].take();
    if !run.join(RESULT).is_file() {
        return none.hint("it is written when the run ends: `compt resume` makes the steps left");
    }
    // A declared method, of which prompts are all that is trained.
    if !method["compose"].is_null() {
        return none
            .hint("the file was removed: `compt resume` writes it again from the checkpoint");
    }
    none.hint(
        "the file was removed, or the method has no prompt per task: its prompts depend on the input, or it changes \
         the backbone; `compt eval` can evaluate it",
    )
}
