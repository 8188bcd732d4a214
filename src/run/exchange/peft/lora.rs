//! Low-rank changes of a backbone, in the format of peft's LoRA.

use super::config::{is_on, not_looked_at};
use super::export::write_folder;
use super::{CONFIG, Card, tensors};
use crate::exchange::Note;
use crate::exchange::contents::content;
use crate::{Error, Result};
use compt_base::files::intact;
use compt_error::Context;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use tch::{Device, Kind, Tensor};

const TYPE: &str = "LORA";
const BEFORE: &str = "base_model.model.";

/// `W + scale B A` at places of a backbone, named as in checkpoints (LoRA, Hu et al. 2021).
pub struct LowRank {
    /// Place -> A `[r, in]` and B `[out, r]`.
    pub places: BTreeMap<String, (Tensor, Tensor)>,
    /// alpha / r, the same at all places.
    pub scale: f64,
}

impl LowRank {
    fn rank(&self) -> Result<i64> {
        let mut ranks = self.places.values().map(|(a, _)| a.size()[0]);
        let first = ranks.next().ok_or_else(|| Error::new("there are no low-rank updates"))?;
        match ranks.all(|rank| rank == first) {
            true => Ok(first),
            false => Err(Error::new("the updates have different ranks")),
        }
    }

    /// Writes a PEFT folder for a task. `note` describes the run, with its backbone.
    /// Errors: the folder cannot be written; the file is named.
    pub fn write(&self, folder: &Path, task: &str, note: &Note, overwrite: bool) -> Result<()> {
        let rank = self.rank().at(folder.display())?;
        let mut tensors = Vec::new();
        for (place, (a, b)) in &self.places {
            for (part, tensor) in [("A", a), ("B", b)] {
                let tensor = tensor.f_detach()?.f_to_device(Device::Cpu)?.f_to_kind(Kind::Float)?;
                tensors
                    .push((format!("{BEFORE}{place}.lora_{part}.weight"), tensor.f_contiguous()?));
            }
        }
        let base = note.backbone.clone().unwrap_or_default();
        let config = json!({
            "base_model_name_or_path": base.name,
            "bias": "none",
            "fan_in_fan_out": false,
            "inference_mode": true,
            "lora_alpha": self.scale * rank as f64,
            "lora_dropout": 0.0,
            "peft_type": TYPE,
            "r": rank,
            "revision": base.revision,
            "target_modules": self.places.keys().collect::<Vec<_>>(),
            "task_type": "SEQ_2_SEQ_LM",
        });
        let text = serde_json::to_string_pretty(&config).map_err(|e| Error::new(e.to_string()))?;
        let card = Card {
            tag: TYPE.to_lowercase(),
            content: format!("A LoRA adapter of rank {rank}."),
            base: &base,
            tasks: vec![(task, note)],
        };
        write_folder(folder, &tensors, &(text + "\n"), None, &card, overwrite)
    }

    /// Reads a PEFT folder. Errors name the file.
    pub fn read(folder: &Path) -> Result<LowRank> {
        let config = folder.join(CONFIG);
        let Adapter { scale, rank, targets, unknown } =
            Adapter::read(&content(&config)?).at(config.display())?;
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
                    Error::new(format!("'{name}' is not a LoRA matrix")).at(model.display())
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
        let own = found.rank().at(model.display())?;
        if own as f64 != rank {
            let what = format!("its matrices are of rank {own} where {CONFIG} says r = {rank}");
            return Err(Error::new(what).at(model.display()));
        }
        match found.places.keys().find(|place| !targets.hold(place)) {
            Some(place) => Err(Error::new(format!(
                "'{place}' is not one of the modules in {CONFIG}: peft ignores it"
            ))
            .at(model.display())),
            None => Ok(found),
        }
    }
}

/// Keys of `LoraConfig` (peft 0.21) that change the result of an adapter and are not supported.
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

/// Keys that are read, and those that do not affect a saved adapter: training settings, placement (its
/// tensors determine it), and the settings of initialisations.
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

/// Initialisations that leave the frozen weights unchanged. The others (PiSSA, OLoRA, CorDA,
/// LoftQ, LoRA-GA) subtract the first B A from the weights, and peft does so again when it loads one.
const PLAIN_STARTS: [&str; 4] = ["gaussian", "orthogonal", "eva", "mica"];

/// The contents of a configuration.
struct Adapter {
    /// alpha / r, or alpha / sqrt(r) for rank-stabilised LoRA.
    scale: f64,
    rank: f64,
    targets: Targets,
    /// Unknown keys.
    unknown: Vec<String>,
}

/// The modules of an adapter, as far as they are listed by name; a pattern is not evaluated.
struct Targets {
    wanted: Option<Vec<String>>,
    left_out: Vec<String>,
    layers: Option<Vec<i64>>,
}

impl Targets {
    fn of(config: &Value) -> Targets {
        let names = |key: &str| -> Option<Vec<String>> {
            let list = config[key].as_array()?;
            Some(list.iter().filter_map(|name| name.as_str().map(str::to_string)).collect())
        };
        let layers = match &config["layers_to_transform"] {
            Value::Number(one) => one.as_i64().map(|one| vec![one]),
            Value::Array(list) => Some(list.iter().filter_map(Value::as_i64).collect()),
            _ => None,
        };
        Targets {
            wanted: names("target_modules"),
            left_out: names("exclude_modules").unwrap_or_default(),
            layers,
        }
    }

    fn hold(&self, place: &str) -> bool {
        let is = |name: &String| place == name || place.ends_with(&format!(".{name}"));
        let layer = || place.split_once(".block.")?.1.split('.').next()?.parse::<i64>().ok();
        self.wanted.as_ref().is_none_or(|wanted| wanted.iter().any(is))
            && !self.left_out.iter().any(is)
            && self.layers.as_ref().is_none_or(|all| layer().is_some_and(|own| all.contains(&own)))
    }
}

impl Adapter {
    fn read(text: &[u8]) -> Result<Adapter> {
        let config: Value = serde_json::from_slice(intact::json(text)?)
            .map_err(|e| Error::new(format!("not JSON: {e}")))?;
        let (scale, rank, unknown) = scale(&config)?;
        Ok(Adapter { scale, rank, targets: Targets::of(&config), unknown })
    }
}

/// alpha / r, r, and the unknown keys.
fn scale(config: &Value) -> Result<(f64, f64, Vec<String>)> {
    if config["peft_type"] != TYPE {
        return Err(Error::new(format!("it is of type {}, not {TYPE}", config["peft_type"])));
    }
    // For some keys an empty table is also effective.
    let is_asked = |key: &&&str| {
        let value = config.get(**key);
        is_on(value) || key.ends_with("_config") && value.is_some_and(Value::is_object)
    };
    if let Some(key) = NOT_READ.iter().find(is_asked) {
        return Err(Error::new(format!("'{key}' is not supported: only LoRA as published is")));
    }
    if !matches!(config["bias"].as_str(), None | Some("none")) {
        return Err(Error::new("its biases are not supported: 'bias' must be \"none\""));
    }
    match &config["init_lora_weights"] {
        Value::Null | Value::Bool(_) => {}
        Value::String(start) if PLAIN_STARTS.contains(&start.to_lowercase().as_str()) => {}
        start => {
            return Err(Error::new(format!(
                "'init_lora_weights' is {start}: such an adapter changes the frozen weights at \
                 initialisation and is not supported; peft saves it as plain LoRA with \
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
    Ok((alpha / if rslora { rank.sqrt() } else { rank }, rank, unknown))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(keys: Value) -> Result<(f64, Vec<String>)> {
        let mut config = json!({ "peft_type": "LORA", "r": 4, "lora_alpha": 8 });
        config.as_object_mut().unwrap().extend(keys.as_object().unwrap().clone());
        scale(&config).map(|(scale, _, unknown)| (scale, unknown))
    }

    #[test]
    fn modules_are_those_that_the_configuration_names() {
        let place = "decoder.block.3.layer.0.SelfAttention.q";
        for (config, holds) in [
            (json!({}), true),
            (json!({ "target_modules": ["q", "v"] }), true),
            (json!({ "target_modules": ["SelfAttention.q"] }), true),
            (json!({ "target_modules": "all-linear" }), true),
            (json!({ "target_modules": ["v"] }), false),
            (json!({ "exclude_modules": ["q"] }), false),
            (json!({ "layers_to_transform": [1, 3] }), true),
            (json!({ "layers_to_transform": 2 }), false),
        ] {
            assert_eq!(Targets::of(&config).hold(place), holds, "{config}");
        }
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
            (json!({ "kasa_config": {} }), "'kasa_config'"),
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
