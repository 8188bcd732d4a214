//! Folders of transformers' `peft`: `adapter_config.json` and `adapter_model.safetensors`.

mod config;
mod export;
mod import;
mod lora;

pub use config::Kind;
pub use export::{Export, write, write_all};
pub use import::read;
pub use lora::LowRank;

use std::path::Path;

const CONFIG: &str = "adapter_config.json";
const MODEL: &str = "adapter_model.safetensors";
/// The tensors of older versions, pickled.
const PICKLED: &str = "adapter_model.bin";

/// What peft wants a file of tensors to say of itself.
const LABEL: (&str, &str) = ("format", "pt");

/// The names of the tensors.
const EMBEDDINGS: &str = "prompt_embeddings";
const COLUMNS: &str = "prefix_task_cols";
const ROWS: &str = "prefix_task_rows";

/// Whether a folder looks like one of peft.
pub fn is_adapter(folder: &Path) -> bool {
    [CONFIG, MODEL, PICKLED].iter().any(|name| folder.join(name).exists())
}
