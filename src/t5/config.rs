//! The shape of a T5: `config.json` of v1.0, v1.1, LM-adapted and flan checkpoints.

use crate::nn::Activation;
use crate::{Error, Result, error::Context};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Far beyond T5-11b, which is 65,536 wide and 24 layers deep; a damaged file asks for no more.
const WIDEST: i64 = 1 << 20;
const DEEPEST: i64 = 1024;

/// The longest file that is read as one.
const LONGEST: u64 = 1 << 20;

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
        let length = path.metadata().at(path.display())?.len();
        if length > LONGEST {
            let what = format!("not a T5 configuration: {length} bytes long");
            return Err(Error::new(what).at(path.display()));
        }
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
        for (name, value, most) in [
            ("d_model", self.d_model, WIDEST),
            ("d_kv", self.d_kv, WIDEST),
            ("d_ff", self.d_ff, WIDEST),
            ("num_heads", self.num_heads, WIDEST),
            ("num_layers", self.num_layers, DEEPEST),
            ("num_decoder_layers", self.decoder_layers(), DEEPEST),
            ("vocab_size", self.vocab_size, 1 << 24),
            ("relative_attention_num_buckets", self.relative_attention_num_buckets, WIDEST),
            ("relative_attention_max_distance", self.relative_attention_max_distance, 1 << 31),
            ("n_positions", self.n_positions, 1 << 31),
        ] {
            if value < 1 {
                return Err(Error::new(format!("'{name}' must be at least 1, not {value}")));
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

    /// Whether a head of its own may be the table, as `transformers` 5 writes models that were made
    /// so: then no file holds it.
    pub fn may_share_head(&self) -> bool {
        self.scale_decoder_outputs.is_some()
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

    #[test]
    fn sizes_that_no_model_has_are_refused_by_name() {
        for (name, value) in [
            ("num_layers", "9000000000000000000"),
            ("num_decoder_layers", "2000"),
            ("d_ff", "1e99"),
            ("vocab_size", "4000000000"),
            ("num_heads", "1048577"),
            ("relative_attention_max_distance", "-1"),
            ("n_positions", "0"),
            ("dropout_rate", "1.5"),
            ("layer_norm_epsilon", "-1e-6"),
        ] {
            let mut config: serde_json::Value =
                serde_json::from_str(&format!("{SMALL}}}")).unwrap();
            config[name] = serde_json::from_str(value).unwrap();
            let e = Config::parse(&config.to_string()).unwrap_err().to_string();
            assert!(e.contains(name) || e.contains("1e+99"), "{name}: {e}");
        }
        let mut config: serde_json::Value = serde_json::from_str(&format!("{SMALL}}}")).unwrap();
        config["num_heads"] = 100_000.into();
        config["d_kv"] = 100_000.into();
        let e = Config::parse(&config.to_string()).unwrap_err().to_string();
        assert!(e.contains("'num_heads' times 'd_kv'"), "{e}");
    }

    /// The keys that the published configurations of each family have.
    #[test]
    fn every_family_is_read_as_published() {
        let relu = FeedForwardKind { activation: Activation::Relu, gated: false };
        let tanh = FeedForwardKind { activation: Activation::GeluTanh, gated: true };
        for (family, keys, tied, kind, inner, layers) in [
            (
                "t5-small",
                r#""d_model": 512, "d_kv": 64, "d_ff": 2048, "num_heads": 8, "num_layers": 6,
                   "n_positions": 512, "output_past": true"#,
                true,
                relu,
                512,
                6,
            ),
            (
                "t5-11b",
                r#""d_model": 1024, "d_kv": 128, "d_ff": 65536, "num_heads": 128,
                   "num_layers": 24, "n_positions": 512"#,
                true,
                relu,
                16384,
                24,
            ),
            (
                "t5-v1_1-small, lm-adapt",
                r#""d_model": 512, "d_kv": 64, "d_ff": 1024, "num_heads": 6, "num_layers": 8,
                   "num_decoder_layers": 8, "feed_forward_proj": "gated-gelu",
                   "tie_word_embeddings": false"#,
                false,
                tanh,
                384,
                8,
            ),
            (
                "flan-t5-xxl",
                r#""d_model": 4096, "d_kv": 64, "d_ff": 10240, "num_heads": 64, "num_layers": 24,
                   "feed_forward_proj": "gated-gelu", "dense_act_fn": "gelu_new",
                   "is_gated_act": true, "tie_word_embeddings": false"#,
                false,
                tanh,
                4096,
                24,
            ),
            (
                "flan-t5, older",
                r#""d_model": 768, "d_kv": 64, "d_ff": 2048, "num_heads": 12, "num_layers": 12,
                   "feed_forward_proj": "gelu", "is_gated_act": true, "num_decoder_layers": null,
                   "tie_word_embeddings": false"#,
                false,
                tanh,
                768,
                12,
            ),
        ] {
            let text = format!(r#"{{{keys}, "vocab_size": 32128, "model_type": "t5"}}"#);
            let c = Config::parse(&text).unwrap();
            let found = (c.tied_head(), c.feed_forward().unwrap(), c.inner(), c.decoder_layers());
            assert_eq!(found, (tied, kind, inner, layers), "{family}");
        }
    }
}
