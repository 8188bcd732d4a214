//! Checkpoints: `config.json` and weights, read tensor by tensor while a model is built.
//!
//! The files are memory-mapped. A tensor is converted in pieces that fit in the processor's cache, directly
//! into its target in the model: nothing is held twice.

mod file;
mod folder;
mod safe;
mod tied;

use super::config::Config;
use super::parameters::{Entry, HEAD, Weights, entries};
use crate::tensor::{Others, Stored, is_finite, pickle};
use crate::{Error, Result};
use compt_error::Context;
use file::WeightFile;
use folder::Format;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use tch::{Device, Kind, Tensor};

/// Bytes converted at a time: the size of a processor cache, and of a copy to a GPU.
const PIECE: usize = 256 << 10;
const PIECE_OF_GPU: usize = 32 << 20;

/// Present in T5 v1.0 files but never used; `transformers` skips it, too.
const UNUSED: &str = "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight";

/// The weights of a configuration, in their files.
pub struct Checkpoint<'a> {
    pub config: Config,
    kind: Kind,
    device: Device,
    /// Required names.
    wanted: BTreeSet<String>,
    files: Vec<WeightFile<'a>>,
    /// By name: the index of a file in `files`, and the tensor in it.
    tensors: BTreeMap<String, (usize, Stored)>,
    others: Others,
}

impl Checkpoint<'static> {
    /// Opens the checkpoint of a folder, to be read as `kind` on `device`. Errors: missing, damaged or
    /// unexpected tensors.
    pub fn open(folder: &Path, kind: Kind, device: Device) -> Result<Self> {
        if !folder.is_dir() {
            return Err(Error::new("no such folder").at(folder.display()));
        }
        let config = Config::read(&folder.join("config.json"))?;
        let (paths, format) = folder::weight_files(folder)?;
        let mut checkpoint = Checkpoint::empty(config, kind, device);
        for path in paths {
            let file = WeightFile::open(&path)?;
            checkpoint.take(file, format).map_err(|e| match format {
                Format::Safetensors => e.at(path.display()),
                Format::Pickle => e.at(path.display()).hint(folder::conversion(folder)),
            })?;
        }
        checkpoint.check().at(folder.display())?;
        Ok(checkpoint)
    }
}

impl<'a> Checkpoint<'a> {
    /// Opens a safetensors file in memory, to be read as `kind` on `device`. Errors: as in `open`.
    pub fn from_bytes(
        config: Config,
        weights: &'a [u8],
        kind: Kind,
        device: Device,
    ) -> Result<Self> {
        let mut checkpoint = Checkpoint::empty(config, kind, device);
        let file = WeightFile::held("embedded weights", weights);
        checkpoint.take(file, Format::Safetensors).at("embedded weights")?;
        checkpoint.check()?;
        Ok(checkpoint)
    }

    fn empty(config: Config, kind: Kind, device: Device) -> Self {
        let names = entries(&config).into_iter().map(|entry| entry.name);
        let tied = tied::TABLES.into_iter().chain([HEAD]).map(str::to_string);
        Checkpoint {
            wanted: names.chain(tied).collect(),
            config,
            kind,
            device,
            files: Vec::new(),
            tensors: BTreeMap::new(),
            others: Others::default(),
        }
    }

    /// Adds a file's tensors.
    fn take(&mut self, file: WeightFile<'a>, format: Format) -> Result<()> {
        let looked_at = |name: &str| self.wanted.contains(name) || name == UNUSED;
        let found = match format {
            Format::Safetensors => safe::tensors(&file, looked_at)?,
            Format::Pickle => pickle::state_dict(&file, looked_at)?,
        };
        let place = self.files.len();
        for (name, stored) in found.tensors.into_iter().filter(|(name, _)| name != UNUSED) {
            if let Some((earlier, _)) = self.tensors.get(&name)
                && *earlier != place
            {
                let other = self.files[*earlier].name();
                return Err(Error::new(format!("'{name}' is in this file and in {other}"))
                    .hint("shards of two checkpoints may be mixed: download the folder again"));
            }
            self.tensors.insert(name, (place, stored));
        }
        found.others.first.iter().for_each(|name| self.others.add(name));
        self.others.count += found.others.count - found.others.first.len();
        self.files.push(file);
        Ok(())
    }

    /// Checks that exactly the tensors of the configuration exist, with their shapes, and that no two share
    /// bytes.
    fn check(&mut self) -> Result<()> {
        self.settle_tied()?;
        let mut bytes = 0;
        for Entry { name, shape, .. } in entries(&self.config) {
            let Some((place, stored)) = self.tensors.get(&name) else {
                let error = Error::new(format!("the checkpoint has no '{name}'"));
                let has_decoder = self.tensors.keys().any(|name| name.starts_with("decoder.block"));
                return Err(match self.others.count {
                    _ if name.starts_with("decoder.") && !has_decoder => {
                        error.hint("it has only an encoder; a backbone needs a decoder, too")
                    }
                    0 => error.hint("its config.json and its weights may not belong together"),
                    _ => error.hint(format!("it has other tensors: {}", self.others.list())),
                });
            };
            if stored.shape() != shape {
                return Err(Error::new(format!(
                    "'{name}' has shape {:?} where config.json requires {shape:?}",
                    stored.shape()
                ))
                .hint("its config.json and its weights do not belong together"));
            }
            let file = &self.files[*place];
            stored.check_kind().at(format!("{}: '{name}'", file.name()))?;
            bytes += stored.bytes();
        }
        if self.others.count > 0 {
            return Err(Error::new(format!(
                "the weights have tensors that config.json does not require: {}",
                self.others.list()
            ))
            .hint(format!(
                "the model would ignore them. A supported checkpoint is a {} without adapters, \
                 biases and quantization",
                self.config.family.class()
            )));
        }
        if bytes > self.files.iter().map(|file| file.len()).sum() {
            return Err(Error::new("several tensors of the checkpoint share the same bytes")
                .hint("it is not a trained or published T5"));
        }
        Ok(())
    }

    fn find(&self, name: &str) -> (&WeightFile<'a>, &Stored) {
        let (place, stored) =
            self.tensors.get(name).unwrap_or_else(|| panic!("no entry is called '{name}'"));
        (&self.files[*place], stored)
    }

    /// Converts a tensor into `target`, with the same number of rows; `gain` `[in]` scales its columns.
    fn pour(&self, name: &str, target: &Tensor, gain: Option<&Tensor>) -> Result<()> {
        let (file, stored) = self.find(name);
        file.will_need(stored.span());
        let piece = if self.device == Device::Cpu { PIECE } else { PIECE_OF_GPU };
        let [rows, width] = stored.rows();
        let step = (piece / (width * stored.kind().elt_size_in_bytes())).clamp(1, rows);
        let mut gathered = Vec::new();
        for row in (0..rows).step_by(step) {
            let count = step.min(rows - row);
            let bytes = stored.read(file, row * width..(row + count) * width, &mut gathered);
            let size = [count as i64, width as i64];
            let part = Tensor::f_from_data_size(bytes, &size, stored.kind())?;
            let mut part = part.f_to_device(self.device)?.f_to_kind(self.kind)?;
            if !is_finite(&part)? {
                return Err(Error::new("the weights contain NaN or infinite values")
                    .hint("the checkpoint is damaged; download it again")
                    .at(format!("{}: '{name}'", file.name())));
            }
            if let Some(gain) = gain {
                part = part.f_mul(gain)?;
            }
            target.f_narrow(0, row as i64, count as i64)?.f_copy_(&part)?;
        }
        file.done_with(stored.span());
        Ok(())
    }
}

impl Weights for Checkpoint<'_> {
    fn get(&self, name: &str) -> Result<Tensor> {
        let (_, stored) = self.find(name);
        let tensor = Tensor::f_empty(stored.shape(), (self.kind, self.device))?;
        let rows = stored.rows().map(|n| n as i64);
        self.pour(name, &tensor.f_view(rows)?, None)?;
        Ok(tensor)
    }

    fn stacked(&self, names: &[String], gain: Option<&Tensor>, kind: Kind) -> Result<Tensor> {
        let heights = names.iter().map(|name| self.find(name).1.rows()[0] as i64);
        let size = [heights.clone().sum(), self.find(&names[0]).1.rows()[1] as i64];
        let target = Tensor::f_empty(size, (kind, self.device))?;
        let mut at = 0;
        for (name, height) in names.iter().zip(heights) {
            self.pour(name, &target.f_narrow(0, at, height)?, gain)?;
            at += height;
        }
        Ok(target)
    }
}

#[cfg(test)]
mod tests;
