//! A minimal encoder-decoder for tests of code that must work with any model; it is not a T5.

use super::change::{Change, Changes, Place, PlaceKind};
use super::encoded::{Decoded, Encoded};
use super::layout::{GroupCost, Layout};
use super::model::{Backbone, DecoderState, ModelConfig};
use crate::{Error, Result};
use serde_json::{Value, json};
use tch::{Device, Kind, Tensor};

/// The only matrix that can be changed, `[V, d]`.
pub(crate) const HEAD: &str = "head";

/// The encoder is `tanh` of each embedding, the decoder a matrix: the logits after an input id are
/// `W (mean of the row's states + embedding of the id)`.
pub(crate) struct Toy {
    /// `[V, d]`
    embedding: Tensor,
    /// `[V, d]`
    head: Tensor,
    /// `[V]`
    bias: Tensor,
}

impl Toy {
    pub(crate) fn new(vocab_size: i64, d_model: i64) -> Result<Self> {
        let random = || Tensor::f_randn([vocab_size, d_model], (Kind::Float, Device::Cpu));
        let bias = Tensor::f_zeros([vocab_size], (Kind::Float, Device::Cpu))?;
        let head = random()?.f_mul_scalar((d_model as f64).powf(-0.5))?;
        Ok(Toy { embedding: random()?, head, bias })
    }

    /// The mean over the real positions of each row, `[B, d]` in packed order.
    fn pooled(&self, encoded: &Encoded) -> Result<Tensor> {
        let parts = encoded.states.f_split_with_sizes(&encoded.layout.sizes()[..], 0)?;
        let mut means = Vec::new();
        for (part, group) in parts.iter().zip(&encoded.layout.groups) {
            let states = part.f_view([group.rows, group.length, -1])?;
            let real = match &group.mask {
                Some(mask) => mask.f_view([group.rows, group.length, 1])?.f_isfinite()?,
                None => states.f_ones_like()?.f_narrow(2, 0, 1)?,
            };
            let real = real.f_to_kind(Kind::Float)?;
            let sums = states.f_mul(&real)?.f_sum_dim_intlist([1i64].as_slice(), false, None)?;
            means.push(sums.f_div(&real.f_sum_dim_intlist([1i64].as_slice(), false, None)?)?);
        }
        Ok(Tensor::f_cat(&means, 0)?)
    }

    /// States `[B, T, d]` and logits `[B, T, V]` after ids `[B, T]`, for pooled rows `[B, d]`.
    fn behind(&self, pooled: &Tensor, ids: &Tensor) -> Result<Decoded> {
        let states = self.embed(ids)?.f_add(&pooled.f_unsqueeze(1)?)?;
        let logits = states.f_linear(&self.head, Some(&self.bias))?;
        Ok(Decoded { states, logits })
    }
}

impl Backbone for Toy {
    fn device(&self) -> Device {
        self.embedding.device()
    }

    fn kind(&self) -> Kind {
        Kind::Float
    }

    fn model_config(&self) -> ModelConfig {
        ModelConfig {
            d_model: self.embedding.size()[1],
            vocab_size: self.embedding.size()[0],
            num_layers: 1,
            num_decoder_layers: 1,
            num_heads: 1,
            dropout_rate: 0.0,
            pad_token_id: 0,
            eos_token_id: 1,
            decoder_start_token_id: 0,
        }
    }

    fn config_json(&self) -> Value {
        json!({ "model_type": "toy" })
    }

    fn embedding(&self) -> &Tensor {
        &self.embedding
    }

    fn encode(&self, embeddings: &Tensor, layout: Layout, dropout: f64) -> Result<Encoded> {
        let states = embeddings.f_tanh()?.f_dropout(dropout, dropout > 0.0)?;
        Ok(Encoded { states, layout })
    }

    fn decode(&self, encoded: &Encoded, inputs: &Tensor, _dropout: f64) -> Result<Decoded> {
        let places = encoded.layout.inverse_order(self.device())?;
        self.behind(&self.pooled(encoded)?.f_index_select(0, &places)?, inputs)
    }

    fn begin<'m>(
        &'m self,
        encoded: &Encoded,
        _expected: i64,
    ) -> Result<Box<dyn DecoderState + 'm>> {
        Ok(Box::new(State { model: self, pooled: self.pooled(encoded)? }))
    }

    fn places(&self) -> Vec<Place> {
        let (name, shape) = (HEAD.to_string(), self.head.size());
        vec![Place { name, kind: PlaceKind::Matrix, shape }]
    }

    fn gain(&self, _place: &str) -> Option<&Tensor> {
        None
    }

    fn changed(&self, changes: &Changes) -> Result<Option<Box<dyn Backbone>>> {
        if changes.is_empty() {
            return Ok(None);
        }
        changes.check(&self.places())?;
        let (mut head, mut bias) = (self.head.shallow_clone(), self.bias.shallow_clone());
        for change in changes.0.values().flatten() {
            match change {
                Change::LowRank { a, b, scale } => {
                    head = head.f_add(&b.f_matmul(a)?.f_mul_scalar(*scale)?)?;
                }
                Change::Bias(added) => bias = bias.f_add(added)?,
                _ => return Err(Error::new("a matrix does not support this change").at(HEAD)),
            }
        }
        Ok(Some(Box::new(Toy { embedding: self.embedding.shallow_clone(), head, bias })))
    }

    fn group_cost(&self) -> GroupCost {
        GroupCost(4.0)
    }

    fn parameters(&self) -> Vec<(&str, &Tensor)> {
        Vec::new()
    }

    fn refresh(&mut self) -> Result<()> {
        Ok(())
    }
}

struct State<'m> {
    model: &'m Toy,
    pooled: Tensor,
}

impl DecoderState for State<'_> {
    fn advance(&mut self, inputs: &Tensor) -> Result<Tensor> {
        Ok(self.model.behind(&self.pooled, inputs)?.logits)
    }

    fn repeat(&mut self, n: i64) -> Result<()> {
        self.pooled = self.pooled.f_repeat_interleave_self_int(n, 0, None)?;
        Ok(())
    }

    fn keep(&mut self, rows: &[i64]) -> Result<()> {
        self.pooled = self.pooled.f_index_select(0, &Tensor::f_from_slice(rows)?)?;
        Ok(())
    }

    /// Beams of one row read the same states.
    fn reorder(&mut self, _sources: &Tensor) -> Result<()> {
        Ok(())
    }
}
