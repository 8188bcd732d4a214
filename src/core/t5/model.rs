//! The whole model: embeddings, encoder, decoder, language-model head.

use super::checkpoint::Checkpoint;
use super::config::Config;
use super::layers::Assembler;
use super::operators::Operators;
use super::parameters::{HEAD, Parameters, TABLE, Weights};
use super::pass::Pass;
use super::places::places;
use super::product::linear;
use super::stacks::{Decoder, Encoder, State};
use crate::Result;
use crate::backbone::{
    Backbone, Changes, Decoded, DecoderState, Encoded, GroupCost, Layout, ModelConfig, Place, Tape,
};
use serde_json::Value;
use std::path::Path;
use std::rc::Rc;
use tch::{Device, Kind, Tensor};

/// A T5, frozen unless made trainable.
pub struct T5 {
    pub config: Config,
    /// The dtype of its computations.
    kind: Kind,
    device: Device,
    operators: Operators,
    /// Only in a trainable model.
    trainable: Option<Parameters>,
    parts: Parts,
}

/// The model in the layout of the computation.
struct Parts {
    embedding: Tensor,
    encoder: Rc<Encoder>,
    decoder: Rc<Decoder>,
    /// `[vocabulary, d]`
    head: Tensor,
    /// The factor of the decoder's states before the head, d_model^-0.5 (v1.0).
    head_scale: Option<f64>,
}

impl Parts {
    fn assemble(
        config: &Config,
        weights: &dyn Weights,
        kind: Kind,
        operators: Operators,
    ) -> Result<Self> {
        let a = Assembler { config, weights, kind, operators };
        let embedding = a.plain(TABLE)?;
        let head = match config.own_head {
            true => a.plain(HEAD)?,
            false => embedding.shallow_clone(),
        };
        Ok(Parts {
            embedding,
            encoder: Rc::new(Encoder::assemble(&a)?),
            decoder: Rc::new(Decoder::assemble(&a)?),
            head,
            head_scale: config.scale_decoder_outputs.then(|| (config.d_model as f64).powf(-0.5)),
        })
    }
}

impl T5 {
    /// Loads a folder: `config.json` and `model.safetensors` or `pytorch_model.bin`, single or in
    /// shards. The model is frozen and computes in `kind`.
    ///
    /// A configuration or weights that are missing, damaged or inconsistent are an error.
    pub fn load(folder: &Path, kind: Kind, device: Device) -> Result<Self> {
        Self::read(Checkpoint::open(folder, kind, device)?, kind, device, false)
    }

    /// The model of a checkpoint. For a trainable model it is opened as float32.
    pub(super) fn read(
        checkpoint: Checkpoint,
        kind: Kind,
        device: Device,
        trainable: bool,
    ) -> Result<Self> {
        let config = checkpoint.config.clone();
        match trainable {
            true => {
                let parameters = Parameters::of(&config, &checkpoint)?;
                Self::trainable(config, parameters, kind, device)
            }
            false => Self::frozen(config, &checkpoint, kind, device),
        }
    }

    /// Float32 parameters that require gradients, computing in `kind`.
    pub(super) fn trainable(
        config: Config,
        mut parameters: Parameters,
        kind: Kind,
        device: Device,
    ) -> Result<Self> {
        parameters.require_grad()?;
        let operators = Operators::of(device);
        let parts = Parts::assemble(&config, &parameters, kind, operators)?;
        Ok(T5 { config, kind, device, operators, trainable: Some(parameters), parts })
    }

    pub(super) fn frozen(
        config: Config,
        weights: &dyn Weights,
        kind: Kind,
        device: Device,
    ) -> Result<Self> {
        let operators = Operators::of(device);
        let parts = tch::no_grad(|| Parts::assemble(&config, weights, kind, operators))?;
        Ok(T5 { config, kind, device, operators, trainable: None, parts })
    }

    fn pass(&self, dropout: f64) -> Pass {
        Pass::new(self.config.layer_norm_epsilon, dropout, self.operators)
    }

    fn begin_state(&self, encoded: &Encoded, expected: i64, pass: &Pass) -> Result<State> {
        self.parts.decoder.begin(&encoded.states, &encoded.layout, expected, pass)
    }

    /// States `[B, new, d]` of the next positions `[B, new]`, rows in packed order.
    fn states(&self, inputs: &Tensor, state: &mut State, pass: &Pass) -> Result<Tensor> {
        self.parts.decoder.forward(&self.embed(inputs)?, state, pass)
    }

    /// Logits `[B, T, V]` of states `[B, T, d]`.
    fn logits(&self, states: &Tensor) -> Result<Tensor> {
        let states = match self.parts.head_scale {
            Some(scale) => states.f_mul_scalar(scale)?,
            None => states.shallow_clone(),
        };
        let [rows, new, d] = states.size()[..] else { unreachable!("3 dimensions") };
        let logits = linear(&states.f_view([rows * new, d])?, &self.parts.head)?;
        Ok(logits.f_view([rows, new, -1])?)
    }
}

impl Backbone for T5 {
    fn device(&self) -> Device {
        self.device
    }

    fn kind(&self) -> Kind {
        self.kind
    }

    fn model_config(&self) -> ModelConfig {
        self.config.model_config()
    }

    fn config_json(&self) -> Value {
        self.config.to_json()
    }

    fn notes(&self) -> &[String] {
        &self.config.notes
    }

    fn embedding(&self) -> &Tensor {
        &self.parts.embedding
    }

    fn encode(&self, embeddings: &Tensor, layout: Layout, dropout: f64) -> Result<Encoded> {
        self.encode_on(&Tape::default(), embeddings, layout, dropout)
    }

    fn encode_on(
        &self,
        tape: &Tape,
        embeddings: &Tensor,
        layout: Layout,
        dropout: f64,
    ) -> Result<Encoded> {
        let embeddings = embeddings.f_to_kind(self.kind)?;
        let pass = Rc::new(self.pass(dropout));
        let states = self.parts.encoder.forward(&embeddings, &layout, &pass, tape)?;
        Ok(Encoded { states, layout })
    }

    fn decode(&self, encoded: &Encoded, inputs: &Tensor, dropout: f64) -> Result<Decoded> {
        self.decode_on(&Tape::default(), encoded, inputs, dropout)
    }

    fn decode_on(
        &self,
        tape: &Tape,
        encoded: &Encoded,
        inputs: &Tensor,
        dropout: f64,
    ) -> Result<Decoded> {
        let order = encoded.layout.order_tensor(self.device)?;
        let embeddings = self.embed(&inputs.f_index_select(0, &order)?)?;
        let memory = (&encoded.states, &encoded.layout);
        let pass = Rc::new(self.pass(dropout));
        let states = self.parts.decoder.whole(&embeddings, memory, &pass, tape)?;
        let states = states.f_index_select(0, &encoded.layout.inverse_order(self.device)?)?;
        Ok(Decoded { logits: self.logits(&states)?, states })
    }

    fn begin<'m>(&'m self, encoded: &Encoded, expected: i64) -> Result<Box<dyn DecoderState + 'm>> {
        let pass = self.pass(0.0);
        let state = self.begin_state(encoded, expected, &pass)?;
        Ok(Box::new(Decoding { model: self, state, pass }))
    }

    fn places(&self) -> Vec<Place> {
        places(&self.config)
    }

    fn gain(&self, place: &str) -> Option<&Tensor> {
        let (stack, rest) = place.split_once('.')?;
        match stack {
            "encoder" => self.parts.encoder.gain(rest),
            "decoder" => self.parts.decoder.gain(rest),
            _ => None,
        }
    }

    fn changed(&self, changes: &Changes) -> Result<Option<Box<dyn Backbone>>> {
        if changes.is_empty() {
            return Ok(None);
        }
        changes.check(&self.places())?;
        let parts = &self.parts;
        Ok(Some(Box::new(T5 {
            config: self.config.clone(),
            kind: self.kind,
            device: self.device,
            operators: self.operators,
            trainable: None,
            parts: Parts {
                embedding: parts.embedding.shallow_clone(),
                encoder: Rc::new(parts.encoder.changed(&self.config, changes)?),
                decoder: Rc::new(parts.decoder.changed(&self.config, changes)?),
                head: parts.head.shallow_clone(),
                head_scale: parts.head_scale,
            },
        })))
    }

    /// The time of a group's extra calls relative to that of a position. Both are orders of magnitude,
    /// estimated from the device and the model's size.
    fn group_cost(&self) -> GroupCost {
        const CALL: f64 = 100e-6;
        let rate = match (self.device, self.kind) {
            (Device::Cuda(_), _) => 100e12,
            (_, Kind::BFloat16) => 300e9,
            _ => 150e9,
        };
        let c = &self.config;
        let weights = c.num_layers * (4 * c.d_model * c.inner() + 2 * c.d_model * c.d_ff);
        let position = 4.0 * weights as f64 / rate;
        GroupCost(c.num_layers as f64 * CALL / position)
    }

    /// Counted from the operations whose backward pass reads a tensor, for frozen matrices; the logits and
    /// their losses are float32.
    fn graph_bytes(&self, layout: &Layout, [rows, new]: [i64; 2], dropout: f64) -> u64 {
        let c = &self.config;
        let (d, inner, heads) = (c.d_model, c.inner(), c.num_heads);
        let feed_forward = 2 * d + 4 * c.d_ff;
        let attention = 2 * d + 4 * inner;
        // Fused attention keeps no weights.
        let keeps = dropout > 0.0 && self.operators == Operators::Separate;
        let weights = if keeps { 3 * heads } else { 0 };
        let pairs: i64 = layout.groups.iter().map(|g| g.rows * g.length * g.length).sum();
        let encoder = layout.tokens * (attention + feed_forward) + pairs * weights;
        // Cross-attention applies its matrices to the targets of every head.
        let of_target = 2 * attention + 2 * heads * d + feed_forward;
        let decoder = rows * new * (of_target + (layout.longest() + new) * weights);
        let numbers = c.num_layers * encoder + c.num_decoder_layers * decoder;
        let bytes = numbers * self.kind.elt_size_in_bytes() as i64 + rows * new * c.vocab_size * 12;
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }

    fn parameters(&self) -> Vec<(&str, &Tensor)> {
        self.trainable.iter().flat_map(Parameters::iter).collect()
    }

    fn is_trainable(&self) -> bool {
        self.trainable.is_some()
    }

    fn refresh(&mut self) -> Result<()> {
        if let Some(parameters) = &self.trainable {
            self.parts = Parts::assemble(&self.config, parameters, self.kind, self.operators)?;
        }
        Ok(())
    }
}

/// A T5 with a decoder state.
struct Decoding<'m> {
    model: &'m T5,
    state: State,
    pass: Pass,
}

impl DecoderState for Decoding<'_> {
    fn advance(&mut self, inputs: &Tensor) -> Result<Tensor> {
        self.model.logits(&self.model.states(inputs, &mut self.state, &self.pass)?)
    }

    fn repeat(&mut self, n: i64) -> Result<()> {
        self.state.repeat(n)
    }

    fn keep(&mut self, rows: &[i64]) -> Result<()> {
        self.state.keep(rows)
    }

    fn reorder(&mut self, sources: &Tensor) -> Result<()> {
        self.state.reorder(sources)
    }

    fn expect(&mut self, more: i64) -> Result<()> {
        self.model.parts.decoder.expect(&mut self.state, more, &self.pass)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backbone::Change;
    use serde_json::json;

    fn model(operators: Operators) -> T5 {
        let config = json!({ "d_model": 12, "d_kv": 4, "d_ff": 20, "num_heads": 2, "num_layers": 2,
            "vocab_size": 30, "feed_forward_proj": "gated-gelu", "tie_word_embeddings": false });
        let config = Config::parse(&config.to_string()).unwrap();
        let values = crate::t5::parameters::entries(&config).into_iter().enumerate();
        // Not drawn: other tests share the generator.
        let wave = |(i, entry): (usize, crate::t5::parameters::Entry)| {
            let count: i64 = entry.shape.iter().product();
            let numbers = Tensor::arange(count, (Kind::Float, Device::Cpu)) * 0.7 + i as f64;
            let gain = f64::from(u8::from(entry.scale.is_none()));
            (entry.name, (numbers.sin() * 0.3 + gain).view(&entry.shape[..]))
        };
        let parameters = Parameters::from_iter(values.map(wave));
        let mut model = T5::frozen(config, &parameters, Kind::Float, Device::Cpu).unwrap();
        model.operators = operators;
        model
    }

    /// The logits of padded rows, and the gradient of their squares for the embeddings, with a changed norm.
    fn run(operators: Operators, cost: GroupCost, dropout: f64) -> [Tensor; 2] {
        let numbers = Tensor::arange(4 * 6 * 12, (Kind::Float, Device::Cpu)).view([4, 6, 12]);
        let embeddings = (numbers * 1.3).cos().set_requires_grad(true);
        let mask = Tensor::from_slice2(&[
            [1i64, 1, 1, 1, 1, 1],
            [1, 1, 0, 0, 0, 0],
            [1, 1, 1, 1, 0, 0],
            [1, 1, 1, 1, 1, 1],
        ]);
        let inputs = Tensor::from_slice2(&[[0i64, 3, 4], [0, 5, 6], [0, 7, 8], [0, 9, 1]]);
        let bias = Tensor::full([12], 0.2, (Kind::Float, Device::Cpu));
        let place = "encoder.block.1.layer.0.layer_norm".to_string();
        let changes = Changes([(place, vec![Change::Bias(bias)])].into());
        let model = model(operators).changed(&changes).unwrap().unwrap();
        let encoded = model.encode_padded(&embeddings, Some(&mask), cost, dropout).unwrap();
        let logits = model.decode(&encoded, &inputs, dropout).unwrap().logits;
        (&logits * &logits).sum(Kind::Float).backward();
        [logits.detach(), embeddings.grad()]
    }

    #[test]
    fn fused_operators_give_the_same_values_and_gradients() {
        let close = |a: &Tensor, b: &Tensor| a.allclose(b, 1e-4, 1e-4, false);
        let [logits, gradient] = run(Operators::Separate, GroupCost::EXACT, 0.0);
        for cost in [GroupCost::EXACT, GroupCost::PADDED] {
            let [fused, fused_gradient] = run(Operators::Fused, cost, 0.0);
            assert!(close(&logits, &fused), "{logits} {fused}");
            assert!(close(&gradient, &fused_gradient), "{gradient} {fused_gradient}");
        }
    }

    #[test]
    fn every_layer_has_a_mask_for_what_it_drops() {
        for operators in [Operators::Separate, Operators::Fused] {
            for cost in [GroupCost::EXACT, GroupCost::PADDED] {
                let [logits, gradient] = run(operators, cost, 0.3);
                for found in [logits, gradient] {
                    assert_eq!(found.isfinite().all().int64_value(&[]), 1);
                }
            }
        }
    }
}
