//! Finds the weight files of a folder.

use crate::files::{bounded, intact};
use crate::{Error, Result};
use compt_error::Context;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Safetensors,
    Pickle,
}

/// A single file, and the index of its shards; the first that exists is read.
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

/// The weight files of a folder and their format. Errors: there are none, or an invalid index.
pub fn weight_files(folder: &Path) -> Result<(Vec<PathBuf>, Format)> {
    for (name, format) in NAMES {
        let path = folder.join(name);
        if intact::is_there(&path)? {
            let is_index = name.ends_with(".json");
            return Ok((if is_index { shards(folder, &path)? } else { vec![path] }, format));
        }
    }
    let error = Error::new("no model.safetensors, no pytorch_model.bin and no index of either");
    Err(error.at(folder.display()).hint(in_their_place(folder)))
}

/// The contents of a folder without weights, for an error.
fn in_their_place(folder: &Path) -> String {
    let has = |name: &str| folder.join(name).exists();
    let names = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let of_kind = |name: &String| {
        name.ends_with(".gguf")
            || name.ends_with(".safetensors")
            || matches!(&name[..], "tf_model.h5" | "flax_model.msgpack" | "rust_model.ot")
    };
    let mut others: Vec<String> =
        names.filter_map(|entry| entry.file_name().into_string().ok()).filter(of_kind).collect();
    others.sort();
    if has("adapter_config.json") {
        return "this is an adapter of peft, not a model: load the backbone that its \
                adapter_config.json names, and read the adapter with compt.prompts or \
                compt.methods.lora { given = FOLDER }"
            .to_string();
    }
    match others.is_empty() {
        true => "a backbone folder has config.json, model.safetensors and tokenizer.json".into(),
        false => format!(
            "there is {}: save the model with save_pretrained, which writes model.safetensors",
            others.join(", ")
        ),
    }
}

fn shards(folder: &Path, index: &Path) -> Result<Vec<PathBuf>> {
    let broken =
        |what: String| Error::new(format!("not a shard index: {what}")).at(index.display());
    let length = index.metadata().at(index.display())?.len();
    if length > LONGEST_INDEX {
        return Err(broken(format!("{length} bytes long")));
    }
    let bytes = bounded::read(index, LONGEST_INDEX)?;
    let text = intact::json(&bytes).at(index.display())?;
    let parsed: Index = serde_json::from_slice(text).map_err(|e| broken(e.to_string()))?;
    let shards: BTreeSet<String> = parsed.weight_map.into_values().collect();
    let shard = |shard: String| {
        // A shard must be in the folder itself.
        if Path::new(&shard).file_name().is_none_or(|name| name != shard.as_str()) {
            let what = format!("the shard index names a file outside the folder: {shard}");
            return Err(Error::new(what).at(index.display()));
        }
        let path = folder.join(&shard);
        match intact::is_there(&path)? {
            true => Ok(path),
            false => Err(Error::new(format!("the shard '{shard}' is missing"))
                .at(index.display())
                .hint("download or copy the folder again: it is incomplete")),
        }
    };
    shards.into_iter().map(shard).collect()
}

/// How to convert the pickle in a folder to safetensors.
pub fn conversion(folder: &Path) -> String {
    let folder = folder.display();
    format!(
        "if you trust its source, transformers converts it: python -c \"from transformers import \
         AutoModelForSeq2SeqLM as T; \
         T.from_pretrained('{folder}').save_pretrained('{folder}-safetensors')\""
    )
}
