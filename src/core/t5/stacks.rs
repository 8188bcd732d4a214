//! The encoder and the decoder: their blocks, biases and final norms.

use super::attention::{causal_mask, prepared};
use super::cache::Cache;
use super::config::Config;
use super::cross::{CrossAttention, Memory};
use super::dropout::Dropout;
use super::layers::{Assembler, Changing, FeedForward, SelfAttention, split};
use super::linear::Norm;
use super::pass::Pass;
use super::position::PositionBias;
use crate::Result;
use crate::backbone::{Changes, Group, Layout, Tape};
use crate::tensor::upload::longs;
use std::rc::Rc;
use tch::{Kind, Tensor};

pub struct Encoder {
    blocks: Vec<(SelfAttention, FeedForward)>,
    positions: Positions,
    norm: Norm,
}

impl Encoder {
    pub fn assemble(a: &Assembler) -> Result<Self> {
        let blocks = (0..a.config.num_layers)
            .map(|i| {
                let at = format!("encoder.block.{i}.layer");
                let attention = SelfAttention::assemble(a, &format!("{at}.0"))?;
                Ok((attention, FeedForward::assemble(a, &format!("{at}.1"))?))
            })
            .collect::<Result<_>>()?;
        let norm = a.norm("encoder.final_layer_norm")?;
        Ok(Encoder { blocks, positions: Positions::assemble(a, "encoder")?, norm })
    }

    pub fn changed(&self, config: &Config, changes: &Changes) -> Result<Self> {
        let blocks = self.blocks.iter().enumerate().map(|(i, (attention, feed_forward))| {
            let at = |n| changing(config, changes, "encoder", i, n);
            Ok((attention.changed(&at(0))?, feed_forward.changed(&at(1))?))
        });
        Ok(Encoder {
            blocks: blocks.collect::<Result<_>>()?,
            positions: self.positions.clone(),
            norm: self.norm.changed(changes, "encoder.final_layer_norm")?,
        })
    }

    /// The gain of a norm, `block.0.layer.1.layer_norm` or `final_layer_norm`, `[d]`.
    pub fn gain(&self, norm: &str) -> Option<&Tensor> {
        let Some((block, layer)) = block_and_layer(norm) else {
            return (norm == "final_layer_norm").then_some(self.norm.gain());
        };
        let (attention, feed_forward) = self.blocks.get(block)?;
        [attention.gain(), feed_forward.gain()].get(layer).copied()
    }

    /// Packed embeddings `[N, d]` to packed states `[N, d]`.
    pub fn forward(
        self: &Rc<Self>,
        embeddings: &Tensor,
        layout: &Layout,
        pass: &Rc<Pass>,
        tape: &Tape,
    ) -> Result<Tensor> {
        let layout = Rc::new(layout.shallow_clone());
        let mut biases = Rc::new(Vec::new());
        let mut x = tape.enter(&tape.once(|| Dropout::once(pass, embeddings))?)?;
        for i in 0..self.blocks.len() {
            if let Some(positions) = self.positions.new_at(i) {
                let new = by_group(positions, &layout, x.kind(), pass)?;
                biases = Rc::new(new.iter().map(|b| tape.enter(b)).collect::<Result<_>>()?);
            }
            let (own, layout, biases) = (self.clone(), layout.clone(), biases.clone());
            let of_layer = pass.clone();
            x = tape.layer(move || own.blocks[i].0.packed(&x, &layout, &biases, &of_layer))?;
            let (own, of_layer) = (self.clone(), pass.clone());
            let forward = move || own.blocks[i].1.forward(&x, &of_layer);
            // The way back begins at the last layer: nothing is saved by computing it again.
            let is_last = i + 1 == self.blocks.len();
            x = if is_last { tape.once(forward)? } else { tape.layer(forward)? };
        }
        let states = self.norm.with_gain(&x, pass)?;
        tape.once(|| Dropout::once(pass, &states))
    }
}

pub struct Decoder {
    blocks: Vec<(SelfAttention, CrossAttention, FeedForward)>,
    positions: Positions,
    norm: Norm,
}

/// The state of a decoder between calls: the keys and values of earlier positions, and its
/// view of the encoder's output.
pub struct State {
    past: Vec<Option<Cache>>,
    /// By block, then by group.
    memories: Vec<Vec<Memory>>,
    masks: Vec<Option<Tensor>>,
    rows: Vec<i64>,
    length: i64,
}

impl State {
    /// Repeats each row `n` times consecutively: the state of `n` beams per row, before the first position.
    pub fn repeat(&mut self, n: i64) -> Result<()> {
        let repeat = |t: &Tensor| Ok(t.f_repeat_interleave_self_int(n, 0, None)?);
        for memory in self.memories.iter_mut().flatten() {
            *memory = memory.map(repeat)?;
        }
        for mask in self.masks.iter_mut().flatten() {
            *mask = repeat(mask)?;
        }
        self.rows.iter_mut().for_each(|rows| *rows *= n);
        Ok(())
    }

    /// Keeps only the rows with these indices, ascending in packed order.
    pub fn keep(&mut self, places: &[i64]) -> Result<()> {
        let select = |t: &Tensor, rows: &[i64]| -> Result<Tensor> {
            Ok(t.f_index_select(0, &longs(rows, t.device())?)?)
        };
        let mut end = 0;
        let mut kept = Vec::with_capacity(self.rows.len());
        for rows in &self.rows {
            let group = end..end + rows;
            end = group.end;
            let own = places.iter().filter(|place| group.contains(place));
            kept.push(own.map(|place| place - group.start).collect::<Vec<i64>>());
        }
        // In reverse order, so that groups without rows can be removed.
        for (i, own) in kept.iter().enumerate().rev() {
            if own.is_empty() {
                self.rows.remove(i);
                self.masks.remove(i);
                self.memories.iter_mut().for_each(|groups| {
                    groups.remove(i);
                });
                continue;
            }
            self.rows[i] = own.len() as i64;
            if let Some(mask) = &mut self.masks[i] {
                *mask = select(mask, own)?;
            }
            // All blocks that absorb share the same states, which are copied once.
            let mut shared: Option<Tensor> = None;
            for groups in &mut self.memories {
                groups[i] = match (&groups[i], &shared) {
                    (Memory::Absorbed(_), Some(states)) => Memory::Absorbed(states.shallow_clone()),
                    (memory, _) => memory.map(|t| select(t, own))?,
                };
                if let Memory::Absorbed(states) = &groups[i] {
                    shared = Some(states.shallow_clone());
                }
            }
        }
        self.reorder(&Tensor::f_from_slice(places)?)
    }

    /// Row i continues row `sources[i]`, `[rows]`; both are in one group and one row of the
    /// batch.
    pub fn reorder(&mut self, sources: &Tensor) -> Result<()> {
        self.past.iter_mut().flatten().try_for_each(|cache| cache.select(sources))
    }
}

impl Decoder {
    pub fn assemble(a: &Assembler) -> Result<Self> {
        let blocks = (0..a.config.num_decoder_layers)
            .map(|i| {
                let at = format!("decoder.block.{i}.layer");
                Ok((
                    SelfAttention::assemble(a, &format!("{at}.0"))?,
                    CrossAttention::assemble(a, &format!("{at}.1"))?,
                    FeedForward::assemble(a, &format!("{at}.2"))?,
                ))
            })
            .collect::<Result<_>>()?;
        let norm = a.norm("decoder.final_layer_norm")?;
        Ok(Decoder { blocks, positions: Positions::assemble(a, "decoder")?, norm })
    }

    pub fn changed(&self, config: &Config, changes: &Changes) -> Result<Self> {
        let blocks = self.blocks.iter().enumerate().map(|(i, (attention, cross, feed_forward))| {
            let at = |n| changing(config, changes, "decoder", i, n);
            Ok((attention.changed(&at(0))?, cross.changed(&at(1))?, feed_forward.changed(&at(2))?))
        });
        Ok(Decoder {
            blocks: blocks.collect::<Result<_>>()?,
            positions: self.positions.clone(),
            norm: self.norm.changed(changes, "decoder.final_layer_norm")?,
        })
    }

    /// The gain of a norm, as in the encoder.
    pub fn gain(&self, norm: &str) -> Option<&Tensor> {
        let Some((block, layer)) = block_and_layer(norm) else {
            return (norm == "final_layer_norm").then_some(self.norm.gain());
        };
        let (attention, cross, feed_forward) = self.blocks.get(block)?;
        [attention.gain(), cross.gain(), feed_forward.gain()].get(layer).copied()
    }

    /// The state before the first position. `expected` is the number of positions to follow: few
    /// are faster without keys and values of the encoder's states.
    pub fn begin(
        &self,
        states: &Tensor,
        layout: &Layout,
        expected: i64,
        pass: &Pass,
    ) -> Result<State> {
        let d = states.size()[1];
        let parts = split(states, &layout.sizes())?;
        let groups = parts
            .iter()
            .zip(&layout.groups)
            .map(|(part, g)| part.f_view([g.rows, g.length, d]))
            .collect::<std::result::Result<Vec<_>, _>>()?;
        let memories = self
            .blocks
            .iter()
            .map(|(_, cross, _)| {
                groups.iter().map(|group| cross.memory(group, expected, pass)).collect()
            })
            .collect::<Result<_>>()?;
        Ok(State {
            past: self.blocks.iter().map(|_| None).collect(),
            memories,
            masks: masks(layout, states.kind(), pass)?,
            rows: layout.row_counts(),
            length: 0,
        })
    }

    /// Prepares a state for `more` positions: if they are many, computing keys and values of the
    /// encoder's states is now faster.
    pub fn expect(&self, state: &mut State, more: i64, pass: &Pass) -> Result<()> {
        for ((_, cross, _), groups) in self.blocks.iter().zip(&mut state.memories) {
            for memory in groups {
                let Memory::Absorbed(states) = memory else { continue };
                let sizes = [states.size()[0], states.size()[1], more];
                if !cross.is_cheaper_absorbed(sizes, pass.operators) {
                    *memory = cross.project(states, pass)?;
                }
            }
        }
        Ok(())
    }

    /// Embeddings of all positions `[rows, new, d]`, rows in packed order, to states of the same shape;
    /// `memory` `[N, d]` are the encoder's states. As `forward` after `begin`, with layers on a tape.
    pub fn whole(
        self: &Rc<Self>,
        embeddings: &Tensor,
        (memory, layout): (&Tensor, &Layout),
        pass: &Rc<Pass>,
        tape: &Tape,
    ) -> Result<Tensor> {
        let [rows, new, d] = embeddings.size()[..] else { unreachable!("3 dimensions") };
        let parts = split(&tape.enter(memory)?, &layout.sizes())?;
        let parts = parts.iter().zip(&layout.groups);
        let groups = parts.map(|(part, g)| part.f_view([g.rows, g.length, d]));
        let groups = Rc::new(groups.collect::<std::result::Result<Vec<_>, _>>()?);
        let masks = Rc::new(masks(layout, memory.kind(), pass)?);
        let row_counts = Rc::new(layout.row_counts());
        let causal = causal_mask(new, embeddings.device())?;
        let mut bias = Tensor::new();
        let embeddings = embeddings.f_reshape([rows * new, d])?;
        let mut x = tape.enter(&tape.once(|| Dropout::once(pass, &embeddings))?)?;
        for i in 0..self.blocks.len() {
            if let Some(positions) = self.positions.new_at(i) {
                let new = positions.for_length(new)?.f_add(&causal)?;
                bias = tape.enter(&prepared(new, x.kind(), pass.operators)?)?;
            }
            let (own, bias, of_layer) = (self.clone(), bias.shallow_clone(), pass.clone());
            x =
                tape.layer(move || own.blocks[i].0.cached(&x, rows, &mut None, &bias, &of_layer))?;
            let (own, of_layer) = (self.clone(), pass.clone());
            let (groups, masks, row_counts) = (groups.clone(), masks.clone(), row_counts.clone());
            x = tape.layer(move || {
                let cross = &own.blocks[i].1;
                let memories = groups.iter().map(|group| cross.memory(group, new, &of_layer));
                let memories = memories.collect::<Result<Vec<_>>>()?;
                let memories = memories.iter().zip(masks.iter().map(Option::as_ref));
                cross.forward(&x, &row_counts, memories, &of_layer)
            })?;
            let (own, of_layer) = (self.clone(), pass.clone());
            x = tape.layer(move || own.blocks[i].2.forward(&x, &of_layer))?;
        }
        let states = self.norm.with_gain(&x, pass)?;
        let states = tape.once(|| Dropout::once(pass, &states))?;
        Ok(states.f_view([rows, new, d])?)
    }

    /// Embeddings of the next positions `[rows, new, d]`, rows in packed order, to states of the
    /// same shape.
    pub fn forward(&self, embeddings: &Tensor, state: &mut State, pass: &Pass) -> Result<Tensor> {
        let [rows, new, d] = embeddings.size()[..] else { unreachable!("3 dimensions") };
        let seen = state.length + new;
        let mask = match new {
            1 => None,
            _ => Some(causal_mask(seen, embeddings.device())?.f_narrow(2, state.length, new)?),
        };
        let mut bias = Tensor::new();
        let mut x = Dropout::once(pass, &embeddings.f_reshape([rows * new, d])?)?;
        for (i, (attention, cross, feed_forward)) in self.blocks.iter().enumerate() {
            if let Some(positions) = self.positions.new_at(i) {
                bias = positions.for_length(seen)?.f_narrow(2, state.length, new)?;
                if let Some(mask) = &mask {
                    bias = bias.f_add(mask)?;
                }
                bias = prepared(bias, x.kind(), pass.operators)?;
            }
            x = attention.cached(&x, rows, &mut state.past[i], &bias, pass)?;
            let memories = state.memories[i].iter().zip(state.masks.iter().map(Option::as_ref));
            x = cross.forward(&x, &state.rows, memories, pass)?;
            x = feed_forward.forward(&x, pass)?;
        }
        state.length = seen;
        let x = self.norm.with_gain(&x, pass)?;
        Ok(Dropout::once(pass, &x)?.f_view([rows, new, d])?)
    }
}

/// `block.3.layer.1.layer_norm` as (3, 1).
fn block_and_layer(norm: &str) -> Option<(usize, usize)> {
    let rest = norm.strip_prefix("block.")?.strip_suffix(".layer_norm")?;
    let (block, layer) = rest.split_once(".layer.")?;
    Some((block.parse().ok()?, layer.parse().ok()?))
}

fn changing<'a>(
    config: &'a Config,
    changes: &'a Changes,
    stack: &str,
    block: usize,
    layer: usize,
) -> Changing<'a> {
    Changing { config, changes, layer: format!("{stack}.block.{block}.layer.{layer}") }
}

/// The position biases of a stack: those of its first layer for all layers, or one per layer (umT5).
#[derive(Clone)]
struct Positions(Rc<[PositionBias]>);

impl Positions {
    fn assemble(a: &Assembler, stack: &str) -> Result<Self> {
        let (layers, both_sides) = match stack {
            "encoder" => (a.config.num_layers, true),
            _ => (a.config.num_decoder_layers, false),
        };
        let own = if a.config.family.positions_by_layer() { layers } else { 1 };
        let bias = |i: i64| -> Result<PositionBias> {
            let at = format!("{stack}.block.{i}.layer.0.SelfAttention.relative_attention_bias");
            let table = a.weights.get(&format!("{at}.weight"))?.f_to_kind(Kind::Float)?;
            Ok(PositionBias::new(table, both_sides, a.config.relative_attention_max_distance))
        };
        Ok(Positions((0..own).map(bias).collect::<Result<_>>()?))
    }

    /// The biases that apply from this layer on, from 0; `None` if the previous ones still apply.
    fn new_at(&self, layer: usize) -> Option<&PositionBias> {
        self.0.get(layer)
    }
}

/// Added to the attention scores of each group's keys: -inf for padding.
fn masks(layout: &Layout, kind: Kind, pass: &Pass) -> Result<Vec<Option<Tensor>>> {
    let masks = layout.groups.iter().map(|group| group.mask.as_ref());
    let ready = |mask: &Tensor| prepared(mask.shallow_clone(), kind, pass.operators);
    masks.map(|mask| mask.map(ready).transpose()).collect()
}

/// Added to the attention scores of each group's rows: positions, and -inf for padding.
fn by_group(
    positions: &PositionBias,
    layout: &Layout,
    kind: Kind,
    pass: &Pass,
) -> Result<Vec<Tensor>> {
    let bias = positions.for_length(layout.longest())?;
    let of_group = |g: &Group| -> Result<Tensor> {
        let corner = bias.f_narrow(2, 0, g.length)?.f_narrow(3, 0, g.length)?;
        let bias = match &g.mask {
            Some(mask) => corner.f_add(mask)?,
            None => corner,
        };
        prepared(bias, kind, pass.operators)
    };
    layout.groups.iter().map(of_group).collect()
}
