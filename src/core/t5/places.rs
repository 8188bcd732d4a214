//! The places of a T5 that a method can change.
//!
//! They are named as in checkpoints: a matrix `encoder.block.0.layer.0.SelfAttention.q`, a norm
//! `encoder.block.0.layer.0.layer_norm`, an attention or feed-forward module
//! `encoder.block.0.layer.0.SelfAttention`, `decoder.block.0.layer.2.DenseReluDense`.

use super::config::Config;
use super::parameters::entries;
use crate::backbone::{Place, PlaceKind};
use std::collections::BTreeSet;

/// All places of a T5 with this configuration, in the order of its layers.
pub fn places(config: &Config) -> Vec<Place> {
    let mut all = Vec::new();
    let mut modules = BTreeSet::new();
    for entry in entries(config) {
        let Some(name) = entry.name.strip_suffix(".weight") else { continue };
        if name.ends_with("relative_attention_bias") || !name.contains('.') {
            continue;
        }
        let kind = if entry.shape.len() == 1 { PlaceKind::Norm } else { PlaceKind::Matrix };
        let (module, _) = name.rsplit_once('.').expect("places are inside stacks");
        if kind == PlaceKind::Matrix && modules.insert(module.to_string()) {
            let (kind, shape) = match module.ends_with("Attention") {
                true => (PlaceKind::Attention, vec![config.inner(), config.d_model]),
                false => (PlaceKind::FeedForward, vec![config.d_model]),
            };
            all.push(Place { name: module.to_string(), kind, shape });
        }
        all.push(Place { name: name.to_string(), kind, shape: entry.shape });
    }
    all
}
