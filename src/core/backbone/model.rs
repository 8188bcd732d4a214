//! The trait of an encoder-decoder over which prompts or other parameters are trained.

use super::change::{Changes, Place};
use super::encoded::{Decoded, Encoded};
use super::layout::{GroupCost, Layout};
use super::losses::{TokenLosses, shift_right};
use super::padded;
use super::recompute::Tape;
use crate::{Error, Result};
use serde_json::Value;
use tch::{Device, Kind, Tensor};

/// The configuration keys that every encoder-decoder has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ModelConfig {
    /// The width of an embedding.
    pub d_model: i64,
    /// The number of rows of the embedding table, and of logits per position.
    pub vocab_size: i64,
    pub num_layers: i64,
    pub num_decoder_layers: i64,
    pub num_heads: i64,
    /// The dropout rate of its pre-training.
    pub dropout_rate: f64,
    pub pad_token_id: i64,
    pub eos_token_id: i64,
    pub decoder_start_token_id: i64,
}

/// An encoder-decoder over embeddings, frozen unless it is trainable.
///
/// Shapes: B rows of a batch, T target positions, N packed positions (`Layout`), d `d_model`, V
/// `vocab_size`. Every method can fail with an error of libtorch (shapes, memory), or with the errors
/// that it documents.
pub trait Backbone {
    fn device(&self) -> Device;

    /// The dtype of its computations.
    fn kind(&self) -> Kind;

    fn model_config(&self) -> ModelConfig;

    /// The complete configuration, as in a checkpoint's `config.json`.
    fn config_json(&self) -> Value;

    /// Notes for the user on how its configuration and weights were read.
    fn notes(&self) -> &[String] {
        &[]
    }

    /// The embedding table, `[V, d]`.
    fn embedding(&self) -> &Tensor;

    /// Embeds token ids of any shape; the result has one more dimension, of width d.
    ///
    /// The ids are of the vocabulary: ids of unknown origin are checked with `check_ids`, which waits for
    /// the device that holds them.
    fn embed(&self, ids: &Tensor) -> Result<Tensor> {
        Ok(Tensor::f_embedding(self.embedding(), ids, -1, false, false)?)
    }

    /// An error if an id, in a tensor of any shape, is outside the vocabulary.
    fn check_ids(&self, ids: &Tensor) -> Result<()> {
        match ids.numel() {
            0 => Ok(()),
            _ => [ids.f_min()?, ids.f_max()?].iter().try_for_each(|id| {
                check_id(id.f_int64_value(&[])?, self.model_config().vocab_size)
            }),
        }
    }

    /// Encodes packed embeddings `[N, d]` to states `[N, d]`, with gradients.
    fn encode(&self, embeddings: &Tensor, layout: Layout, dropout: f64) -> Result<Encoded>;

    /// Decoder states and logits for decoder inputs `[B, T]`, ids of the vocabulary in batch order, with
    /// gradients.
    fn decode(&self, encoded: &Encoded, inputs: &Tensor, dropout: f64) -> Result<Decoded>;

    /// Like `encode`, with layers on a tape. By default there are no layers: nothing is computed again.
    fn encode_on(
        &self,
        _tape: &Tape,
        embeddings: &Tensor,
        layout: Layout,
        dropout: f64,
    ) -> Result<Encoded> {
        self.encode(embeddings, layout, dropout)
    }

    /// Like `decode`, with layers on a tape, as in `encode_on`.
    fn decode_on(
        &self,
        _tape: &Tape,
        encoded: &Encoded,
        inputs: &Tensor,
        dropout: f64,
    ) -> Result<Decoded> {
        self.decode(encoded, inputs, dropout)
    }

    /// About the bytes that the graph of a training step keeps for its way back, for rows of this layout and
    /// targets of `[B, T]`; 0 if it is not known.
    fn graph_bytes(&self, _layout: &Layout, _targets: [i64; 2], _dropout: f64) -> u64 {
        0
    }

    /// The decoder state before the first position. `expected`, the number of positions if it
    /// is known, is a hint that does not change results.
    fn begin<'m>(&'m self, encoded: &Encoded, expected: i64) -> Result<Box<dyn DecoderState + 'm>>;

    /// The places that can be changed, in the order of its layers.
    fn places(&self) -> Vec<Place>;

    /// The gain of a norm, `[d]`; `None` if the place is not a norm.
    fn gain(&self, place: &str) -> Option<&Tensor>;

    /// The model with these changes, frozen; `None` if there are no changes. Unchanged parts are
    /// shared.
    ///
    /// A change at an unknown place, or of another shape than the place, is an error.
    fn changed(&self, changes: &Changes) -> Result<Option<Box<dyn Backbone>>>;

    /// The cost of another group of rows in padded positions; `GroupCost::PADDED` if it is
    /// not known.
    fn group_cost(&self) -> GroupCost;

    /// The parameters of a trainable model by name; empty for a frozen one.
    fn parameters(&self) -> Vec<(&str, &Tensor)>;

    fn is_trainable(&self) -> bool {
        !self.parameters().is_empty()
    }

    /// Applies the parameters' new values. A trainable model needs this before each forward pass
    /// that follows an optimizer step or a backward pass.
    fn refresh(&mut self) -> Result<()>;

    /// Decoder inputs `[B, T]` for labels `[B, T]`: the labels shifted right, with the start token first
    /// and padding for ignored labels.
    ///
    /// Labels without exactly two dimensions are an error.
    fn shift_right(&self, labels: &Tensor) -> Result<Tensor> {
        let config = self.model_config();
        shift_right(labels, config.decoder_start_token_id, config.pad_token_id)
    }

    /// Cross-entropy of logits `[B, T, V]` with labels `[B, T]`. A row whose labels are all ignored has no
    /// mean.
    fn token_losses(&self, logits: &Tensor, labels: &Tensor) -> Result<TokenLosses> {
        TokenLosses::of(logits, labels)
    }

    /// Encodes padded embeddings `[B, L, d]`; `mask` `[B, L]` is 0 at masked positions
    /// (`None`: no mask). Computes only on the real positions, as far as `cost` allows.
    ///
    /// Embeddings or a mask of another shape, or a row without a real position, are errors.
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

/// The state of a decoder for a batch: the earlier positions, and its view of the encoder's output.
/// Its rows are those of the encoded batch in packed order, until they are repeated or dropped.
pub trait DecoderState {
    /// Logits `[rows, new, V]` after each of the next input ids `[rows, new]`, without dropout.
    fn advance(&mut self, inputs: &Tensor) -> Result<Tensor>;

    /// Repeats each row `n` times consecutively, as `n` beams. Only before the first position.
    fn repeat(&mut self, n: i64) -> Result<()>;

    /// Keeps only the rows with these ascending indices.
    fn keep(&mut self, rows: &[i64]) -> Result<()>;

    /// Row i continues row `sources[i]`, where both are beams of one row; `sources` is
    /// `[rows]`.
    fn reorder(&mut self, sources: &Tensor) -> Result<()>;

    /// A hint that `more` positions will follow, as in `Backbone::begin`.
    fn expect(&mut self, _more: i64) -> Result<()> {
        Ok(())
    }
}

/// An error if an id is outside the vocabulary.
pub(crate) fn check_id(id: i64, vocab_size: i64) -> Result<()> {
    match (0..vocab_size).contains(&id) {
        true => Ok(()),
        false => {
            Err(Error::new(format!("token id {id} is outside the vocabulary of {vocab_size} ids"))
                .hint("ids count from 0, as the tokenizer gives them"))
        }
    }
}
