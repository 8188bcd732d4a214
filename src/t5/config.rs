//! The shape of a T5: `config.json` of v1.0, v1.1, LM-adapted and flan checkpoints.

use crate::nn::Activation;
use crate::{Error, Result, error::Context};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The activation of the feed-forward layer and whether it is gated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeedForwardKind {
    pub activation: Activation,
    pub gated: bool,
}

/// A T5 configuration, read as `transformers` reads it: absent keys have its defaults.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Config {
    pub d_model: i64,
    pub d_kv: i64,
    pub d_ff: i64,
    pub num_heads: i64,
    pub num_layers: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub num_decoder_layers: Option<i64>,
    pub vocab_size: i64,
    #[serde(default = "default::buckets")]
    pub relative_attention_num_buckets: i64,
    #[serde(default = "default::distance")]
    pub relative_attention_max_distance: i64,
    #[serde(default = "default::epsilon")]
    pub layer_norm_epsilon: f64,
    #[serde(default = "default::dropout")]
    pub dropout_rate: f64,
    #[serde(default = "default::projection")]
    pub feed_forward_proj: String,
    /// Written by some older flan checkpoints beside a plain `feed_forward_proj`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_gated_act: Option<bool>,
    #[serde(default = "default::tied")]
    tie_word_embeddings: bool,
    /// What `transformers` 5 writes in its place (there `tie_word_embeddings` is always true).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scale_decoder_outputs: Option<bool>,
    #[serde(default = "default::positions")]
    pub n_positions: i64,
    #[serde(default)]
    pub pad_token_id: i64,
    #[serde(default = "default::eos")]
    pub eos_token_id: i64,
    #[serde(default)]
    pub decoder_start_token_id: i64,
}

mod default {
    pub fn buckets() -> i64 {
        32
    }
    pub fn distance() -> i64 {
        128
    }
    pub fn epsilon() -> f64 {
        1e-6
    }
    pub fn dropout() -> f64 {
        0.1
    }
    pub fn projection() -> String {
        "relu".into()
    }
    pub fn tied() -> bool {
        true
    }
    pub fn positions() -> i64 {
        512
    }
    pub fn eos() -> i64 {
        1
    }
}

impl Config {
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).at(path.display())?;
        Self::parse(&text).map_err(|e| e.at(path.display()))
    }

    pub fn parse(text: &str) -> Result<Self> {
        let config: Config = serde_json::from_str(text)
            .map_err(|e| Error::new(format!("not a T5 configuration: {e}")))?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<()> {
        for (name, value) in [
            ("d_model", self.d_model),
            ("d_kv", self.d_kv),
            ("d_ff", self.d_ff),
            ("num_heads", self.num_heads),
            ("num_layers", self.num_layers),
            ("num_decoder_layers", self.decoder_layers()),
            ("vocab_size", self.vocab_size),
            ("relative_attention_num_buckets", self.relative_attention_num_buckets),
        ] {
            if value < 1 {
                return Err(Error::new(format!("'{name}' must be at least 1, not {value}")));
            }
        }
        self.feed_forward().map(|_| ())
    }

    /// As many as the encoder has, where the configuration does not say.
    pub fn decoder_layers(&self) -> i64 {
        self.num_decoder_layers.unwrap_or(self.num_layers)
    }

    /// The width of all heads together; it need not equal `d_model`.
    pub fn inner(&self) -> i64 {
        self.num_heads * self.d_kv
    }

    /// Whether the head is the embedding table, its input scaled by d_model^-0.5 (v1.0), or a matrix
    /// of its own (v1.1, flan).
    pub fn tied_head(&self) -> bool {
        self.scale_decoder_outputs.unwrap_or(self.tie_word_embeddings)
    }

    /// `relu`, `gelu`, `gated-gelu`, ...; `gated-gelu` means the tanh form, as in `transformers`.
    pub fn feed_forward(&self) -> Result<FeedForwardKind> {
        let name = self.feed_forward_proj.as_str();
        let (gated, act) = match name.strip_prefix("gated-") {
            Some(act) => (true, act),
            None => (self.is_gated_act.unwrap_or(false), name),
        };
        let activation = match act {
            "relu" => Activation::Relu,
            "silu" | "swish" => Activation::Silu,
            "gelu" if gated => Activation::GeluTanh,
            "gelu_new" | "gelu_pytorch_tanh" => Activation::GeluTanh,
            "gelu" => Activation::Gelu,
            _ => {
                return Err(Error::unknown(
                    "feed_forward_proj",
                    name,
                    ["relu", "gelu", "silu", "gated-gelu", "gated-relu", "gated-silu"],
                ));
            }
        };
        Ok(FeedForwardKind { activation, gated })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = r#"{"d_model": 8, "d_kv": 4, "d_ff": 16, "num_heads": 3,
        "num_layers": 2, "vocab_size": 50"#;

    #[test]
    fn absent_keys_have_the_published_defaults() {
        let c = Config::parse(&format!("{SMALL}}}")).unwrap();
        assert_eq!(c.decoder_layers(), 2);
        assert_eq!(c.inner(), 12);
        assert_eq!(
            (c.relative_attention_num_buckets, c.relative_attention_max_distance),
            (32, 128)
        );
        assert!(c.tied_head());
        let kind = FeedForwardKind { activation: Activation::Relu, gated: false };
        assert_eq!(c.feed_forward().unwrap(), kind);
    }

    #[test]
    fn both_spellings_of_the_gated_form_are_read() {
        let tanh = FeedForwardKind { activation: Activation::GeluTanh, gated: true };
        for keys in [
            r#""feed_forward_proj": "gated-gelu""#,
            r#""feed_forward_proj": "gelu", "is_gated_act": true"#,
        ] {
            let c = Config::parse(&format!("{SMALL}, {keys}}}")).unwrap();
            assert_eq!(c.feed_forward().unwrap(), tanh);
        }
    }

    #[test]
    fn nonsense_is_refused_by_name() {
        let e = Config::parse(&format!("{SMALL}, \"num_decoder_layers\": 0}}")).unwrap_err();
        assert!(e.to_string().contains("num_decoder_layers"), "{e}");
        let e = Config::parse(&format!("{SMALL}, \"feed_forward_proj\": \"gated-gelo\"}}"));
        assert!(e.unwrap_err().to_string().contains("gated-gelu"));
    }
}
