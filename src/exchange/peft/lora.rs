//! Low-rank changes of a backbone, as peft's LoRA holds them.

use super::export::write_folder;
use super::{CONFIG, MODEL};
use crate::error::Context;
use crate::exchange::read::content;
use crate::tensor::file;
use crate::{Error, Result};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use tch::{Device, Kind, Tensor};

const BEFORE: &str = "base_model.model.";

/// `W + scale B A` at places of a backbone, called as in checkpoints.
pub struct LowRank {
    /// Place -> A `[r, in]` and B `[out, r]`.
    pub places: BTreeMap<String, (Tensor, Tensor)>,
    /// alpha / r, the same everywhere.
    pub scale: f64,
}

impl LowRank {
    fn rank(&self) -> Result<i64> {
        let mut ranks = self.places.values().map(|(a, _)| a.size()[0]);
        let first = ranks.next().ok_or_else(|| Error::new("there are no low-rank changes"))?;
        match ranks.all(|rank| rank == first) {
            true => Ok(first),
            false => Err(Error::new("the changes are of several ranks")),
        }
    }

    /// Writes a folder that peft reads; `base` is the backbone's name.
    pub fn write(&self, folder: &Path, base: &str, overwrite: bool) -> Result<()> {
        let rank = self.rank().at(folder.display())?;
        let mut tensors = Vec::new();
        for (place, (a, b)) in &self.places {
            for (part, tensor) in [("A", a), ("B", b)] {
                let tensor = tensor.f_detach()?.f_to_device(Device::Cpu)?.f_to_kind(Kind::Float)?;
                tensors
                    .push((format!("{BEFORE}{place}.lora_{part}.weight"), tensor.f_contiguous()?));
            }
        }
        let config = json!({
            "base_model_name_or_path": base,
            "bias": "none",
            "fan_in_fan_out": false,
            "inference_mode": true,
            "lora_alpha": self.scale * rank as f64,
            "lora_dropout": 0.0,
            "peft_type": "LORA",
            "r": rank,
            "target_modules": self.places.keys().collect::<Vec<_>>(),
            "task_type": "SEQ_2_SEQ_LM",
        });
        let text = serde_json::to_string_pretty(&config).map_err(|e| Error::new(e.to_string()))?;
        write_folder(folder, &tensors, &(text + "\n"), overwrite)
    }

    /// Reads a folder of peft. Errors name the file.
    pub fn read(folder: &Path) -> Result<LowRank> {
        let (config, model) = (folder.join(CONFIG), folder.join(MODEL));
        let scale = scale(&content(&config)?).at(config.display())?;
        let tensors =
            content(&model).and_then(|bytes| file::deserialize(&bytes)).at(model.display())?;
        let mut places: BTreeMap<String, (Option<Tensor>, Option<Tensor>)> = BTreeMap::new();
        for (name, tensor) in tensors {
            let place = name.strip_prefix(BEFORE).and_then(|name| {
                let part = name.strip_suffix(".lora_A.weight").map(|place| (place, true));
                part.or_else(|| Some((name.strip_suffix(".lora_B.weight")?, false)))
            });
            let Some((place, is_a)) = place.filter(|_| tensor.dim() == 2) else {
                return Err(
                    Error::new(format!("'{name}' is no matrix of LoRA")).at(model.display())
                );
            };
            let entry = places.entry(place.to_string()).or_default();
            *(if is_a { &mut entry.0 } else { &mut entry.1 }) =
                Some(tensor.f_to_kind(Kind::Float)?);
        }
        let whole = places.into_iter().map(|(place, parts)| match parts {
            (Some(a), Some(b)) => Ok((place, (a, b))),
            _ => Err(Error::new(format!("'{place}' has only one of its two matrices"))),
        });
        let places = whole.collect::<Result<BTreeMap<_, _>>>().at(model.display())?;
        let found = LowRank { places, scale };
        found.rank().at(model.display())?;
        Ok(found)
    }
}

/// alpha / r of a configuration, or alpha / sqrt(r) of one that says so.
fn scale(text: &[u8]) -> Result<f64> {
    let config: Value =
        serde_json::from_slice(text).map_err(|e| Error::new(format!("not JSON: {e}")))?;
    if config["peft_type"] != "LORA" {
        return Err(Error::new(format!("it is of type {}, not LORA", config["peft_type"])));
    }
    let plain =
        |key: &str| !matches!(&config[key], Value::Bool(true)) && !has_entries(&config[key]);
    for key in ["use_dora", "fan_in_fan_out", "alpha_pattern", "rank_pattern", "modules_to_save"] {
        if !plain(key) {
            return Err(Error::new(format!("'{key}' is not read: LoRA as it was published is")));
        }
    }
    if !matches!(config["bias"].as_str(), None | Some("none")) {
        return Err(Error::new("its biases are not read: bias must be \"none\""));
    }
    let number = |key: &str| config[key].as_f64().filter(|x| x.is_finite() && *x > 0.0);
    let (Some(alpha), Some(rank)) = (number("lora_alpha"), number("r")) else {
        return Err(Error::new("'lora_alpha' and 'r' must be numbers above 0"));
    };
    let rslora = config["use_rslora"] == Value::Bool(true);
    Ok(alpha / if rslora { rank.sqrt() } else { rank })
}

fn has_entries(value: &Value) -> bool {
    value.as_object().is_some_and(|map| !map.is_empty())
        || value.as_array().is_some_and(|list| !list.is_empty())
}
