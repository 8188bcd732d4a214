//! The interface of a model architecture for loading pretrained models.

use super::model::{Backbone, ModelConfig};
use crate::Result;
use std::path::Path;
use tch::{Device, Kind};

/// The source of a model's weights.
pub enum WeightSource<'a> {
    /// A folder with `model.safetensors` or another weight file.
    Folder(&'a Path),
    /// A safetensors file held in memory.
    Bytes(&'a [u8]),
    /// Random, with the architecture's initial scales.
    Random,
}

/// A parsed configuration.
pub trait Architecture {
    fn model_config(&self) -> ModelConfig;

    /// An error if a model of this architecture cannot compute in a dtype.
    fn check_kind(&self, _kind: Kind) -> Result<()> {
        Ok(())
    }

    /// Builds the model, which computes in `kind`. A trainable one holds float32 parameters that require
    /// gradients.
    ///
    /// Weights that are missing, damaged or inconsistent with the configuration are an error.
    fn build(
        &self,
        weights: WeightSource,
        kind: Kind,
        device: Device,
        trainable: bool,
    ) -> Result<Box<dyn Backbone>>;
}
