//! Checkpoints: `config.json` beside weights, read tensor by tensor as a model is put together.
//!
//! The files are mapped. A tensor is converted in pieces that stay in the processor's cache, straight
//! into its place in the model: nothing is held twice.

mod file;
mod folder;
mod safe;
mod stored;

pub use stored::Stored;

use super::config::Config;
use super::parameters::{Entry, HEAD, TABLE, Weights, entries};
use super::pickle;
use crate::tensor::is_finite;
use crate::{Error, Result, error::Context};
use file::WeightFile;
use folder::Format;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use tch::{Device, Kind, Tensor};

/// Bytes converted at a time: of a processor's cache, and of a copy to a GPU.
const PIECE: usize = 256 << 10;
const PIECE_OF_GPU: usize = 32 << 20;

/// Some checkpoints of tied models hold the embedding table only under this name.
const ALIAS_OF_TABLE: &str = "encoder.embed_tokens.weight";

/// The weights that a configuration calls for, where they lie.
pub struct Checkpoint<'a> {
    pub config: Config,
    kind: Kind,
    device: Device,
    /// Names that are looked for.
    wanted: BTreeSet<String>,
    files: Vec<WeightFile<'a>>,
    /// By name: the place of a file in `files`, and the tensor in it.
    tensors: BTreeMap<String, (usize, Stored)>,
}

impl Checkpoint<'static> {
    /// A folder's, to be read as `kind` on `device`.
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
    /// An embedded one: a configuration and a safetensors file.
    pub fn from_bytes(config: &str, weights: &'a [u8], kind: Kind, device: Device) -> Result<Self> {
        let mut checkpoint = Checkpoint::empty(Config::parse(config)?, kind, device);
        let file = WeightFile::held("embedded weights", weights);
        checkpoint.take(file, Format::Safetensors).at("embedded weights")?;
        checkpoint.check()?;
        Ok(checkpoint)
    }

    fn empty(config: Config, kind: Kind, device: Device) -> Self {
        let names = entries(&config).into_iter().map(|entry| entry.name);
        let wanted = names.chain([ALIAS_OF_TABLE.to_string()]).collect();
        Checkpoint { config, kind, device, wanted, files: Vec::new(), tensors: BTreeMap::new() }
    }

    /// Takes note of a file's tensors.
    fn take(&mut self, file: WeightFile<'a>, format: Format) -> Result<()> {
        let found = match format {
            Format::Safetensors => safe::tensors(&file, &self.wanted)?,
            Format::Pickle => pickle::tensors(&file, &self.wanted)?,
        };
        let place = self.files.len();
        self.tensors.extend(found.into_iter().map(|(name, stored)| (name, (place, stored))));
        self.files.push(file);
        Ok(())
    }

    /// Every tensor that the configuration calls for must be there, in its shape, and no two the same
    /// bytes; the others are forgotten.
    fn check(&mut self) -> Result<()> {
        let mut wanted = BTreeMap::new();
        let mut bytes = 0;
        for Entry { name, shape, .. } in entries(&self.config) {
            let alias = (name == TABLE).then_some(ALIAS_OF_TABLE);
            // A head tied to the table, though not scaled, need not be saved.
            let alias = alias.or((name == HEAD && self.config.may_share_head()).then_some(TABLE));
            let found = self.tensors.get(&name).or_else(|| self.tensors.get(alias?));
            let found = match (&name[..], found) {
                (HEAD, None) if self.config.may_share_head() => self.tensors.get(ALIAS_OF_TABLE),
                (_, found) => found,
            };
            let Some((place, stored)) = found else {
                return Err(Error::new(format!("the checkpoint has no '{name}'"))
                    .hint("its config.json and its weights may not belong together"));
            };
            if stored.shape() != shape {
                return Err(Error::new(format!(
                    "'{name}' has shape {:?} where config.json calls for {shape:?}",
                    stored.shape()
                ))
                .hint("its config.json and its weights do not belong together"));
            }
            let file = &self.files[*place];
            stored.check_kind().at(format!("{}: '{name}'", file.name()))?;
            bytes += stored.bytes();
            wanted.insert(name, (*place, stored.clone()));
        }
        self.tensors = wanted;
        // A head of its own may be saved as the table itself.
        if self.is_one(TABLE, HEAD) {
            bytes -= self.find(HEAD).1.bytes();
        }
        if bytes > self.files.iter().map(|file| file.len()).sum() {
            return Err(Error::new("several of the checkpoint's tensors are the same bytes")
                .hint("it is no T5 as it is trained or published"));
        }
        Ok(())
    }

    fn find(&self, name: &str) -> (&WeightFile<'a>, &Stored) {
        let (place, stored) =
            self.tensors.get(name).unwrap_or_else(|| panic!("no entry is called '{name}'"));
        (&self.files[*place], stored)
    }

    /// Converts a tensor into `target`, of the same number of rows; `gain` scales its columns, and
    /// `kind` is what the products become.
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
                return Err(Error::new("the weights hold NaN or infinite values")
                    .hint("the checkpoint is broken; fetch it again")
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

    fn is_one(&self, name: &str, other: &str) -> bool {
        self.tensors.get(name).is_some_and(|tensor| Some(tensor) == self.tensors.get(other))
    }

    fn stacked(&self, names: &[String], gain: &Tensor, kind: Kind) -> Result<Tensor> {
        let heights = names.iter().map(|name| self.find(name).1.rows()[0] as i64);
        let total = heights.clone().sum();
        let target = Tensor::f_empty([total, gain.size()[0]], (kind, self.device))?;
        let mut at = 0;
        for (name, height) in names.iter().zip(heights) {
            self.pour(name, &target.f_narrow(0, at, height)?, Some(gain))?;
            at += height;
        }
        Ok(target)
    }
}

#[cfg(test)]
mod tests;
