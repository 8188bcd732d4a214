//! Low-rank changes of a backbone, as peft's LoRA holds them.

use super::config::{is_on, not_looked_at};
use super::export::write_folder;
use super::{CONFIG, tensors};
use crate::error::Context;
use crate::exchange::read::content;
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
        let config = folder.join(CONFIG);
        let (scale, unknown) = scale(&content(&config)?).at(config.display())?;
        not_looked_at(&config, &unknown);
        let (model, tensors) = tensors(folder)?;
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

/// Keys of `LoraConfig` (peft 0.21) that change what an adapter computes, and are not obeyed.
const NOT_READ: [&str; 17] = [
    "alora_invocation_tokens",
    "alpha_pattern",
    "arrow_config",
    "fan_in_fan_out",
    "kasa_config",
    "layer_replication",
    "lora_bias",
    "megatron_config",
    "modules_to_save",
    "monteclora_config",
    "rank_pattern",
    "target_parameters",
    "trainable_token_indices",
    "use_bdlora",
    "use_dora",
    "use_qalora",
    "velora_config",
];

/// Keys that are looked at, and those that change nothing of a saved adapter: what it was trained and
/// placed by (its tensors say where it lies), and the settings of initialisations.
const KNOWN: [&str; 25] = [
    "auto_mapping",
    "base_model_name_or_path",
    "bias",
    "corda_config",
    "ensure_weight_tying",
    "eva_config",
    "exclude_modules",
    "inference_mode",
    "init_lora_weights",
    "layers_pattern",
    "layers_to_transform",
    "loftq_config",
    "lora_alpha",
    "lora_dropout",
    "lora_ga_config",
    "megatron_core",
    "peft_type",
    "peft_version",
    "qalora_group_size",
    "r",
    "revision",
    "runtime_config",
    "target_modules",
    "task_type",
    "use_rslora",
];

/// How an adapter may begin without a change of the frozen weights. The others (PiSSA, OLoRA, CorDA,
/// LoftQ, LoRA-GA) take the first B A out of the weights, and so does peft again when it loads one.
const PLAIN_STARTS: [&str; 4] = ["gaussian", "orthogonal", "eva", "mica"];

/// alpha / r of a configuration, or alpha / sqrt(r) of one that says so, and the keys that are not known.
fn scale(text: &[u8]) -> Result<(f64, Vec<String>)> {
    let config: Value =
        serde_json::from_slice(text).map_err(|e| Error::new(format!("not JSON: {e}")))?;
    if config["peft_type"] != "LORA" {
        return Err(Error::new(format!("it is of type {}, not LORA", config["peft_type"])));
    }
    if let Some(key) = NOT_READ.iter().find(|key| is_on(config.get(**key))) {
        return Err(Error::new(format!("'{key}' is not read: LoRA as it was published is")));
    }
    if !matches!(config["bias"].as_str(), None | Some("none")) {
        return Err(Error::new("its biases are not read: 'bias' must be \"none\""));
    }
    match &config["init_lora_weights"] {
        Value::Null | Value::Bool(_) => {}
        Value::String(start) if PLAIN_STARTS.contains(&start.to_lowercase().as_str()) => {}
        start => {
            return Err(Error::new(format!(
                "'init_lora_weights' is {start}: such an adapter changed the frozen weights when it \
                 began, and is not read; peft saves it as plain LoRA with \
                 save_pretrained(DIR, path_initial_model_for_weight_conversion=UNTRAINED_ADAPTER)"
            )));
        }
    }
    let number = |key: &str| config[key].as_f64().filter(|x| x.is_finite() && *x > 0.0);
    let (Some(alpha), Some(rank)) = (number("lora_alpha"), number("r")) else {
        return Err(Error::new("'lora_alpha' and 'r' must be numbers above 0"));
    };
    let rslora = is_on(config.get("use_rslora"));
    let keys = config.as_object().into_iter().flatten();
    let unknown = keys.filter(|(key, value)| is_on(Some(value)) && !KNOWN.contains(&key.as_str()));
    let unknown = unknown.take(8).map(|(key, _)| key.chars().take(60).collect()).collect();
    Ok((alpha / if rslora { rank.sqrt() } else { rank }, unknown))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(keys: Value) -> Result<(f64, Vec<String>)> {
        let mut config = json!({ "peft_type": "LORA", "r": 4, "lora_alpha": 8 });
        config.as_object_mut().unwrap().extend(keys.as_object().unwrap().clone());
        scale(config.to_string().as_bytes())
    }

    #[test]
    fn the_scale_is_that_of_peft() {
        assert_eq!(read(json!({})).unwrap(), (2.0, vec![]));
        assert_eq!(read(json!({ "use_rslora": true })).unwrap().0, 4.0);
        for start in [json!(true), json!(false), json!("gaussian"), json!("eva"), json!(null)] {
            assert_eq!(read(json!({ "init_lora_weights": start })).unwrap().0, 2.0);
        }
    }

    #[test]
    fn what_changes_the_result_is_refused_by_name() {
        for (keys, named) in [
            (json!({ "init_lora_weights": "pissa" }), "'init_lora_weights' is \"pissa\""),
            (json!({ "init_lora_weights": "pissa_niter_16" }), "pissa_niter_16"),
            (json!({ "init_lora_weights": "olora" }), "olora"),
            (json!({ "init_lora_weights": "corda" }), "corda"),
            (json!({ "init_lora_weights": "loftq", "loftq_config": { "loftq_bits": 4 } }), "loftq"),
            (json!({ "init_lora_weights": "lora_ga" }), "lora_ga"),
            (json!({ "use_dora": true }), "'use_dora'"),
            (json!({ "lora_bias": true }), "'lora_bias'"),
            (json!({ "trainable_token_indices": [3] }), "'trainable_token_indices'"),
            (json!({ "modules_to_save": ["lm_head"] }), "'modules_to_save'"),
            (json!({ "rank_pattern": { "q": 2 } }), "'rank_pattern'"),
            (json!({ "bias": "lora_only" }), "'bias'"),
        ] {
            let text = read(keys).unwrap_err().to_string();
            assert!(text.contains(named), "no {named} in {text}");
        }
    }

    #[test]
    fn keys_that_nobody_knows_are_named() {
        let (_, unknown) = read(json!({ "use_future": true, "other_config": null })).unwrap();
        assert_eq!(unknown, ["use_future"]);
    }
}
