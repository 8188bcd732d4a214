//! Loading of pretrained models: the known architectures, and backbones from a folder, from files in memory
//! or from a configuration.

mod generation;

use crate::backbone::{Architecture, LoadedBackbone, ModelConfig, Origin, WeightSource};
use crate::data::Tokenizer;
use crate::files::source::sha256;
use crate::tensor::{device, dtype};
use crate::{Error, Result, files::intact, notice, t5};
use serde_json::{Map, Value};
use std::path::Path;
use std::rc::Rc;
use tch::{Device, Kind};

/// Reads a configuration file. Further architectures are selected here, by `model_type`.
fn read(path: &Path) -> Result<Box<dyn Architecture>> {
    Ok(Box::new(t5::Config::read(path)?))
}

/// The same from a text.
fn parse(text: &str) -> Result<Box<dyn Architecture>> {
    Ok(Box::new(t5::Config::parse(text)?))
}

/// The valid keys of a configuration in a script.
const KEYS: [&str; 28] = t5::Config::KEYS;

/// The files of a built-in backbone.
pub struct Embedded<'a> {
    pub config: &'a str,
    pub weights: &'a [u8],
    pub tokenizer: &'a [u8],
}

/// Loads a folder with `config.json`, `model.safetensors` or `pytorch_model.bin` (or shards) and
/// optionally a tokenizer. `dtype` is "auto" or the name of a dtype.
///
/// A folder that is missing, damaged or of another architecture, or a dtype that the model cannot
/// compute in, is an error.
pub fn load(folder: &Path, dtype: &str, device: Device, trainable: bool) -> Result<LoadedBackbone> {
    if !intact::exists(folder)? || !folder.is_dir() {
        return Err(Error::new(format!(
            "no backbone '{}': neither a built-in name nor a folder nor a model of the hub",
            folder.display()
        ))
        .hint(
            "use micro (built in), a model of the hub such as google-t5/t5-base, or a folder with \
             config.json, model.safetensors and tokenizer.json",
        ));
    }
    let architecture = read_config(folder)?;
    let kind = choose_kind(dtype, &*architecture, device)?;
    let tokenizer = Tokenizer::find(folder)?.map(Rc::new);
    let model = architecture.build(WeightSource::Folder(folder), kind, device, trainable)?;
    let config = model.model_config();
    let mut notes = model.notes().to_vec();
    notes.extend(generation::unused(folder, config)?);
    if folder.join(ADAPTER).is_file() {
        notes.push(format!("note: there is also an {ADAPTER}: the adapter is not applied"));
    }
    notes.extend(tokenizer.as_deref().and_then(|t| misfit(t, config)));
    notes.iter().for_each(|note| notice::say(&format!("{note} ({})", folder.display())));
    let origin = Origin::Folder(folder.to_path_buf());
    let name = folder.display().to_string();
    Ok(LoadedBackbone { name, revision: None, model, tokenizer, origin })
}

/// A built-in backbone. Errors as in `load`.
pub fn embedded(
    name: &str,
    files: Embedded,
    dtype: &str,
    device: Device,
    trainable: bool,
) -> Result<LoadedBackbone> {
    let architecture = parse(files.config)?;
    let kind = choose_kind(dtype, &*architecture, device)?;
    let model = architecture.build(WeightSource::Bytes(files.weights), kind, device, trainable)?;
    let tokenizer = Some(Rc::new(Tokenizer::from_bytes(files.tokenizer)?));
    let origin = Origin::Bytes(sha256(files.weights));
    Ok(LoadedBackbone { name: name.to_string(), revision: None, model, tokenizer, origin })
}

/// A backbone with random weights: frozen for benchmarks, trainable for pre-training.
///
/// An unknown key in the configuration (unlike in a file, every key must have an effect), or a
/// dtype that the model cannot compute in, is an error.
pub fn random(
    config: Map<String, Value>,
    tokenizer: Option<Rc<Tokenizer>>,
    dtype: &str,
    device: Device,
    trainable: bool,
) -> Result<LoadedBackbone> {
    if let Some(key) = config.keys().find(|key| !KEYS.contains(&key.as_str())) {
        return Err(Error::unknown("key of a configuration", key, KEYS));
    }
    let architecture = parse(&Value::Object(config).to_string())?;
    let kind = choose_kind(dtype, &*architecture, device)?;
    let model = architecture.build(WeightSource::Random, kind, device, trainable)?;
    let (name, origin) = ("random".into(), Origin::Random);
    Ok(LoadedBackbone { name, revision: None, model, tokenizer, origin })
}

/// The file written by peft, in its own folder or beside a model.
const ADAPTER: &str = "adapter_config.json";

/// A note if a tokenizer does not match a model.
fn misfit(tokenizer: &Tokenizer, config: ModelConfig) -> Option<String> {
    let (tokens, rows) = (tokenizer.vocab_size() as i64, config.vocab_size);
    if tokens > rows {
        return Some(format!(
            "note: the tokenizer has {tokens} tokens, the embedding table {rows} rows"
        ));
    }
    let (own, said) = (tokenizer.eos_id(), config.eos_token_id);
    (own != said).then(|| {
        format!("note: the end-of-sequence id is {own} in the tokenizer and {said} in config.json")
    })
}

/// Reads `config.json` of a folder; the error for a folder without one lists its contents.
fn read_config(folder: &Path) -> Result<Box<dyn Architecture>> {
    let path = folder.join("config.json");
    if intact::is_there(&path)? {
        return read(&path);
    }
    let error = Error::new("no config.json").at(folder.display());
    Err(match folder.join(ADAPTER).is_file() {
        true => error.hint(
            "this is an adapter of peft: load the backbone that its adapter_config.json names, and \
             read the adapter with compt.prompts or compt.methods.lora { given = FOLDER }",
        ),
        false => error.hint(
            "a backbone folder has config.json, model.safetensors and tokenizer.json, as \
             save_pretrained writes them",
        ),
    })
}

/// Models of a smaller width do not benefit from bfloat16.
const WIDE: i64 = 256;

/// `"auto"`: bfloat16 if the device multiplies bfloat16 matrices faster and the model is wide
/// enough to benefit, else float32.
fn choose_kind(dtype: &str, architecture: &dyn Architecture, device: Device) -> Result<Kind> {
    if dtype == "auto" {
        let fast = device::multiplies_bfloat16(device);
        let wide = architecture.model_config().d_model >= WIDE;
        return Ok(if fast && wide { Kind::BFloat16 } else { Kind::Float });
    }
    match dtype::parse(dtype)? {
        kind @ (Kind::Float | Kind::BFloat16 | Kind::Double | Kind::Half) => {
            architecture.check_kind(kind).map(|()| kind)
        }
        _ => Err(Error::new(format!("a backbone cannot compute in {dtype}"))
            .hint("use dtype \"bfloat16\", \"float32\" or \"auto\"")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(d_model: i64) -> Box<dyn Architecture> {
        parse(&format!(
            r#"{{"d_model": {d_model}, "d_kv": 8, "d_ff": 16, "num_heads": 2, "num_layers": 1,
                "vocab_size": 20}}"#
        ))
        .unwrap()
    }

    #[test]
    fn small_models_stay_in_float32() {
        assert_eq!(choose_kind("auto", &*config(128), Device::Cpu).unwrap(), Kind::Float);
        assert_eq!(choose_kind("bf16", &*config(128), Device::Cpu).unwrap(), Kind::BFloat16);
        let wide = choose_kind("auto", &*config(512), Device::Cpu).unwrap();
        assert_eq!(wide == Kind::BFloat16, device::multiplies_bfloat16(Device::Cpu));
    }

    #[test]
    fn float16_is_refused_with_a_reason() {
        let text = choose_kind("f16", &*config(128), Device::Cpu).unwrap_err().to_string();
        assert!(text.contains("overflows") && text.contains("bfloat16"), "{text}");
    }

    #[test]
    fn an_unknown_name_is_explained() {
        let error = load(Path::new("no-such-model"), "auto", Device::Cpu, false).err().unwrap();
        assert!(error.to_string().contains("use micro (built in)"), "{error}");
    }
}
