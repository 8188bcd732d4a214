//! Checkpoint folders: `config.json` beside `model.safetensors`, in one file or sharded.

use super::{config::Config, parameters::Parameters};
use crate::{Error, Result, error::Context};
use memmap2::Mmap;
use safetensors::{Dtype, SafeTensors};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use tch::{Device, Kind, Tensor};

const SINGLE: &str = "model.safetensors";
const INDEX: &str = "model.safetensors.index.json";

/// Reads the configuration and the parameters of a folder, the latter as `kind` on `device`.
pub fn read(folder: &Path, kind: Kind, device: Device) -> Result<(Config, Parameters)> {
    if !folder.is_dir() {
        return Err(Error::new("no such folder").at(folder.display()));
    }
    let config = Config::read(&folder.join("config.json"))?;
    let files = open(&weight_files(folder)?)?;
    let mut views = BTreeMap::new();
    for (path, mmap) in &files {
        let tensors = SafeTensors::deserialize(mmap).map_err(|e| damaged(path, &e))?;
        for name in tensors.names() {
            let view = tensors.tensor(name).map_err(|e| damaged(path, &e))?;
            views.insert(name.to_string(), (path, view));
        }
    }
    let parameters = Parameters::collect(&config, |name| {
        // Some checkpoints of tied models hold the table only under the encoder's name.
        let alias = (name == "shared.weight").then_some("encoder.embed_tokens.weight");
        let Some((path, view)) = views.get(name).or_else(|| views.get(alias?)) else {
            return Ok(None);
        };
        let tensor = to_tensor(view.dtype(), view.shape(), view.data(), kind, device)
            .at(format!("{}: '{name}'", path.display()))?;
        Ok(Some(tensor))
    })
    .map_err(|e| e.at(folder.display()))?;
    Ok((config, parameters))
}

/// Reads an embedded checkpoint.
pub fn from_bytes(
    config: &str,
    weights: &[u8],
    kind: Kind,
    device: Device,
) -> Result<(Config, Parameters)> {
    let config = Config::parse(config)?;
    let tensors = SafeTensors::deserialize(weights)
        .map_err(|e| Error::new(format!("damaged embedded weights: {e}")))?;
    let parameters = Parameters::collect(&config, |name| match tensors.tensor(name) {
        Ok(view) => to_tensor(view.dtype(), view.shape(), view.data(), kind, device).map(Some),
        Err(_) => Ok(None),
    })?;
    Ok((config, parameters))
}

fn damaged(path: &Path, e: &safetensors::SafeTensorError) -> Error {
    Error::new(format!("damaged or truncated safetensors file: {e}"))
        .at(path.display())
        .hint("fetch or copy the file again")
}

#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

fn weight_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let single = folder.join(SINGLE);
    if single.is_file() {
        return Ok(vec![single]);
    }
    let index = folder.join(INDEX);
    if index.is_file() {
        let text = std::fs::read_to_string(&index).at(index.display())?;
        let parsed: Index = serde_json::from_str(&text)
            .map_err(|e| Error::new(format!("not a shard index: {e}")).at(index.display()))?;
        let shards: BTreeSet<String> = parsed.weight_map.into_values().collect();
        return shards.into_iter().map(|shard| shard_path(folder, &shard)).collect();
    }
    let error = Error::new(format!("no {SINGLE} and no {INDEX}")).at(folder.display());
    Err(if folder.join("pytorch_model.bin").is_file() {
        error.hint(
            "only pytorch_model.bin is there, a pickle, which is not read; save the model with \
             transformers' save_pretrained(folder, safe_serialization=True)",
        )
    } else {
        error.hint("a backbone folder holds config.json, model.safetensors and tokenizer.json")
    })
}

/// A shard lies in the folder itself, whatever the index says.
fn shard_path(folder: &Path, shard: &str) -> Result<PathBuf> {
    if Path::new(shard).file_name().is_none_or(|name| name != shard) {
        return Err(Error::new(format!(
            "the shard index names a file outside the folder: {shard}"
        ))
        .at(folder.display()));
    }
    Ok(folder.join(shard))
}

fn open(paths: &[PathBuf]) -> Result<Vec<(PathBuf, Mmap)>> {
    paths
        .iter()
        .map(|path| {
            let file = std::fs::File::open(path).at(path.display())?;
            // SAFETY: the map is read only, for the time of loading; a file cut short meanwhile
            // would fault, as with every memory-mapped loader.
            let mmap = unsafe { Mmap::map(&file) }.at(path.display())?;
            Ok((path.clone(), mmap))
        })
        .collect()
}

fn to_tensor(
    dtype: Dtype,
    shape: &[usize],
    data: &[u8],
    kind: Kind,
    device: Device,
) -> Result<Tensor> {
    let stored = match dtype {
        Dtype::F32 => Kind::Float,
        Dtype::F16 => Kind::Half,
        Dtype::BF16 => Kind::BFloat16,
        Dtype::F64 => Kind::Double,
        other => return Err(Error::new(format!("weights of type {other:?} are not read"))),
    };
    let shape: Vec<i64> = shape.iter().map(|&n| n as i64).collect();
    let tensor = Tensor::f_from_data_size(data, &shape, stored)?;
    let tensor = tensor.f_to_device(device)?.f_to_kind(kind)?;
    // A sum is finite only if every part is; an overflowing sum of finite parts is looked at again.
    let finite = |t: &Tensor| -> Result<bool> {
        let sum = t.f_sum(Kind::Float)?.f_double_value(&[])?;
        Ok(sum.is_finite() || t.f_isfinite()?.f_all()?.f_int64_value(&[])? == 1)
    };
    if !finite(&tensor)? {
        return Err(Error::new("the weights hold NaN or infinite values")
            .hint("the checkpoint is broken; fetch it again"));
    }
    Ok(tensor)
}
