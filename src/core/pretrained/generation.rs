//! Generation settings of a folder that are not supported here, in `generation_config.json` and
//! `config.json`.

use crate::backbone::ModelConfig;
use crate::files::{bounded, intact};
use crate::{Error, Result};
use compt_error::Context;
use serde_json::{Map, Value};
use std::path::Path;

/// Older checkpoints have these keys in the second file.
const FILES: [&str; 2] = ["generation_config.json", "config.json"];

/// Keys of `transformers`' `GenerationConfig` that change the results of greedy decoding and beam search.
const CHANGING: [&str; 26] = [
    "bad_words_ids",
    "begin_suppress_tokens",
    "constraints",
    "do_sample",
    "early_stopping",
    "encoder_no_repeat_ngram_size",
    "encoder_repetition_penalty",
    "exponential_decay_length_penalty",
    "force_words_ids",
    "forced_bos_token_id",
    "forced_decoder_ids",
    "forced_eos_token_id",
    "guidance_scale",
    "length_penalty",
    "max_time",
    "min_length",
    "min_new_tokens",
    "no_repeat_ngram_size",
    "num_beam_groups",
    "num_beams",
    "penalty_alpha",
    "repetition_penalty",
    "sequence_bias",
    "stop_strings",
    "suppress_tokens",
    "watermarking_config",
];

/// Notes on settings in the files that are not supported; empty if there are none. Errors: an invalid
/// file.
pub fn unused(folder: &Path, config: ModelConfig) -> Result<Vec<String>> {
    let notes = FILES.iter().map(|file| unused_of(&folder.join(file), file, config));
    Ok(notes.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
}

fn unused_of(path: &Path, name: &str, config: ModelConfig) -> Result<Option<String>> {
    if !intact::is_there(path)? {
        return Ok(None);
    }
    let bytes = bounded::read(path, bounded::JSON)?;
    let keys: Map<String, Value> = serde_json::from_slice(intact::json(&bytes).at(path.display())?)
        .map_err(|e| Error::new(format!("not a configuration: {e}")))
        .at(path.display())?;
    let ids = [
        ("decoder_start_token_id", config.decoder_start_token_id),
        ("eos_token_id", config.eos_token_id),
        ("pad_token_id", config.pad_token_id),
    ];
    let other = ids.into_iter().filter(|(key, id)| says_other(keys.get(*key), *id));
    let changing = CHANGING.into_iter().filter(|key| is_on(key, keys.get(*key)));
    let named: Vec<&str> = changing.chain(other.map(|(key, _)| key)).collect();
    Ok((!named.is_empty()).then(|| {
        format!("note: {name}: not used by generate and evaluation: {}", named.join(", "))
    }))
}

fn is_on(key: &str, value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null | Value::Bool(false)) => false,
        // Penalties and scales of 1, and counts of 0, have no effect.
        Some(Value::Number(number)) => {
            let neutral =
                if key.ends_with("penalty") || key.ends_with("scale") { 1.0 } else { 0.0 };
            let beams = key.starts_with("num_beam") && number.as_f64() == Some(1.0);
            number.as_f64() != Some(neutral) && !beams
        }
        Some(Value::Array(list)) => !list.is_empty(),
        Some(Value::Object(map)) => !map.is_empty(),
        Some(_) => true,
    }
}

/// Whether an id differs from that of `config.json`; a list may contain only this id.
fn says_other(value: Option<&Value>, id: i64) -> bool {
    match value {
        None | Some(Value::Null) => false,
        Some(Value::Array(list)) => list.iter().any(|one| one.as_i64() != Some(id)),
        Some(one) => one.as_i64() != Some(id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pretrained::parse;

    #[test]
    fn only_what_changes_the_text_is_told() {
        let text = r#"{"model_type": "t5", "decoder_start_token_id": 0, "pad_token_id": 0}"#;
        let config = parse(text).unwrap().model_config();
        let folder = tempfile::tempdir().unwrap();
        let told = |text: &str| {
            std::fs::write(folder.path().join(FILES[0]), text).unwrap();
            unused(folder.path(), config)
        };
        assert_eq!(unused(folder.path(), config), Ok(Vec::new()));
        let usual = r#"{"_from_model_config": true, "decoder_start_token_id": 0, "eos_token_id": [1],
            "pad_token_id": 0, "transformers_version": "5.24.0", "repetition_penalty": 1.0,
            "no_repeat_ngram_size": 0, "max_length": 20, "num_beam_groups": 1}"#;
        assert_eq!(told(usual), Ok(Vec::new()));
        let text = told(
            r#"{"no_repeat_ngram_size": 3, "repetition_penalty": 2.5, "forced_bos_token_id": 4,
                "eos_token_id": [1, 7]}"#,
        );
        let names = "forced_bos_token_id, no_repeat_ngram_size, repetition_penalty, eos_token_id";
        assert!(text.unwrap()[0].ends_with(names));
        assert!(told("{").unwrap_err().to_string().contains(FILES[0]));
        assert!(told("").unwrap_err().to_string().contains("the file is empty"));
        assert_eq!(told("\u{feff}{}"), Ok(Vec::new()));
        // Older checkpoints have them in config.json.
        let old = r#"{"num_beams": 4, "length_penalty": 1.0, "early_stopping": true}"#;
        std::fs::write(folder.path().join(FILES[1]), old).unwrap();
        let text = told("{}").unwrap();
        assert_eq!(
            text,
            ["note: config.json: not used by generate and evaluation: early_stopping, num_beams"]
        );
    }
}
