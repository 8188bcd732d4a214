//! The whole model: embeddings, encoder, decoder, language-model head, loss.

use super::change::Changes;
use super::checkpoint::Checkpoint;
use super::config::Config;
use super::layers::{Assembler, Pass};
use super::layout::Layout;
use super::parameters::{HEAD, Parameters, TABLE, Weights};
use super::product::linear;
use super::stacks::{Decoder, Encoder, State};
use crate::{Error, Result};
use std::path::Path;
use tch::{Device, Kind, Tensor};

/// The label of a position that counts for nothing.
pub const IGNORED: i64 = -100;

/// A T5, frozen unless made trainable.
pub struct T5 {
    pub config: Config,
    /// The type it computes in.
    pub kind: Kind,
    pub device: Device,
    /// Present only in a trainable model.
    trainable: Option<Parameters>,
    parts: Parts,
}

/// The model in the form the computation wants.
struct Parts {
    embedding: Tensor,
    encoder: Encoder,
    decoder: Decoder,
    /// `[vocabulary, d]`
    head: Tensor,
    /// What v1.0 multiplies the decoder's states with.
    head_scale: Option<f64>,
}

impl Parts {
    fn assemble(config: &Config, weights: &dyn Weights, kind: Kind) -> Result<Self> {
        let a = Assembler { config, weights, kind };
        let embedding = a.plain(TABLE)?;
        let head = match config.own_head {
            true => a.plain(HEAD)?,
            false => embedding.shallow_clone(),
        };
        Ok(Parts {
            embedding,
            encoder: Encoder::assemble(&a)?,
            decoder: Decoder::assemble(&a)?,
            head,
            head_scale: config.scale_decoder_outputs.then(|| (config.d_model as f64).powf(-0.5)),
        })
    }
}

/// The encoder's output for one batch: read by the decoder as often as needed.
pub struct Encoded {
    /// `[N, d]`
    pub states: Tensor,
    pub layout: Layout,
}

impl Encoded {
    /// Batches one after another, as one.
    pub fn join(batches: Vec<Encoded>) -> Result<Encoded> {
        let (states, layouts): (Vec<_>, Vec<_>) =
            batches.into_iter().map(|e| (e.states, e.layout)).unzip();
        Ok(Encoded { states: Tensor::f_cat(&states, 0)?, layout: Layout::join(layouts) })
    }
}

/// What the decoder says to a batch, in batch order.
pub struct Decoded {
    /// Its last states, behind the final norm: `[B, T, d]`.
    pub states: Tensor,
    /// `[B, T, vocabulary]`
    pub logits: Tensor,
}

/// Losses of each target position, float32.
pub struct TokenLosses {
    /// `[B, T]`, 0 where the label is ignored.
    pub losses: Tensor,
    /// `[B]`: positions that count.
    pub counts: Tensor,
}

impl TokenLosses {
    /// The mean over all positions that count, as `transformers` computes a loss.
    pub fn mean(&self) -> Result<Tensor> {
        let count = self.counts.f_sum(Kind::Float)?;
        Ok(self.losses.f_sum(Kind::Float)?.f_div(&count)?)
    }

    /// The mean of each row over its own positions, `[B]`.
    pub fn by_row(&self) -> Result<Tensor> {
        let sums = self.losses.f_sum_dim_intlist([1i64].as_slice(), false, Kind::Float)?;
        Ok(sums.f_div(&self.counts)?)
    }
}

impl T5 {
    /// Reads a folder: `config.json` and `model.safetensors` or `pytorch_model.bin`, whole or in
    /// shards.
    pub fn load(folder: &Path, kind: Kind, device: Device) -> Result<Self> {
        let checkpoint = Checkpoint::open(folder, kind, device)?;
        Self::frozen(checkpoint.config.clone(), &checkpoint, kind, device)
    }

    /// Reads a folder as `load` does, to be trained further: float32 parameters that gather gradients.
    pub fn load_trainable(folder: &Path, kind: Kind, device: Device) -> Result<Self> {
        let checkpoint = Checkpoint::open(folder, Kind::Float, device)?;
        Self::trainable(checkpoint.config.clone(), Parameters::of(&checkpoint)?, kind, device)
    }

    /// The same from a checkpoint held in memory.
    pub fn from_bytes_trainable(
        config: &str,
        weights: &[u8],
        kind: Kind,
        device: Device,
    ) -> Result<Self> {
        let checkpoint = Checkpoint::from_bytes(config, weights, Kind::Float, device)?;
        Self::trainable(checkpoint.config.clone(), Parameters::of(&checkpoint)?, kind, device)
    }

    /// Reads a checkpoint held in memory.
    pub fn from_bytes(config: &str, weights: &[u8], kind: Kind, device: Device) -> Result<Self> {
        let checkpoint = Checkpoint::from_bytes(config, weights, kind, device)?;
        Self::frozen(checkpoint.config.clone(), &checkpoint, kind, device)
    }

    /// Random weights at T5's initial scales.
    pub fn random(config: Config, kind: Kind, device: Device) -> Result<Self> {
        let parameters = Parameters::random(&config, device)?;
        Self::frozen(config, &parameters, kind, device)
    }

    /// Random weights that gather gradients: float32 parameters, computing in `kind`.
    pub fn random_trainable(config: Config, kind: Kind, device: Device) -> Result<Self> {
        let parameters = Parameters::random(&config, device)?;
        Self::trainable(config, parameters, kind, device)
    }

    fn trainable(
        config: Config,
        mut parameters: Parameters,
        kind: Kind,
        device: Device,
    ) -> Result<Self> {
        parameters.require_grad()?;
        let parts = Parts::assemble(&config, &parameters, kind)?;
        Ok(T5 { config, kind, device, trainable: Some(parameters), parts })
    }

    fn frozen(config: Config, weights: &dyn Weights, kind: Kind, device: Device) -> Result<Self> {
        let parts = tch::no_grad(|| Parts::assemble(&config, weights, kind))?;
        Ok(T5 { config, kind, device, trainable: None, parts })
    }

    /// The parameters of a trainable model; none of a frozen one.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        self.trainable.iter().flat_map(Parameters::iter)
    }

    pub fn is_trainable(&self) -> bool {
        self.trainable.is_some()
    }

    /// Takes up the parameters' new values. A trainable model needs it before each forward pass
    /// that follows an optimizer step or a backward pass.
    pub fn refresh(&mut self) -> Result<()> {
        if let Some(parameters) = &self.trainable {
            self.parts = Parts::assemble(&self.config, parameters, self.kind)?;
        }
        Ok(())
    }

    /// The model with these changes; None where there are none. What is not changed is shared.
    pub fn changed(&self, changes: &Changes) -> Result<Option<T5>> {
        if changes.is_empty() {
            return Ok(None);
        }
        changes.check(&self.config)?;
        let parts = &self.parts;
        Ok(Some(T5 {
            config: self.config.clone(),
            kind: self.kind,
            device: self.device,
            trainable: None,
            parts: Parts {
                embedding: parts.embedding.shallow_clone(),
                encoder: parts.encoder.changed(&self.config, changes)?,
                decoder: parts.decoder.changed(&self.config, changes)?,
                head: parts.head.shallow_clone(),
                head_scale: parts.head_scale,
            },
        }))
    }

    /// The gain of a norm, `[d]`; None where the place is none.
    pub fn gain(&self, place: &str) -> Option<&Tensor> {
        let (stack, rest) = place.split_once('.')?;
        match stack {
            "encoder" => self.parts.encoder.gain(rest),
            "decoder" => self.parts.decoder.gain(rest),
            _ => None,
        }
    }

    /// Token ids of any shape to embeddings with one more dimension, `d_model` wide.
    pub fn embed(&self, ids: &Tensor) -> Result<Tensor> {
        self.check_ids(ids)?;
        Ok(Tensor::f_embedding(&self.parts.embedding, ids, -1, false, false)?)
    }

    /// The embedding table, `[vocabulary, d]`.
    pub fn embedding(&self) -> &Tensor {
        &self.parts.embedding
    }

    fn check_ids(&self, ids: &Tensor) -> Result<()> {
        if ids.numel() == 0 {
            return Ok(());
        }
        let [low, high] = [ids.f_min()?.f_int64_value(&[])?, ids.f_max()?.f_int64_value(&[])?];
        if low < 0 || high >= self.config.vocab_size {
            let bad = if low < 0 { low } else { high };
            return Err(Error::new(format!(
                "token id {bad} is outside the vocabulary of {} ids",
                self.config.vocab_size
            ))
            .hint("ids count from 0, as the tokenizer gives them"));
        }
        Ok(())
    }

    fn pass(&self, dropout: f64) -> Pass {
        Pass { epsilon: self.config.layer_norm_epsilon, dropout }
    }

    /// Packed embeddings `[N, d]` through the encoder.
    pub fn encode(&self, embeddings: &Tensor, layout: Layout, dropout: f64) -> Result<Encoded> {
        let embeddings = embeddings.f_to_kind(self.kind)?;
        let states = self.parts.encoder.forward(&embeddings, &layout, self.pass(dropout))?;
        Ok(Encoded { states, layout })
    }

    /// States and logits for decoder inputs `[B, T]` in batch order.
    pub fn decode(&self, encoded: &Encoded, inputs: &Tensor, dropout: f64) -> Result<Decoded> {
        let order = encoded.layout.order_tensor(self.device)?;
        let mut state = self.begin(encoded, inputs.size()[1])?;
        let inputs = inputs.f_index_select(0, &order)?;
        let states = self.states(&inputs, &mut state, dropout)?;
        let places = encoded.layout.places(self.device)?;
        let logits = self.logits(&states)?.f_index_select(0, &places)?;
        Ok(Decoded { states: states.f_index_select(0, &places)?, logits })
    }

    /// A decoder state before the first position; `expected` positions are to come.
    pub(super) fn begin(&self, encoded: &Encoded, expected: i64) -> Result<State> {
        self.parts.decoder.begin(&encoded.states, &encoded.layout, expected)
    }

    /// Prepares a decoder state for this many more positions.
    pub(super) fn expect(&self, state: &mut State, more: i64) -> Result<()> {
        self.parts.decoder.expect(state, more)
    }

    /// Logits `[B, new, vocabulary]` of the next positions, rows in packed order.
    pub(super) fn continue_with(
        &self,
        inputs: &Tensor,
        state: &mut State,
        dropout: f64,
    ) -> Result<Tensor> {
        self.logits(&self.states(inputs, state, dropout)?)
    }

    fn states(&self, inputs: &Tensor, state: &mut State, dropout: f64) -> Result<Tensor> {
        self.parts.decoder.forward(&self.embed(inputs)?, state, self.pass(dropout))
    }

    /// Of states `[B, T, d]`.
    fn logits(&self, states: &Tensor) -> Result<Tensor> {
        let states = match self.parts.head_scale {
            Some(scale) => states.f_mul_scalar(scale)?,
            None => states.shallow_clone(),
        };
        let [rows, new, d] = states.size()[..] else { unreachable!("3 dimensions") };
        let logits = linear(&states.f_view([rows * new, d])?, &self.parts.head)?;
        Ok(logits.f_view([rows, new, -1])?)
    }

    /// What the decoder reads for these labels `[B, T]`: the labels shifted right behind the
    /// start token, pads where a label is ignored.
    pub fn shift_right(&self, labels: &Tensor) -> Result<Tensor> {
        let [rows, length] = labels.size()[..] else {
            return Err(Error::new(format!(
                "labels must be [rows, positions], not {:?}",
                labels.size()
            )));
        };
        let start = Tensor::f_full(
            [rows, 1],
            self.config.decoder_start_token_id,
            (Kind::Int64, labels.device()),
        )?;
        let shifted = Tensor::f_cat(&[start, labels.f_narrow(1, 0, length - 1)?], 1)?;
        Ok(shifted.f_masked_fill(&shifted.f_eq(IGNORED)?, self.config.pad_token_id)?)
    }

    /// Cross-entropy of logits `[B, T, V]` against labels `[B, T]`.
    pub fn token_losses(&self, logits: &Tensor, labels: &Tensor) -> Result<TokenLosses> {
        let size = labels.size();
        let losses = logits
            .f_view([-1, self.config.vocab_size])?
            .f_to_kind(Kind::Float)?
            .f_cross_entropy_loss(
                &labels.f_reshape([-1])?,
                None::<Tensor>,
                tch::Reduction::None,
                IGNORED,
                0.0,
            )?
            .f_view(&size[..])?;
        let counts =
            labels.f_ne(IGNORED)?.f_sum_dim_intlist([1i64].as_slice(), false, Kind::Float)?;
        if counts.f_min()?.f_double_value(&[])? < 1.0 {
            return Err(Error::new("a row of labels has no position that counts"));
        }
        Ok(TokenLosses { losses, counts })
    }
}
