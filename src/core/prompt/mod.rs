//! Prompts: how they start, the encoder they are trained through, the bank that holds them.

pub mod bank;
pub mod encoder;
pub mod init;

pub use bank::{BankOptions, PromptBank};
pub use encoder::{Encoder, EncoderKind};
pub use init::{Init, Rest};

use crate::Result;
use crate::nn::{Named, named};
use tch::{Device, Tensor};

/// One trainable prompt.
pub struct Prompt {
    /// E, `[m, d]`
    pub embedding: Tensor,
    pub encoder: Encoder,
}

impl Prompt {
    /// A fresh prompt of `[length, dim]`; see `Init::make` for `vocabulary`.
    pub fn new(
        length: i64,
        dim: i64,
        init: &Init,
        encoder: EncoderKind,
        vocabulary: Option<&Tensor>,
        device: Device,
    ) -> Result<Self> {
        Ok(Prompt {
            embedding: crate::nn::init::parameter(&init.make(length, dim, vocabulary)?, device)?,
            encoder: encoder.build(dim, device)?,
        })
    }

    /// Encoder(E), `[m, d]`
    pub fn encoded(&self) -> Result<Tensor> {
        self.encoder.forward(&self.embedding)
    }

    /// `embedding`, `encoder.w1` ...
    pub fn named(&self) -> Named {
        let mut all = vec![("embedding".to_string(), self.embedding.shallow_clone())];
        all.extend(named::under("encoder", self.encoder.named()));
        all
    }
}
