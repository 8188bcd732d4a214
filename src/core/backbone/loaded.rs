//! A model with its tokenizer and its name.

use super::model::Backbone;
use crate::data::Tokenizer;
use crate::files::json::write_json;
use crate::files::source::fingerprint;
use crate::{Error, Result};
use compt_error::Context;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use tch::{Kind, Tensor};

/// A backbone, shared by scripts and trainers.
pub struct LoadedBackbone {
    /// The name used by the user: a built-in name, a folder, or a model on the Hub.
    pub name: String,
    /// The commit of a model on the Hub.
    pub revision: Option<String>,
    pub model: Box<dyn Backbone>,
    /// `None` if the folder has no tokenizer.
    pub tokenizer: Option<Rc<Tokenizer>>,
    pub origin: Origin,
}

/// The source of the weights.
pub enum Origin {
    Folder(PathBuf),
    /// A hash of the weights.
    Bytes(String),
    Random,
}

impl LoadedBackbone {
    /// Saves a trainable backbone as a checkpoint folder: `config.json` and `model.safetensors`
    /// (bfloat16).
    ///
    /// A frozen backbone, or a folder that cannot be written, is an error.
    pub fn save(&self, folder: &Path) -> Result<()> {
        if !self.model.is_trainable() {
            return Err(Error::new("a frozen backbone has no changes to save"));
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

    /// A hash that identifies the weights (`files::source::fingerprint`); `None` for random ones.
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

    /// The tokenizer; an error if there is none.
    pub fn need_tokenizer(&self) -> Result<Rc<Tokenizer>> {
        self.tokenizer.clone().ok_or_else(|| {
            Error::new(format!("backbone '{}' has no tokenizer", self.name))
                .hint("put tokenizer.json or spiece.model into its folder")
        })
    }
}
