//! A backbone: a T5 with the tokenizer it was trained with, and a name for the records.

mod generation;

use crate::data::Tokenizer;
use crate::files::json::write_json;
use crate::files::source::{fingerprint, sha256};
use crate::t5::{Config, T5};
use crate::tensor::dtype;
use crate::{Error, Result, files::intact, notice};
use compt_error::Context;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use tch::{Device, Kind, Tensor};

/// A backbone as studies and trainers share it.
pub struct Backbone {
    /// What the user called it: a built-in name, a folder, or a model of the hub.
    pub name: String,
    /// The commit of a model of the hub.
    pub revision: Option<String>,
    pub model: T5,
    /// None where the folder has none.
    pub tokenizer: Option<Rc<Tokenizer>>,
    origin: Origin,
}

/// Where the weights come from.
enum Origin {
    Folder(PathBuf),
    /// A hash of the weights themselves.
    Bytes(String),
    Random,
}

/// The files of a built-in backbone.
pub struct Embedded<'a> {
    pub config: &'a str,
    pub weights: &'a [u8],
    pub tokenizer: &'a [u8],
}

impl Backbone {
    /// Reads a folder with `config.json`, `model.safetensors` or `pytorch_model.bin` (or shards) and,
    /// if it is there, a tokenizer.
    pub fn load(folder: &Path, dtype: &str, device: Device, trainable: bool) -> Result<Self> {
        if !intact::exists(folder)? || !folder.is_dir() {
            return Err(Error::new(format!(
                "no backbone '{}': neither a built-in name nor a folder, nor a model of the hub",
                folder.display()
            ))
            .hint(
                "built in: micro; of the hub: google-t5/t5-base and the like. A folder holds \
                 config.json, model.safetensors and tokenizer.json",
            ));
        }
        let config = read_config(folder)?;
        let kind = choose_kind(dtype, &config, device)?;
        let tokenizer = Tokenizer::find(folder)?.map(Rc::new);
        let model = match trainable {
            true => T5::load_trainable(folder, kind, device)?,
            false => T5::load(folder, kind, device)?,
        };
        let mut notes = model.config.notes.clone();
        notes.extend(generation::unused(folder, &model.config)?);
        if folder.join(ADAPTER).is_file() {
            notes.push(format!("note: there is an {ADAPTER}, too: the adapter is not applied"));
        }
        notes.extend(tokenizer.as_deref().and_then(|t| misfit(t, &model.config)));
        notes.iter().for_each(|note| notice::say(&format!("{note} ({})", folder.display())));
        let origin = Origin::Folder(folder.to_path_buf());
        let name = folder.display().to_string();
        Ok(Backbone { name, revision: None, model, tokenizer, origin })
    }

    /// A backbone that comes with the program.
    pub fn embedded(
        name: &str,
        files: Embedded,
        dtype: &str,
        device: Device,
        trainable: bool,
    ) -> Result<Self> {
        let kind = choose_kind(dtype, &Config::parse(files.config)?, device)?;
        let model = match trainable {
            true => T5::from_bytes_trainable(files.config, files.weights, kind, device)?,
            false => T5::from_bytes(files.config, files.weights, kind, device)?,
        };
        let tokenizer = Some(Rc::new(Tokenizer::from_bytes(files.tokenizer)?));
        let origin = Origin::Bytes(sha256(files.weights));
        Ok(Backbone { name: name.to_string(), revision: None, model, tokenizer, origin })
    }

    /// A backbone with random weights: frozen for benchmarks, trainable for pre-training.
    pub fn random(
        config: Config,
        tokenizer: Option<Tokenizer>,
        trainable: bool,
        dtype: &str,
        device: Device,
    ) -> Result<Self> {
        let kind = choose_kind(dtype, &config, device)?;
        let model = match trainable {
            true => T5::random_trainable(config, kind, device)?,
            false => T5::random(config, kind, device)?,
        };
        let tokenizer = tokenizer.map(Rc::new);
        Ok(Backbone {
            name: "random".into(),
            revision: None,
            model,
            tokenizer,
            origin: Origin::Random,
        })
    }

    /// Writes a trainable backbone as a checkpoint folder: `config.json`, `model.safetensors`
    /// (bfloat16) and nothing else.
    pub fn save(&self, folder: &Path) -> Result<()> {
        if !self.model.is_trainable() {
            return Err(Error::new("a frozen backbone does not change: there is nothing to save"));
        }
        std::fs::create_dir_all(folder).at(folder.display())?;
        let tensors = self
            .model
            .parameters()
            .map(|(name, tensor)| Ok((name, tensor.f_detach()?.f_to_kind(Kind::BFloat16)?)))
            .collect::<std::result::Result<Vec<_>, tch::TchError>>()?;
        let weights = folder.join("model.safetensors");
        Tensor::write_safetensors(&tensors, &weights).at(weights.display())?;
        write_json(&folder.join("config.json"), &self.model.config.to_json())
    }

    /// A hash by which the weights are known again (`run::source::fingerprint`); None for random
    /// ones.
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

    /// The tokenizer; the error says what is missing.
    pub fn need_tokenizer(&self) -> Result<Rc<Tokenizer>> {
        self.tokenizer.clone().ok_or_else(|| {
            Error::new(format!("backbone '{}' has no tokenizer", self.name))
                .hint("put tokenizer.json or spiece.model into its folder")
        })
    }
}

/// What peft writes, in a folder of its own or beside a model.
const ADAPTER: &str = "adapter_config.json";

/// What a tokenizer and a model that do not belong together are told by.
fn misfit(tokenizer: &Tokenizer, config: &Config) -> Option<String> {
    let (tokens, rows) = (tokenizer.vocab_size() as i64, config.vocab_size);
    if tokens > rows {
        return Some(format!(
            "note: the tokenizer has {tokens} tokens, the embedding table {rows} rows"
        ));
    }
    let (own, said) = (tokenizer.eos_id(), config.eos_token_id);
    (own != said).then(|| {
        format!("note: a text ends with the id {own} in the tokenizer and {said} in config.json")
    })
}

/// `config.json` of a folder; where there is none the error says what the folder is.
fn read_config(folder: &Path) -> Result<Config> {
    let path = folder.join("config.json");
    if intact::is_there(&path)? {
        return Config::read(&path);
    }
    let error = Error::new("no config.json").at(folder.display());
    Err(match folder.join(ADAPTER).is_file() {
        true => error.hint(
            "this is an adapter of peft: load the backbone that its adapter_config.json names, and \
             read the adapter with compt.prompts or compt.methods.lora { given = FOLDER }",
        ),
        false => error.hint(
            "a backbone folder holds config.json, model.safetensors and tokenizer.json, as \
             save_pretrained writes them",
        ),
    })
}

/// Below this width a model is too small to gain from bfloat16.
const WIDE: i64 = 256;

/// `"auto"`: bfloat16 where the device multiplies bfloat16 matrices faster and the model is wide
/// enough to gain from it, else float32. (float16 overflows in T5's feed-forward layers.)
fn choose_kind(dtype: &str, config: &Config, device: Device) -> Result<Kind> {
    if dtype == "auto" {
        let fast = device.is_cuda() || cpu_multiplies_bfloat16();
        return Ok(if fast && config.d_model >= WIDE { Kind::BFloat16 } else { Kind::Float });
    }
    match dtype::parse(dtype)? {
        kind @ (Kind::Float | Kind::BFloat16 | Kind::Double) => Ok(kind),
        Kind::Half => Err(Error::new("T5 overflows in float16")
            .hint("use dtype \"bfloat16\", \"float32\" or \"auto\"")),
        _ => Err(Error::new(format!("a backbone cannot compute in {dtype}"))
            .hint("use dtype \"bfloat16\", \"float32\" or \"auto\"")),
    }
}

/// Whether this processor has instructions for products of bfloat16 matrices.
pub fn cpu_multiplies_bfloat16() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        std::is_x86_feature_detected!("avx512bf16")
    }
    #[cfg(not(target_arch = "x86_64"))]
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(d_model: i64) -> Config {
        Config::parse(&format!(
            r#"{{"d_model": {d_model}, "d_kv": 8, "d_ff": 16, "num_heads": 2, "num_layers": 1,
                "vocab_size": 20}}"#
        ))
        .unwrap()
    }

    #[test]
    fn small_models_stay_in_float32() {
        assert_eq!(choose_kind("auto", &config(128), Device::Cpu).unwrap(), Kind::Float);
        assert_eq!(choose_kind("bf16", &config(128), Device::Cpu).unwrap(), Kind::BFloat16);
        let wide = choose_kind("auto", &config(512), Device::Cpu).unwrap();
        assert_eq!(wide == Kind::BFloat16, cpu_multiplies_bfloat16());
    }

    #[test]
    fn float16_is_refused_with_a_reason() {
        let text = choose_kind("f16", &config(128), Device::Cpu).unwrap_err().to_string();
        assert!(text.contains("overflows") && text.contains("bfloat16"), "{text}");
    }

    #[test]
    fn an_unknown_name_is_explained() {
        let error =
            Backbone::load(Path::new("no-such-model"), "auto", Device::Cpu, false).err().unwrap();
        assert!(error.to_string().contains("built in: micro"), "{error}");
    }
}
