//! Prompts: their initialisation, their encoder, and the bank that holds them. Errors are those of libtorch
//! unless a function documents others.

mod bank;
mod encoder;
mod init;

pub use bank::{BankOptions, PromptBank};
pub use encoder::EncoderKind;
pub use init::Init;

use crate::backbone::LoadedBackbone;
use crate::data::Tokenizer;
use crate::nn::{Named, named};
use crate::{Error, Result};
use encoder::Encoder;
use tch::{Device, Tensor};

/// The inputs of initialisation besides the length: the backbone's width and vocabulary.
#[derive(Clone, Copy)]
pub struct Material<'a> {
    /// d, the backbone's d_model.
    pub dim: i64,
    pub device: Device,
    /// The backbone's embeddings `[V, d]`, required by some initialisations.
    pub vocabulary: Option<&'a Tensor>,
    /// Required for initialisation from text.
    pub tokenizer: Option<&'a Tokenizer>,
}

impl<'a> Material<'a> {
    pub fn of(backbone: &'a LoadedBackbone) -> Self {
        Material {
            dim: backbone.model.model_config().d_model,
            device: backbone.model.device(),
            vocabulary: Some(backbone.model.embedding()),
            tokenizer: backbone.tokenizer.as_deref(),
        }
    }
}

/// An initial prompt `[rows, d]`, without an encoder, on the material's device.
///
/// # Errors
///
/// `rows` is below 1; or as in `Init::make`.
pub fn initial(rows: i64, init: &Init, material: &Material) -> Result<Tensor> {
    if rows < 1 {
        return Err(Error::new(format!("a prompt needs at least 1 row, not {rows}")));
    }
    let value = init.make(rows, material.dim, material.vocabulary)?;
    Ok(value.f_detach()?.f_to_device(material.device)?)
}

/// One trainable prompt.
pub struct Prompt {
    /// E, `[m, d]`
    embedding: Tensor,
    encoder: Encoder,
}

impl Prompt {
    /// A new prompt `[length, d]`; errors as in `Init::make` and in the encoder.
    fn new(length: i64, init: &Init, encoder: EncoderKind, material: &Material) -> Result<Self> {
        let Material { dim, device, vocabulary, .. } = *material;
        Ok(Prompt {
            embedding: crate::nn::init::parameter(&init.make(length, dim, vocabulary)?, device)?,
            encoder: encoder.build(dim, device)?,
        })
    }

    /// Encoder(E), `[m, d]`
    pub fn encoded(&self) -> Result<Tensor> {
        Ok(Prompt::encoded_all(&[self])?.f_squeeze_dim(0)?)
    }

    /// Prompts of one length with one kind of encoder, `[P, m, d]`; there must be one.
    fn encoded_all(prompts: &[&Prompt]) -> Result<Tensor> {
        let each: Vec<_> = prompts.iter().map(|p| (&p.encoder, &p.embedding)).collect();
        Encoder::forward(&each)
    }

    /// `embedding`, `encoder.w1` ...
    fn named(&self) -> Named {
        let mut all = vec![("embedding".to_string(), self.embedding.shallow_clone())];
        all.extend(named::under("encoder", self.encoder.named()));
        all
    }
}
