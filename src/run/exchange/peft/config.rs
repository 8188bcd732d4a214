//! `adapter_config.json`, in the format of peft 0.21.

use crate::exchange::{Base, contents::bounded};
use crate::{Error, Result};
use compt_base::{files::intact, notice};
use compt_error::Context;
use serde_json::{Map, Value, json};
use std::path::Path;

/// The peft version of written files.
const VERSION: &str = "0.21.0";
/// The task type for T5.
const TASK: &str = "SEQ_2_SEQ_LM";
/// A longer file is not a configuration.
const LONGEST: u64 = 1 << 20;

/// The prompt types of peft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeftType {
    PromptTuning,
    PTuning,
    Multitask,
}

impl PeftType {
    const ALL: [PeftType; 3] = [PeftType::PromptTuning, PeftType::PTuning, PeftType::Multitask];
    /// The types of a single prompt.
    pub const OF_ONE: [&str; 2] = ["PROMPT_TUNING", "P_TUNING"];

    pub fn name(self) -> &'static str {
        match self {
            PeftType::PromptTuning => PeftType::OF_ONE[0],
            PeftType::PTuning => PeftType::OF_ONE[1],
            PeftType::Multitask => "MULTITASK_PROMPT_TUNING",
        }
    }

    /// The type of a single prompt by its name.
    /// Errors: the name is unknown, or a type for several tasks.
    pub fn of_one(name: &str) -> Result<PeftType> {
        match name {
            "PROMPT_TUNING" => Ok(PeftType::PromptTuning),
            "P_TUNING" => Ok(PeftType::PTuning),
            "MULTITASK_PROMPT_TUNING" => {
                Err(Error::new("a single prompt cannot be a prompt of several tasks")
                    .hint("export the prompts together: prompts:export_peft(dir)"))
            }
            _ => Err(Error::unknown("type", name, PeftType::OF_ONE)),
        }
    }

    fn parse(name: &str) -> Result<PeftType> {
        if let Some(kind) = PeftType::ALL.into_iter().find(|kind| kind.name() == name) {
            return Ok(kind);
        }
        let known = PeftType::ALL.map(PeftType::name);
        let error = Error::new(format!("an adapter of type '{name}', which has no prompts"));
        Err(match name {
            "LORA" => error.hint(
                "LoRA changes the backbone: use it with compt.methods.lora { given = FOLDER }",
            ),
            "PREFIX_TUNING" => error.hint(
                "prefixes are keys and values of every layer and cannot be imported; train new \
                 ones with compt.methods.prefix_tuning",
            ),
            _ => Error::unknown("peft_type", name, known),
        })
    }
}

/// The configuration of an adapter folder.
pub struct Config {
    pub kind: PeftType,
    /// n, the number of rows of a prompt.
    pub length: i64,
    /// The number of submodules that the tensors have rows for, if specified.
    pub submodules: Option<i64>,
    /// d, the width.
    pub width: Option<i64>,
    pub backbone: Option<Base>,
}

impl Config {
    /// Reads a configuration; unknown keys are reported. Errors name the file.
    pub fn read(path: &Path) -> Result<Config> {
        let bytes = bounded(path, LONGEST)?;
        let (config, unknown) = parse(&bytes).at(path.display())?;
        not_looked_at(path, &unknown);
        Ok(config)
    }
}

/// Reports unknown keys.
pub fn not_looked_at(path: &Path, unknown: &[String]) {
    if !unknown.is_empty() {
        notice::say(&format!(
            "note: {}: unknown keys are ignored: {}",
            path.display(),
            unknown.join(", ")
        ));
    }
}

/// The configuration and its unknown keys.
fn parse(bytes: &[u8]) -> Result<(Config, Vec<String>)> {
    let map: Map<String, Value> = serde_json::from_slice(intact::json(bytes)?)
        .map_err(|e| Error::new(format!("not a configuration of peft: {e}")))?;
    let text = |key: &str| match map.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(other) => Err(Error::new(format!("'{key}' must be a string, not {}", short(other)))),
    };
    let count = |key: &str| match map.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.as_i64().filter(|n| (1..=1 << 24).contains(n)) {
            Some(n) => Ok(Some(n)),
            None => {
                Err(Error::new(format!("'{key}' must be a whole number, not {}", short(value))))
            }
        },
    };
    let missing = |key: &str| Error::new(format!("the key '{key}' is missing"));
    let kind = PeftType::parse(&text("peft_type")?.ok_or_else(|| missing("peft_type"))?)?;
    if let Some(task) = text("task_type")?.filter(|task| task != TASK) {
        return Err(Error::new(format!("the prompt is for a model of '{task}', not for T5"))
            .hint(format!("T5's prompts have the task_type {TASK}")));
    }
    let length = count("num_virtual_tokens")?.ok_or_else(|| missing("num_virtual_tokens"))?;
    if is_on(map.get("modules_to_save")) {
        return Err(Error::new(
            "'modules_to_save' is not supported: weights that are trained with the prompt",
        ));
    }
    let submodules = count("num_transformer_submodules")?;
    if let Some(n) = submodules.filter(|n| *n > 2) {
        return Err(Error::new(format!("'num_transformer_submodules' is {n}; a T5 has 1 or 2")));
    }
    let width = count("token_dim")?;
    let backbone = match text("base_model_name_or_path")? {
        Some(name) => Some(Base {
            name,
            revision: text("revision")?,
            fingerprint: None,
            d_model: width,
            num_layers: count("num_layers")?,
            num_heads: count("num_attention_heads")?,
        }),
        None => None,
    };
    let known = shape(kind, length, 1, &Base::default());
    let unknown = map.keys().filter(|key| known.get(*key).is_none());
    let unknown = unknown.take(8).map(|key| key.chars().take(60).collect()).collect();
    Ok((Config { kind, length, submodules, width, backbone }, unknown))
}

/// Whether a key is set to an effective value.
pub fn is_on(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::Object(map)) => !map.is_empty(),
        Some(Value::Array(list)) => !list.is_empty(),
        Some(_) => true,
    }
}

/// A value shortened for a message.
fn short(value: &Value) -> String {
    let text: String = value.to_string().chars().take(40).collect();
    format!("'{text}'")
}

/// The configuration of prompts of `length` rows, one for each of `tasks` tasks.
pub fn text(kind: PeftType, length: i64, tasks: usize, base: &Base) -> String {
    format!("{:#}", shape(kind, length, tasks, base))
}

fn shape(kind: PeftType, length: i64, tasks: usize, base: &Base) -> Value {
    let mut config = json!({
        "auto_mapping": null,
        "base_model_name_or_path": Some(&base.name).filter(|name| !name.is_empty()),
        "inference_mode": true,
        "modules_to_save": null,
        "num_attention_heads": base.num_heads,
        "num_layers": base.num_layers,
        "num_transformer_submodules": 1,
        "num_virtual_tokens": length,
        "peft_type": kind.name(),
        "peft_version": VERSION,
        "revision": base.revision,
        "task_type": TASK,
        "token_dim": base.d_model,
    });
    let more = match kind {
        PeftType::PTuning => json!({
            "encoder_dropout": 0.0,
            "encoder_hidden_size": base.d_model,
            "encoder_num_layers": 2,
            "encoder_reparameterization_type": "MLP",
        }),
        _ => json!({
            "prompt_tuning_init": "RANDOM",
            "prompt_tuning_init_text": null,
            "tokenizer_kwargs": null,
            "tokenizer_name_or_path": null,
        }),
    };
    let of_tasks = match kind {
        PeftType::Multitask => json!({
            "num_ranks": length,
            "num_tasks": tasks,
            "prompt_tuning_init_state_dict_path": null,
            "prompt_tuning_init_task": 0,
        }),
        _ => json!({}),
    };
    if let Value::Object(config) = &mut config {
        for value in [more, of_tasks] {
            config.extend(value.as_object().cloned().unwrap_or_default());
        }
        config.sort_keys();
    }
    config
}
