//! The configuration of a T5: `config.json`, interpreted as in `transformers`.

mod family;
mod feed_forward;
mod keys;

pub use family::Family;
pub use feed_forward::FeedForwardKind;

use crate::backbone::ModelConfig;
use crate::files::{bounded, intact};
use crate::{Error, Result};
use compt_error::Context;
use keys::Keys;
use serde_json::{Map, Value, json};
use std::path::Path;

/// Far beyond T5-11b, which is 65,536 wide and 24 layers deep, as a limit for damaged files.
const WIDEST: i64 = 1 << 20;
const DEEPEST: i64 = 1024;

/// The maximum size of a configuration file.
const LONGEST: u64 = 1 << 20;

/// The configuration of a T5, mT5 or umT5.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    pub family: Family,
    pub d_model: i64,
    pub d_kv: i64,
    pub d_ff: i64,
    pub num_heads: i64,
    pub num_layers: i64,
    pub num_decoder_layers: i64,
    pub vocab_size: i64,
    pub relative_attention_num_buckets: i64,
    pub relative_attention_max_distance: i64,
    pub layer_norm_epsilon: f64,
    pub dropout_rate: f64,
    pub feed_forward: FeedForwardKind,
    /// Whether the decoder's states are scaled by d_model^-0.5 before the head (v1.0).
    pub scale_decoder_outputs: bool,
    /// Whether the head is a separate matrix, not the embedding table. The tensors of a checkpoint decide;
    /// before they are read, the configuration.
    pub own_head: bool,
    pub pad_token_id: i64,
    pub eos_token_id: i64,
    pub decoder_start_token_id: i64,
    /// Whether the program that wrote it ties the head by `tie_word_embeddings` alone, regardless of the
    /// weights: `transformers` before 5.
    pub(super) tied_by_its_writer: bool,
    /// Notes for the user on how the configuration was read.
    pub notes: Vec<String>,
}

/// Keys that a configuration without `model_type` and `architectures` must have.
const SHAPE: [&str; 6] = ["d_model", "d_kv", "d_ff", "num_heads", "num_layers", "vocab_size"];

const LAST_OF_4: &str = "4.57.1";

/// T5's keys, and the aliases that `transformers` accepts.
const ALIASES: [(&str, &str); 4] = [
    ("d_model", "hidden_size"),
    ("num_heads", "num_attention_heads"),
    ("num_layers", "num_hidden_layers"),
    ("d_kv", "head_dim"),
];

/// Keys that change the computations of a T5 and are not supported.
const NOT_READ: [(&str, &str); 4] = [
    (
        "quantization_config",
        "quantized weights are not supported; save the model without quantization",
    ),
    ("pruned_heads", "models with pruned heads are not supported"),
    ("tie_encoder_decoder", "encoder and decoder with shared weights are not supported"),
    ("per_layer_config", "layers of different shapes are not supported"),
];

impl Config {
    /// The supported keys.
    pub const KEYS: [&str; 28] = [
        "architectures",
        "d_ff",
        "d_kv",
        "d_model",
        "decoder_start_token_id",
        "dense_act_fn",
        "dropout_rate",
        "eos_token_id",
        "feed_forward_proj",
        "head_dim",
        "hidden_size",
        "is_encoder_decoder",
        "is_gated_act",
        "layer_norm_epsilon",
        "model_type",
        "n_positions",
        "num_attention_heads",
        "num_decoder_layers",
        "num_heads",
        "num_hidden_layers",
        "num_layers",
        "pad_token_id",
        "relative_attention_max_distance",
        "relative_attention_num_buckets",
        "scale_decoder_outputs",
        "tie_word_embeddings",
        "transformers_version",
        "vocab_size",
    ];

    /// Reads a configuration file. Errors: as in `parse`, with the file's path.
    pub fn read(path: &Path) -> Result<Self> {
        let length = path.metadata().at(path.display())?.len();
        if length > LONGEST {
            let what = format!("not a T5 configuration: {length} bytes long");
            return Err(Error::new(what).at(path.display()));
        }
        let bytes = bounded::read(path, LONGEST)?;
        let text = std::str::from_utf8(intact::json(&bytes).at(path.display())?)
            .map_err(|_| Error::new("not a T5 configuration: not UTF-8").at(path.display()))?;
        Self::parse(text).map_err(|e| e.at(path.display()))
    }

    /// Parses a configuration. Errors: invalid JSON, an invalid value, or another architecture.
    pub fn parse(text: &str) -> Result<Self> {
        let map: Map<String, Value> = serde_json::from_str(text)
            .map_err(|e| Error::new(format!("not a T5 configuration: {e}")))?;
        let config = Self::of(&Keys(&map))?;
        config.check()?;
        Ok(config)
    }

    fn of(keys: &Keys) -> Result<Self> {
        let architectures = keys.texts("architectures")?;
        let (found, mut notes) = Family::of(keys.text("model_type")?.as_deref(), &architectures)?;
        if let (None, Some(missing)) = (found, SHAPE.iter().find(|k| keys.value(k).is_none())) {
            return Err(Error::new(format!(
                "not a T5 configuration: the key '{missing}' is missing"
            )));
        }
        if let Some((key, why)) = NOT_READ.iter().find(|(key, _)| keys.is_on(key)) {
            return Err(Error::new(format!("'{key}': {why}")));
        }
        if keys.flag("is_encoder_decoder")? == Some(false) {
            return Err(Error::new("'is_encoder_decoder' is false")
                .hint("a backbone has an encoder, a decoder and a head"));
        }
        let family = found.unwrap_or(Family::T5);
        let of_t5 = family == Family::T5;
        let size =
            |key: &str, default: i64| -> Result<i64> { Ok(shape(keys, key)?.unwrap_or(default)) };
        let num_layers = size("num_layers", if of_t5 { 6 } else { 8 })?;
        let head = Head::of(keys, family)?;
        notes.extend(head.note);
        let pad_token_id = keys.integer_or_null("pad_token_id")?.unwrap_or(0);
        Ok(Config {
            family,
            d_model: size("d_model", 512)?,
            d_kv: size("d_kv", 64)?,
            d_ff: size("d_ff", if of_t5 { 2048 } else { 1024 })?,
            num_heads: size("num_heads", if of_t5 { 8 } else { 6 })?,
            num_layers,
            num_decoder_layers: keys.integer_or_null("num_decoder_layers")?.unwrap_or(num_layers),
            vocab_size: size("vocab_size", if of_t5 { 32128 } else { 250_112 })?,
            relative_attention_num_buckets: size("relative_attention_num_buckets", 32)?,
            relative_attention_max_distance: size("relative_attention_max_distance", 128)?,
            layer_norm_epsilon: keys.number("layer_norm_epsilon")?.unwrap_or(1e-6),
            dropout_rate: keys.number("dropout_rate")?.unwrap_or(0.1),
            feed_forward: FeedForwardKind::of(keys, family)?,
            scale_decoder_outputs: head.scaled,
            own_head: head.own,
            tied_by_its_writer: !head.own && !by_5(keys)?,
            pad_token_id,
            eos_token_id: eos(keys)?,
            decoder_start_token_id: keys
                .integer_or_null("decoder_start_token_id")?
                .unwrap_or(if of_t5 { pad_token_id } else { 0 }),
            notes,
        })
    }

    fn check(&self) -> Result<()> {
        for (name, value, least, most) in [
            ("d_model", self.d_model, 1, WIDEST),
            ("d_kv", self.d_kv, 1, WIDEST),
            ("d_ff", self.d_ff, 1, WIDEST),
            ("num_heads", self.num_heads, 1, WIDEST),
            ("num_layers", self.num_layers, 1, DEEPEST),
            ("num_decoder_layers", self.num_decoder_layers, 1, DEEPEST),
            ("vocab_size", self.vocab_size, 1, 1 << 24),
            // Half of the encoder's buckets is for each direction, and half of these are exact distances.
            ("relative_attention_num_buckets", self.relative_attention_num_buckets, 4, WIDEST),
            (
                "relative_attention_max_distance",
                self.relative_attention_max_distance,
                self.relative_attention_num_buckets / 2 + 1,
                1 << 31,
            ),
            ("pad_token_id", self.pad_token_id, 0, self.vocab_size - 1),
            ("eos_token_id", self.eos_token_id, 0, self.vocab_size - 1),
            ("decoder_start_token_id", self.decoder_start_token_id, 0, self.vocab_size - 1),
        ] {
            if value < least {
                return Err(Error::new(format!("'{name}' must be at least {least}, not {value}")));
            }
            if value > most {
                return Err(Error::new(format!("'{name}' must be at most {most}, not {value}")));
            }
        }
        if self.inner() > WIDEST {
            return Err(Error::new(format!(
                "'num_heads' times 'd_kv' must be at most {WIDEST}, not {}",
                self.inner()
            )));
        }
        for (name, value) in
            [("layer_norm_epsilon", self.layer_norm_epsilon), ("dropout_rate", self.dropout_rate)]
        {
            if !(0.0..=1.0).contains(&value) {
                return Err(Error::new(format!("'{name}' must be within 0 and 1, not {value}")));
            }
        }
        Ok(())
    }

    /// The keys that every encoder-decoder has.
    pub(super) fn model_config(&self) -> ModelConfig {
        ModelConfig {
            d_model: self.d_model,
            vocab_size: self.vocab_size,
            num_layers: self.num_layers,
            num_decoder_layers: self.num_decoder_layers,
            num_heads: self.num_heads,
            dropout_rate: self.dropout_rate,
            pad_token_id: self.pad_token_id,
            eos_token_id: self.eos_token_id,
            decoder_start_token_id: self.decoder_start_token_id,
        }
    }

    /// The width of all heads together; it may differ from `d_model`.
    pub fn inner(&self) -> i64 {
        self.num_heads * self.d_kv
    }

    /// The contents of `config.json`, with the keys of `transformers` 4 and 5.
    pub fn to_json(&self) -> Value {
        let FeedForwardKind { activation, gated } = self.feed_forward;
        let mut config = json!({
            "architectures": [self.family.class()],
            "d_ff": self.d_ff,
            "d_kv": self.d_kv,
            "d_model": self.d_model,
            "decoder_start_token_id": self.decoder_start_token_id,
            "dense_act_fn": feed_forward::name(activation),
            "dropout_rate": self.dropout_rate,
            "eos_token_id": self.eos_token_id,
            "feed_forward_proj": self.feed_forward.projection(),
            "is_encoder_decoder": true,
            "is_gated_act": gated,
            "layer_norm_epsilon": self.layer_norm_epsilon,
            "model_type": self.family.name(),
            "num_decoder_layers": self.num_decoder_layers,
            "num_heads": self.num_heads,
            "num_layers": self.num_layers,
            "pad_token_id": self.pad_token_id,
            "relative_attention_max_distance": self.relative_attention_max_distance,
            "relative_attention_num_buckets": self.relative_attention_num_buckets,
            "scale_decoder_outputs": self.scale_decoder_outputs,
            "tie_word_embeddings": !self.own_head,
            "vocab_size": self.vocab_size,
        });
        if self.family == Family::Mt5 {
            // mT5 has no such key, and only transformers 4 scales the states of a tied one.
            let map = config.as_object_mut().expect("an object");
            map.remove("scale_decoder_outputs");
            if self.scale_decoder_outputs {
                map.insert("transformers_version".into(), LAST_OF_4.into());
            }
        }
        config
    }
}

/// A size under its own name or its alias; two different values are an error.
fn shape(keys: &Keys, key: &str) -> Result<Option<i64>> {
    let own = keys.integer(key)?;
    let Some((_, alias)) = ALIASES.iter().find(|(name, _)| *name == key) else { return Ok(own) };
    match (own, keys.integer(alias)?) {
        (Some(own), Some(other)) if own != other => {
            Err(Error::new(format!("'{key}' is {own} and its alias '{alias}' is {other}")))
        }
        (own, other) => Ok(own.or(other)),
    }
}

/// A single id; a list may contain one.
fn eos(keys: &Keys) -> Result<i64> {
    match keys.value("eos_token_id") {
        Some(Value::Array(list)) => match &list[..] {
            [Value::Number(one)] if one.is_i64() => Ok(one.as_i64().unwrap_or_default()),
            _ => Err(Error::new("'eos_token_id' must be one id: a list is not supported")),
        },
        Some(Value::Null) => {
            Err(Error::new("'eos_token_id' must be an id, not null: no text would end"))
        }
        _ => Ok(keys.integer("eos_token_id")?.unwrap_or(1)),
    }
}

/// Whether `transformers` 5 or later wrote it.
fn by_5(keys: &Keys) -> Result<bool> {
    let version = keys.text("transformers_version")?;
    let major = version.as_deref().and_then(|v| v.split('.').next()?.parse::<u32>().ok());
    Ok(major.is_some_and(|major| major >= 5) || keys.value("scale_decoder_outputs").is_some())
}

/// The computation of logits from states.
struct Head {
    scaled: bool,
    own: bool,
    note: Option<String>,
}

impl Head {
    /// `transformers` 4 uses `tie_word_embeddings` for both: whether the head is the embedding
    /// table, and whether the states are scaled before it. 5 writes `scale_decoder_outputs` for the
    /// second, and always true for the first. mT5's states are scaled only by 4.
    fn of(keys: &Keys, family: Family) -> Result<Head> {
        let tied = match keys.value("tie_word_embeddings") {
            Some(Value::Null) | None => None,
            _ => keys.flag("tie_word_embeddings")?,
        };
        let own = !tied.unwrap_or(family != Family::Mt5);
        let scaled = keys.flag("scale_decoder_outputs")?;
        if family != Family::Mt5 {
            let scaled = scaled.unwrap_or(tied != Some(false));
            return Ok(Head { scaled, own, note: None });
        }
        let scaled =
            tied == Some(true) && keys.value("transformers_version").is_some() && !by_5(keys)?;
        let note = scaled.then(|| {
            "note: config.json: an mT5 with tied embeddings, saved by transformers 4: the \
             decoder's states are scaled as in transformers 4; transformers 5 does not scale them"
                .to_string()
        });
        Ok(Head { scaled, own, note })
    }
}

#[cfg(test)]
mod tests;
