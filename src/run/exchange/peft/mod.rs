//! Folders of Hugging Face's `peft`: `adapter_config.json` and `adapter_model.safetensors`.

mod card;
mod config;
mod export;
mod import;
mod lora;

pub use card::Card;
pub use config::PeftType;
pub use export::{Export, write, write_all};
pub use import::read;
pub use lora::LowRank;

use super::contents::{content, pickled as read_pickled};
use crate::{Error, Result};
use compt_base::files::intact;
use compt_core::tensor::file;
use compt_error::Context;
use std::path::{Path, PathBuf};
use tch::Tensor;

const CONFIG: &str = "adapter_config.json";
const MODEL: &str = "adapter_model.safetensors";
/// The pickled tensors of older versions.
const PICKLED: &str = "adapter_model.bin";

/// The metadata that peft requires in a tensor file.
const LABEL: (&str, &str) = ("format", "pt");

/// The names of the tensors.
const EMBEDDINGS: &str = "prompt_embeddings";
const COLUMNS: &str = "prefix_task_cols";
const ROWS: &str = "prefix_task_rows";

/// Whether a folder is a PEFT folder.
pub(crate) fn is_adapter(folder: &Path) -> bool {
    [CONFIG, MODEL, PICKLED].iter().any(|name| folder.join(name).exists())
}

/// The tensors of a folder, in the current or the older format, and their file.
fn tensors(folder: &Path) -> Result<(PathBuf, Vec<(String, Tensor)>)> {
    let (model, pickled) = (folder.join(MODEL), folder.join(PICKLED));
    if !intact::is_there(&model)? && intact::is_there(&pickled)? {
        let found = read_pickled(&pickled)?;
        return match found.others.count {
            0 => Ok((pickled, found.tensors)),
            _ => Err(Error::new(format!(
                "it contains an object that is not a tensor: {}",
                found.others.list()
            ))
            .at(pickled.display())),
        };
    }
    let tensors =
        content(&model).and_then(|bytes| file::deserialize(&bytes).at(model.display()))?;
    Ok((model, tensors))
}
