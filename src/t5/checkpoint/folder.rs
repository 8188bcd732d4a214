//! Which files of a folder hold the weights.

use crate::{Error, Result, error::Context};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Safetensors,
    Pickle,
}

/// A whole file, and the index of its shards; the first that is there is read.
const NAMES: [(&str, Format); 4] = [
    ("model.safetensors", Format::Safetensors),
    ("model.safetensors.index.json", Format::Safetensors),
    ("pytorch_model.bin", Format::Pickle),
    ("pytorch_model.bin.index.json", Format::Pickle),
];

/// T5-11b's index is 50 KB.
const LONGEST_INDEX: u64 = 4 << 20;

#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

pub fn weight_files(folder: &Path) -> Result<(Vec<PathBuf>, Format)> {
    for (name, format) in NAMES {
        let path = folder.join(name);
        if path.is_file() {
            let is_index = name.ends_with(".json");
            return Ok((if is_index { shards(folder, &path)? } else { vec![path] }, format));
        }
    }
    let error = Error::new("no model.safetensors, no pytorch_model.bin and no index of either");
    Err(error
        .at(folder.display())
        .hint("a backbone folder holds config.json, model.safetensors and tokenizer.json"))
}

fn shards(folder: &Path, index: &Path) -> Result<Vec<PathBuf>> {
    let broken =
        |what: String| Error::new(format!("not a shard index: {what}")).at(index.display());
    let length = index.metadata().at(index.display())?.len();
    if length > LONGEST_INDEX {
        return Err(broken(format!("{length} bytes long")));
    }
    let text = std::fs::read_to_string(index).at(index.display())?;
    let parsed: Index = serde_json::from_str(&text).map_err(|e| broken(e.to_string()))?;
    let shards: BTreeSet<String> = parsed.weight_map.into_values().collect();
    let shard = |shard: String| {
        // A shard lies in the folder itself, whatever the index says.
        match Path::new(&shard).file_name().is_some_and(|name| name == shard.as_str()) {
            true => Ok(folder.join(shard)),
            false => {
                Err(Error::new(format!("the shard index names a file outside the folder: {shard}"))
                    .at(index.display()))
            }
        }
    };
    shards.into_iter().map(shard).collect()
}

/// What makes safetensors of the pickle in a folder.
pub fn conversion(folder: &Path) -> String {
    let folder = folder.display();
    format!(
        "if you trust its source, transformers converts it: python -c \"from transformers import \
         T5ForConditionalGeneration as T; \
         T.from_pretrained('{folder}').save_pretrained('{folder}', safe_serialization=True)\""
    )
}
