//! A model with the tokenizer it was trained with, and a name for the records.

use super::model::Backbone;
use crate::data::Tokenizer;
use crate::files::json::write_json;
use crate::files::source::fingerprint;
use crate::{Error, Result};
use compt_error::Context;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use tch::{Kind, Tensor};

/// A backbone as scripts and trainers share it.
pub struct LoadedBackbone {
    /// What the user called it: a built-in name, a folder, or a model of the hub.
    pub name: String,
    /// The commit of a model of the hub.
    pub revision: Option<String>,
    pub model: Box<dyn Backbone>,
    /// None where the folder has none.
    pub tokenizer: Option<Rc<Tokenizer>>,
    pub origin: Origin,
}

/// Where the weights come from.
pub enum Origin {
    Folder(PathBuf),
    /// A hash of the weights themselves.
    Bytes(String),
    Random,
}

impl LoadedBackbone {
    /// Writes a trainable backbone as a checkpoint folder: `config.json`, `model.safetensors`
    /// (bfloat16) and nothing else.
    ///
    /// A frozen backbone, and a folder that cannot be written, are errors.
    pub fn save(&self, folder: &Path) -> Result<()> {
        if !self.model.is_trainable() {
            return Err(Error::new("a frozen backbone does not change: there is nothing to save"));
        }
        std::fs::create_dir_all(folder).at(folder.display())?;
        let parameters = self.model.parameters().into_iter();
        let tensors = parameters
            .map(|(name, tensor)| Ok((name, tensor.f_detach()?.f_to_kind(Kind::BFloat16)?)))
            .collect::<std::result::Result<Vec<_>, tch::TchError>>()?;
        let weights = folder.join("model.safetensors");
        Tensor::write_safetensors(&tensors, &weights).at(weights.display())?;
        write_json(&folder.join("config.json"), &self.model.config_json())
    }

    /// A hash that identifies the weights (`files::source::fingerprint`); None for random ones.
    ///
    /// A folder that cannot be read is an error.
    pub fn fingerprint(&self) -> Result<Option<String>> {
        match &self.origin {
            Origin::Random => Ok(None),
            Origin::Bytes(hash) => Ok(Some(hash.clone())),
            Origin::Folder(folder) => {
                let entries = std::fs::read_dir(folder).at(folder.display())?.flatten();
                let paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
                let of = |ending: &str| -> Vec<PathBuf> {
                    let has = |p: &&PathBuf| p.extension().is_some_and(|e| e == ending);
                    paths.iter().filter(has).cloned().collect()
                };
                let mut weights = of("safetensors");
                if weights.is_empty() {
                    weights = of("bin");
                }
                weights.sort();
                fingerprint(&weights).at(folder.display()).map(Some)
            }
        }
    }

    /// The tokenizer; an error where there is none.
    pub fn need_tokenizer(&self) -> Result<Rc<Tokenizer>> {
        self.tokenizer.clone().ok_or_else(|| {
            Error::new(format!("backbone '{}' has no tokenizer", self.name))
                .hint("put tokenizer.json or spiece.model into its folder")
        })
    }
}
