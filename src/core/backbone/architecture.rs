//! A kind of model before its weights: what the reader of pretrained models needs of it.

use super::model::{Backbone, ModelConfig};
use crate::Result;
use std::path::Path;
use tch::{Device, Kind};

/// Where the weights of a model come from.
pub enum WeightSource<'a> {
    /// A folder with `model.safetensors` or the like.
    Folder(&'a Path),
    /// A safetensors file held in memory.
    Bytes(&'a [u8]),
    /// Drawn at the architecture's initial scales.
    Random,
}

/// A configuration that was read.
pub trait Architecture {
    fn model_config(&self) -> ModelConfig;

    /// An error where a model of this kind cannot compute in a type.
    fn check_kind(&self, _kind: Kind) -> Result<()> {
        Ok(())
    }

    /// The model, computing in `kind`. A trainable one holds float32 parameters that gather
    /// gradients.
    ///
    /// Weights that are missing, damaged or do not fit the configuration are an error.
    fn build(
        &self,
        weights: WeightSource,
        kind: Kind,
        device: Device,
        trainable: bool,
    ) -> Result<Box<dyn Backbone>>;
}
