//! The layers of a T5, rearranged for speed: each norm's gain is folded into the matrix
//! after it, and query, key and value are one product.
//!
//! `W (g * x) = (W diag(g)) x`, so folding only reduces the number of passes over memory.

use super::attention::attend;
use super::cache::Cache;
use super::config::{Config, FeedForwardKind};
use super::dropout::Dropout;
use super::linear::{Linear, Norm};
use super::norm::rest;
use super::operators::Operators;
use super::parameters::Weights;
use super::pass::Pass;
use crate::Result;
use crate::backbone::{Bottleneck, Changes, Group, Layout};
use crate::nn::Activation;
use tch::{Kind, Tensor};

/// Provides parameters in the layout and dtype of the computation.
pub struct Assembler<'a> {
    pub config: &'a Config,
    pub weights: &'a dyn Weights,
    pub kind: Kind,
    pub operators: Operators,
}

impl Assembler<'_> {
    pub fn plain(&self, name: &str) -> Result<Tensor> {
        Ok(self.weights.get(name)?.f_to_kind(self.kind)?)
    }

    pub(super) fn linear(&self, place: &str) -> Result<Linear> {
        Ok(Linear::new(self.plain(&format!("{place}.weight"))?))
    }

    pub fn norm(&self, place: &str) -> Result<Norm> {
        let gain = self.weights.get(&format!("{place}.weight"))?.f_to_kind(Kind::Float)?;
        let rest = rest(gain.size()[0], self.kind, self.operators);
        Norm::new(gain, rest)
    }

    /// The matrices stacked by rows, with the gain of the preceding norm, if any, folded in.
    pub(super) fn stacked(&self, norm: Option<&Norm>, places: &[String]) -> Result<Linear> {
        let names: Vec<String> = places.iter().map(|place| format!("{place}.weight")).collect();
        Ok(Linear::new(self.weights.stacked(&names, norm.map(Norm::folded), self.kind)?))
    }
}

/// The changes of a layer.
pub struct Changing<'a> {
    pub config: &'a Config,
    pub changes: &'a Changes,
    /// `encoder.block.0.layer.1`
    pub layer: String,
}

impl Changing<'_> {
    /// `input`, which follows the layer's norm if there is one, with the changes; its matrices belong to
    /// `module`.
    pub(super) fn stacked(
        &self,
        norm: Option<&Norm>,
        input: &Linear,
        module: &str,
        parts: &[(&str, i64)],
    ) -> Result<Linear> {
        let at = |(part, rows): &(&str, i64)| (format!("{}.{module}.{part}", self.layer), *rows);
        let places: Vec<(String, i64)> = parts.iter().map(at).collect();
        input.changed(self.changes, &places, norm.map(Norm::folded))
    }

    pub(super) fn plain(&self, linear: &Linear, module: &str, part: &str) -> Result<Linear> {
        let place = format!("{}.{module}.{part}", self.layer);
        linear.changed(self.changes, &[(place, linear.weight.size()[0])], None)
    }

    pub(super) fn norm(&self, norm: &Norm) -> Result<Norm> {
        norm.changed(self.changes, &format!("{}.layer_norm", self.layer))
    }

    pub(super) fn bottleneck(&self, module: &str) -> Option<Bottleneck> {
        self.changes.bottleneck(&format!("{}.{module}", self.layer))
    }

    pub(super) fn prefix(&self, module: &str, kind: Kind) -> Result<Option<Prefix>> {
        let Some((keys, values)) = self.changes.prefix(&format!("{}.{module}", self.layer)) else {
            return Ok(None);
        };
        let heads = self.config.num_heads;
        let by_head = |t: &Tensor| -> Result<Tensor> {
            let rows = t.size()[0];
            Ok(t.f_to_kind(kind)?.f_view([1, rows, heads, -1])?.f_transpose(1, 2)?)
        };
        Ok(Some(Prefix { keys: by_head(keys)?, values: by_head(values)? }))
    }
}

/// Keys and values before those of every row, `[1, heads, m, d_kv]`.
pub(super) struct Prefix {
    keys: Tensor,
    values: Tensor,
}

impl Prefix {
    /// m
    pub(super) fn length(&self) -> i64 {
        self.keys.size()[2]
    }

    /// Prepends these to keys and values `[rows, heads, n, d_kv]`: `[rows, heads, m + n, d_kv]`.
    pub(super) fn before(&self, keys: &Tensor, values: &Tensor) -> Result<(Tensor, Tensor)> {
        let join = |own: &Tensor, x: &Tensor| -> Result<Tensor> {
            let size = own.size();
            let own = own.f_expand([x.size()[0], size[1], size[2], size[3]], false)?;
            Ok(Tensor::f_cat(&[&own, x], 2)?)
        };
        Ok((join(&self.keys, keys)?, join(&self.values, values)?))
    }

    /// Extends a bias `[.., n]` over keys to `[.., m + n]`, with zeros for these.
    pub(super) fn widened(&self, bias: &Tensor) -> Result<Tensor> {
        Ok(bias.f_constant_pad_nd([self.length(), 0])?)
    }
}

/// The residual `x` `[n, d_model]` plus the output of a module: `inner` `[n, in]` through its output
/// matrix and its bottleneck.
pub(super) fn add(
    x: &Tensor,
    inner: &Tensor,
    output: &Linear,
    bottleneck: &Option<Bottleneck>,
    dropout: &Dropout,
) -> Result<Tensor> {
    let Some(bottleneck) = bottleneck else { return output.add(x, inner, dropout) };
    let out = bottleneck.forward(&output.forward(inner)?)?;
    Ok(x.f_add(&dropout.apply(out)?)?)
}

/// `x` `[n, ..]` in parts of these sizes, without an operation for one part.
pub(super) fn split(x: &Tensor, sizes: &[i64]) -> Result<Vec<Tensor>> {
    match sizes.len() {
        1 => Ok(vec![x.shallow_clone()]),
        _ => Ok(x.f_split_with_sizes(sizes, 0)?),
    }
}

/// Parts `[n, ..]` as one, without an operation for one part.
pub(super) fn join(mut parts: Vec<Tensor>) -> Result<Tensor> {
    match parts.len() {
        1 => Ok(parts.remove(0)),
        _ => Ok(Tensor::f_cat(&parts, 0)?),
    }
}

/// `parts` stacked projections `[rows * n, parts * inner]`, as `[rows, heads, n, d_kv]` each.
pub(super) fn by_head(
    x: &Tensor,
    rows: i64,
    parts: i64,
    heads: i64,
    pass: &Pass,
) -> Result<Vec<Tensor>> {
    let size = [rows, x.size()[0] / rows, parts, heads, x.size()[1] / (parts * heads)];
    let x = x.f_view(size)?;
    if pass.dropout > 0.0 && pass.operators == Operators::Separate {
        // Separate products would copy every part.
        return Ok(x.f_permute([2, 0, 3, 1, 4])?.f_contiguous()?.f_unbind(0)?);
    }
    let by_head = |part: Tensor| Ok(part.f_transpose(1, 2)?);
    x.f_unbind(2)?.into_iter().map(by_head).collect()
}

/// Self-attention of one block.
pub struct SelfAttention {
    norm: Norm,
    /// `[3 * inner, d_model]`
    input: Linear,
    /// `[d_model, inner]`
    output: Linear,
    heads: i64,
    bottleneck: Option<Bottleneck>,
    prefix: Option<Prefix>,
}

impl SelfAttention {
    pub fn gain(&self) -> &Tensor {
        self.norm.gain()
    }

    pub fn assemble(a: &Assembler, layer: &str) -> Result<Self> {
        let at = format!("{layer}.SelfAttention");
        let places = ["q", "k", "v"].map(|part| format!("{at}.{part}"));
        let norm = a.norm(&format!("{layer}.layer_norm"))?;
        Ok(SelfAttention {
            input: a.stacked(Some(&norm), &places)?,
            norm,
            output: a.linear(&format!("{at}.o"))?,
            heads: a.config.num_heads,
            bottleneck: None,
            prefix: None,
        })
    }

    pub fn changed(&self, c: &Changing) -> Result<Self> {
        const MODULE: &str = "SelfAttention";
        let inner = c.config.inner();
        let parts = [("q", inner), ("k", inner), ("v", inner)];
        Ok(SelfAttention {
            norm: c.norm(&self.norm)?,
            input: c.stacked(Some(&self.norm), &self.input, MODULE, &parts)?,
            output: c.plain(&self.output, MODULE, "o")?,
            heads: self.heads,
            bottleneck: c.bottleneck(MODULE),
            prefix: c.prefix(MODULE, self.input.weight.kind())?,
        })
    }

    /// Attention of `q` `[rows, heads, new, d_kv]` to keys and values `[rows, heads, n, d_kv]`, preceded
    /// by those of a prefix.
    fn attend(
        &self,
        q: &Tensor,
        k: &Tensor,
        v: &Tensor,
        bias: &Tensor,
        dropout: &Dropout,
    ) -> Result<Tensor> {
        match &self.prefix {
            None => attend(q, k, v, Some(bias), dropout),
            Some(prefix) => {
                let (k, v) = prefix.before(k, v)?;
                attend(q, &k, &v, Some(&prefix.widened(bias)?), dropout)
            }
        }
    }

    /// Over packed rows `[N, d]`, group by group; `bias` is `[1, heads, longest, longest]`.
    pub fn packed(
        &self,
        x: &Tensor,
        layout: &Layout,
        bias: &[Tensor],
        pass: &Pass,
    ) -> Result<Tensor> {
        let weights = |g: &Group| g.rows * g.length * self.weights(g.length);
        let count = x.numel() as i64 + layout.groups.iter().map(weights).sum::<i64>();
        let dropout = Dropout::draw(pass, x, count)?;
        let qkv = self.input.forward(&self.norm.forward(x, pass)?)?;
        let mut outputs = Vec::with_capacity(layout.groups.len());
        let parts = split(&qkv, &layout.sizes())?;
        for ((part, group), bias) in parts.iter().zip(&layout.groups).zip(bias) {
            let [q, k, v] = self.heads_of(part, group.rows, pass)?;
            let out = self.attend(&q, &k, &v, bias, &dropout)?;
            outputs.push(out.f_transpose(1, 2)?.f_reshape([group.rows * group.length, -1])?);
        }
        add(x, &join(outputs)?, &self.output, &self.bottleneck, &dropout)
    }

    /// The number of attention weights of a position that attends to `length` positions.
    fn weights(&self, length: i64) -> i64 {
        self.heads * (length + self.prefix.as_ref().map_or(0, Prefix::length))
    }

    /// Over `[rows * new, d]` positions that follow those in the cache, and are added to it.
    pub fn cached(
        &self,
        x: &Tensor,
        rows: i64,
        cache: &mut Option<Cache>,
        bias: &Tensor,
        pass: &Pass,
    ) -> Result<Tensor> {
        let count = x.numel() as i64 + x.size()[0] * self.weights(bias.size()[3]);
        let dropout = Dropout::draw(pass, x, count)?;
        let qkv = self.input.forward(&self.norm.forward(x, pass)?)?;
        let [q, k, v] = self.heads_of(&qkv, rows, pass)?;
        let cache = match cache {
            Some(cache) => {
                cache.append(&k, &v)?;
                cache
            }
            None => cache.insert(Cache::new(k, v)),
        };
        let out = self.attend(&q, &cache.keys()?, &cache.values()?, bias, &dropout)?;
        let out = out.f_transpose(1, 2)?.f_reshape([x.size()[0], -1])?;
        add(x, &out, &self.output, &self.bottleneck, &dropout)
    }

    /// Queries, keys and values, `[rows, heads, length, d_kv]` each.
    fn heads_of(&self, qkv: &Tensor, rows: i64, pass: &Pass) -> Result<[Tensor; 3]> {
        let parts = by_head(qkv, rows, 3, self.heads, pass)?;
        Ok(parts.try_into().expect("three parts"))
    }
}

/// The position-wise feed-forward layer, gated or not.
pub struct FeedForward {
    norm: Norm,
    /// `[d_ff, d_model]`, or `[2 * d_ff, d_model]` if gated: the activated half first.
    input: Linear,
    /// `[d_model, d_ff]`
    output: Linear,
    kind: FeedForwardKind,
    bottleneck: Option<Bottleneck>,
}

impl FeedForward {
    pub fn gain(&self) -> &Tensor {
        self.norm.gain()
    }

    pub fn assemble(a: &Assembler, layer: &str) -> Result<Self> {
        let kind = a.config.feed_forward;
        let parts: &[&str] = if kind.gated { &["wi_0", "wi_1"] } else { &["wi"] };
        let at = format!("{layer}.DenseReluDense");
        let places: Vec<String> = parts.iter().map(|p| format!("{at}.{p}")).collect();
        let norm = a.norm(&format!("{layer}.layer_norm"))?;
        Ok(FeedForward {
            input: a.stacked(Some(&norm), &places)?,
            norm,
            output: a.linear(&format!("{at}.wo"))?,
            kind,
            bottleneck: None,
        })
    }

    pub fn changed(&self, c: &Changing) -> Result<Self> {
        const MODULE: &str = "DenseReluDense";
        let width = c.config.d_ff;
        let parts: &[(&str, i64)] = match self.kind.gated {
            true => &[("wi_0", width), ("wi_1", width)],
            false => &[("wi", width)],
        };
        Ok(FeedForward {
            norm: c.norm(&self.norm)?,
            input: c.stacked(Some(&self.norm), &self.input, MODULE, parts)?,
            output: c.plain(&self.output, MODULE, "wo")?,
            kind: self.kind,
            bottleneck: c.bottleneck(MODULE),
        })
    }

    /// `[n, d_model]` to the same shape.
    pub fn forward(&self, x: &Tensor, pass: &Pass) -> Result<Tensor> {
        let inner = self.output.weight.size()[1];
        let dropout = Dropout::draw(pass, x, x.numel() as i64 + x.size()[0] * inner)?;
        let inner = self.input.forward(&self.norm.forward(x, pass)?)?;
        let inner = if self.kind.gated {
            let halves = inner.f_chunk(2, -1)?;
            self.activate(halves[0].shallow_clone())?.f_mul(&halves[1])?
        } else {
            self.activate(inner)?
        };
        add(x, &dropout.apply(inner)?, &self.output, &self.bottleneck, &dropout)
    }

    fn activate(&self, mut x: Tensor) -> Result<Tensor> {
        match self.kind.activation {
            // In place: the product is not used otherwise.
            Activation::Relu if !self.kind.gated => Ok(x.f_relu_()?),
            activation => activation.apply(&x),
        }
    }
}
