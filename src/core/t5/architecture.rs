//! T5 as an `Architecture` for loading pretrained models.

use super::checkpoint::Checkpoint;
use super::config::Config;
use super::model::T5;
use super::parameters::Parameters;
use crate::backbone::{Architecture, Backbone, ModelConfig, WeightSource};
use crate::{Error, Result};
use tch::{Device, Kind};

impl Architecture for Config {
    fn model_config(&self) -> ModelConfig {
        Config::model_config(self)
    }

    fn check_kind(&self, kind: Kind) -> Result<()> {
        match kind {
            Kind::Half => Err(Error::new("T5 overflows in float16")
                .hint("use dtype \"bfloat16\", \"float32\" or \"auto\"")),
            _ => Ok(()),
        }
    }

    fn build(
        &self,
        weights: WeightSource,
        kind: Kind,
        device: Device,
        trainable: bool,
    ) -> Result<Box<dyn Backbone>> {
        let held = if trainable { Kind::Float } else { kind };
        let model = match weights {
            WeightSource::Random => {
                let parameters = Parameters::random(self, device)?;
                match trainable {
                    true => T5::trainable(self.clone(), parameters, kind, device),
                    false => T5::frozen(self.clone(), &parameters, kind, device),
                }
            }
            WeightSource::Folder(folder) => {
                T5::read(Checkpoint::open(folder, held, device)?, kind, device, trainable)
            }
            WeightSource::Bytes(bytes) => {
                let checkpoint = Checkpoint::from_bytes(self.clone(), bytes, held, device)?;
                T5::read(checkpoint, kind, device, trainable)
            }
        };
        Ok(Box::new(model?))
    }
}
