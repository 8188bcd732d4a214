//! The activation of the feed-forward layers.

use super::{Family, Keys};
use crate::nn::Activation;
use crate::{Error, Result};

/// The activation of the feed-forward layer and whether it is gated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeedForwardKind {
    pub activation: Activation,
    pub gated: bool,
}

/// `transformers`' names (`ACT2FN`); the first of each activation is used for writing.
const NAMES: [(&str, Activation); 9] = [
    ("relu", Activation::Relu),
    ("gelu_new", Activation::GeluTanh),
    ("gelu_pytorch_tanh", Activation::GeluTanh),
    ("gelu_fast", Activation::GeluTanh),
    ("gelu_accurate", Activation::GeluTanh),
    ("gelu", Activation::Gelu),
    ("gelu_python", Activation::Gelu),
    ("silu", Activation::Silu),
    ("swish", Activation::Silu),
];

/// The name of an activation in `dense_act_fn`.
pub fn name(activation: Activation) -> &'static str {
    NAMES.iter().find(|(_, known)| *known == activation).map_or("", |(name, _)| name)
}

fn find(act: &str) -> Option<Activation> {
    NAMES.iter().find(|(name, _)| *name == act).map(|(_, activation)| *activation)
}

impl FeedForwardKind {
    /// `feed_forward_proj` is `ACT` or `gated-ACT`, where `gated-gelu` means the tanh approximation;
    /// `dense_act_fn` and `is_gated_act` take precedence, as in `transformers`. Errors: an unknown
    /// activation.
    pub fn of(keys: &Keys, family: Family) -> Result<Self> {
        let default = if family == Family::T5 { "relu" } else { "gated-gelu" };
        let projection = keys.text("feed_forward_proj")?.unwrap_or(default.into());
        let (gated, act) = match projection.split_once('-') {
            Some(("gated", "gelu")) => (true, "gelu_new"),
            Some(("gated", act)) => (true, act),
            _ => (false, &*projection),
        };
        let names = NAMES.map(|(name, _)| name);
        let activation = match keys.text("dense_act_fn")? {
            Some(act) => find(&act).ok_or_else(|| Error::unknown("dense_act_fn", &act, names))?,
            None => find(act).ok_or_else(|| {
                let gated = NAMES.map(|(name, _)| format!("gated-{name}"));
                let known = names.into_iter().chain(gated.iter().map(String::as_str));
                Error::unknown("feed_forward_proj", &projection, known)
            })?,
        };
        let gated = keys.flag("is_gated_act")?.unwrap_or(gated);
        Ok(FeedForwardKind { activation, gated })
    }

    /// The value of `feed_forward_proj`.
    pub fn projection(self) -> String {
        match (self.gated, self.activation) {
            (true, Activation::GeluTanh) => "gated-gelu".to_string(),
            (true, act) => format!("gated-{}", name(act)),
            (false, act) => name(act).to_string(),
        }
    }
}
