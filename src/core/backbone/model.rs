//! The trait of an encoder-decoder that prompts, or other parameters, are trained over.

use super::change::{Changes, Place};
use super::encoded::{Decoded, Encoded};
use super::layout::{GroupCost, Layout};
use super::losses::{TokenLosses, shift_right};
use super::padded;
use crate::{Error, Result};
use serde_json::Value;
use tch::{Device, Kind, Tensor};

/// The part of a configuration that every encoder-decoder has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ModelConfig {
    /// Width of an embedding.
    pub d_model: i64,
    /// Rows of the embedding table, and logits of a position.
    pub vocab_size: i64,
    pub num_layers: i64,
    pub num_decoder_layers: i64,
    pub num_heads: i64,
    /// The dropout it was trained with.
    pub dropout_rate: f64,
    pub pad_token_id: i64,
    pub eos_token_id: i64,
    pub decoder_start_token_id: i64,
}

/// An encoder-decoder over embeddings, frozen unless it is trainable.
///
/// Shapes: B rows of a batch, T target positions, N packed positions (`Layout`), d `d_model`, V
/// `vocab_size`. Every method's error is one of libtorch (shapes that do not fit, memory), or the one
/// it names.
pub trait Backbone {
    fn device(&self) -> Device;

    /// The type it computes in.
    fn kind(&self) -> Kind;

    fn model_config(&self) -> ModelConfig;

    /// The whole configuration, as `config.json` of a checkpoint has it.
    fn config_json(&self) -> Value;

    /// What a user should know of how its configuration and weights were read.
    fn notes(&self) -> &[String] {
        &[]
    }

    /// The embedding table, `[V, d]`.
    fn embedding(&self) -> &Tensor;

    /// Token ids of any shape to embeddings with one more dimension, of width d.
    ///
    /// An id outside the vocabulary is an error.
    fn embed(&self, ids: &Tensor) -> Result<Tensor> {
        check_ids(ids, self.model_config().vocab_size)?;
        Ok(Tensor::f_embedding(self.embedding(), ids, -1, false, false)?)
    }

    /// Packed embeddings `[N, d]` through the encoder, to states `[N, d]`. Gradients pass.
    fn encode(&self, embeddings: &Tensor, layout: Layout, dropout: f64) -> Result<Encoded>;

    /// Decoder states and logits for decoder inputs `[B, T]`, ids in batch order. Gradients pass.
    fn decode(&self, encoded: &Encoded, inputs: &Tensor, dropout: f64) -> Result<Decoded>;

    /// A decoder before its first position. `expected`, the number of positions to come as far as it
    /// is known, is a hint that changes no result.
    fn begin<'m>(&'m self, encoded: &Encoded, expected: i64) -> Result<Box<dyn DecoderState + 'm>>;

    /// Where it can be changed, in the order of its layers.
    fn places(&self) -> Vec<Place>;

    /// The gain of a norm, `[d]`; None where the place is not a norm.
    fn gain(&self, place: &str) -> Option<&Tensor>;

    /// The model with these changes, frozen; None where there are none. What is not changed is
    /// shared with this one.
    ///
    /// A change at an unknown place, or of another shape than its place takes, is an error.
    fn changed(&self, changes: &Changes) -> Result<Option<Box<dyn Backbone>>>;

    /// How many padded positions one more group of rows costs; `GroupCost::PADDED` where that is
    /// not known.
    fn group_cost(&self) -> GroupCost;

    /// The parameters of a trainable model by their names; none of a frozen one.
    fn parameters(&self) -> Vec<(&str, &Tensor)>;

    fn is_trainable(&self) -> bool {
        !self.parameters().is_empty()
    }

    /// Takes over the parameters' new values. A trainable model needs it before each forward pass
    /// that follows an optimizer step or a backward pass.
    fn refresh(&mut self) -> Result<()>;

    /// Decoder inputs `[B, T]` for labels `[B, T]`: the labels shifted right behind the start token,
    /// pads where a label is ignored.
    ///
    /// Labels of other than two dimensions are an error.
    fn shift_right(&self, labels: &Tensor) -> Result<Tensor> {
        let config = self.model_config();
        shift_right(labels, config.decoder_start_token_id, config.pad_token_id)
    }

    /// Cross-entropy of logits `[B, T, V]` against labels `[B, T]`.
    ///
    /// A row without a label that counts is an error.
    fn token_losses(&self, logits: &Tensor, labels: &Tensor) -> Result<TokenLosses> {
        TokenLosses::of(logits, labels)
    }

    /// Encodes padded embeddings `[B, L, d]`; `mask` `[B, L]` is 0 where attention must not look
    /// (None: everywhere real). Computes on the real positions only, as far as `cost` allows.
    ///
    /// Embeddings or a mask of another shape, and a row without a real position, are errors.
    fn encode_padded(
        &self,
        embeddings: &Tensor,
        mask: Option<&Tensor>,
        cost: GroupCost,
        dropout: f64,
    ) -> Result<Encoded> {
        let d_model = self.model_config().d_model;
        let (packed, layout) = padded::pack(embeddings, mask, d_model, cost, self.device())?;
        self.encode(&packed, layout, dropout)
    }
}

/// A decoder on its way through a batch: the positions so far, and what it reads of the encoder.
/// Its rows are those of the encoded batch in packed order, until they are repeated or dropped.
pub trait DecoderState {
    /// Logits `[rows, new, V]` behind each of the next input ids `[rows, new]`. No dropout.
    fn advance(&mut self, inputs: &Tensor) -> Result<Tensor>;

    /// Each row `n` times, one after another: `n` beams a row. Only before the first position.
    fn repeat(&mut self, n: i64) -> Result<()>;

    /// Drops all rows but these, whose indices ascend.
    fn keep(&mut self, rows: &[i64]) -> Result<()>;

    /// Row i continues what row `sources[i]` has seen, both being beams of one row; `sources` is
    /// `[rows]`.
    fn reorder(&mut self, sources: &Tensor) -> Result<()>;

    /// This many more positions are to come: a hint, as in `Backbone::begin`.
    fn expect(&mut self, _more: i64) -> Result<()> {
        Ok(())
    }
}

fn check_ids(ids: &Tensor, vocab_size: i64) -> Result<()> {
    if ids.numel() == 0 {
        return Ok(());
    }
    let [low, high] = [ids.f_min()?.f_int64_value(&[])?, ids.f_max()?.f_int64_value(&[])?];
    if low < 0 || high >= vocab_size {
        let bad = if low < 0 { low } else { high };
        return Err(Error::new(format!(
            "token id {bad} is outside the vocabulary of {vocab_size} ids"
        ))
        .hint("ids count from 0, as the tokenizer gives them"));
    }
    Ok(())
}
