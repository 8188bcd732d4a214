//! The layers of a T5, in the form the computation wants: each norm's gain folded into the matrix
//! after it, query, key and value in one product.
//!
//! `W (g * x) = (W diag(g)) x`, so folding changes nothing but the number of passes over memory.

use super::attention::{attend, softmax};
use super::cache::Cache;
use super::config::{Config, FeedForwardKind};
use super::layout::Layout;
use super::norm::rms_norm;
use super::parameters::Weights;
use super::product::{add_linear, linear};
use crate::Result;
use crate::nn::Activation;
use tch::{Kind, Tensor};

/// What a pass through the layers needs to know besides its input.
#[derive(Debug, Clone, Copy)]
pub struct Pass {
    pub epsilon: f64,
    /// Probability of dropping an activation; 0 outside training.
    pub dropout: f64,
}

/// Parameters in the form and type the computation wants.
pub struct Assembler<'a> {
    pub config: &'a Config,
    pub weights: &'a dyn Weights,
    pub kind: Kind,
}

impl Assembler<'_> {
    pub fn plain(&self, name: &str) -> Result<Tensor> {
        Ok(self.weights.get(name)?.f_to_kind(self.kind)?)
    }

    /// The matrices stacked by rows, the gain of the norm before them folded in.
    fn folded(&self, norm: &str, names: &[String]) -> Result<Tensor> {
        let gain = self.weights.get(norm)?.f_to_kind(Kind::Float)?;
        self.weights.stacked(names, &gain, self.kind)
    }
}

/// Self-attention of one block.
pub struct SelfAttention {
    /// `[3 * inner, d_model]`
    input: Tensor,
    /// `[d_model, inner]`
    output: Tensor,
    heads: i64,
}

impl SelfAttention {
    pub fn assemble(a: &Assembler, layer: &str) -> Result<Self> {
        let at = format!("{layer}.SelfAttention");
        let names = ["q", "k", "v"].map(|part| format!("{at}.{part}.weight"));
        Ok(SelfAttention {
            input: a.folded(&format!("{layer}.layer_norm.weight"), &names)?,
            output: a.plain(&format!("{at}.o.weight"))?,
            heads: a.config.num_heads,
        })
    }

    /// Over packed rows `[N, d]`, group by group; `bias` is `[1, heads, longest, longest]`.
    pub fn packed(
        &self,
        x: &Tensor,
        layout: &Layout,
        bias: &[Tensor],
        pass: Pass,
    ) -> Result<Tensor> {
        let qkv = linear(&rms_norm(x, pass.epsilon)?, &self.input)?;
        let mut outputs = Vec::with_capacity(layout.groups.len());
        let parts = qkv.f_split_with_sizes(&layout.sizes()[..], 0)?;
        for ((part, group), bias) in parts.iter().zip(&layout.groups).zip(bias) {
            let [q, k, v] = self.heads_of(part, group.rows, group.length)?;
            let out = attend(&q, &k, &v, Some(bias), pass.dropout)?;
            outputs.push(out.f_transpose(1, 2)?.f_reshape([group.rows * group.length, -1])?);
        }
        let joined =
            if outputs.len() == 1 { outputs.remove(0) } else { Tensor::f_cat(&outputs, 0)? };
        add_linear(x, &joined, &self.output, pass.dropout)
    }

    /// Over `[rows * new, d]` positions that follow those in the cache, which they join.
    pub fn cached(
        &self,
        x: &Tensor,
        rows: i64,
        cache: &mut Option<Cache>,
        bias: &Tensor,
        pass: Pass,
    ) -> Result<Tensor> {
        let qkv = linear(&rms_norm(x, pass.epsilon)?, &self.input)?;
        let new = x.size()[0] / rows;
        let [q, k, v] = self.heads_of(&qkv, rows, new)?;
        let cache = match cache {
            Some(cache) => {
                cache.append(&k, &v)?;
                cache
            }
            None => cache.insert(Cache::new(k, v)),
        };
        let out = attend(&q, &cache.keys()?, &cache.values()?, Some(bias), pass.dropout)?;
        let out = out.f_transpose(1, 2)?.f_reshape([rows * new, -1])?;
        add_linear(x, &out, &self.output, pass.dropout)
    }

    /// Queries, keys and values, `[rows, heads, length, d_kv]` each.
    fn heads_of(&self, qkv: &Tensor, rows: i64, length: i64) -> Result<[Tensor; 3]> {
        let parts = qkv.f_view([rows, length, 3, self.heads, -1])?.f_unbind(2)?;
        Ok([parts[0].f_transpose(1, 2)?, parts[1].f_transpose(1, 2)?, parts[2].f_transpose(1, 2)?])
    }
}

/// Attention of the decoder to the encoder's output.
pub struct CrossAttention {
    /// `[inner, d_model]`
    query: Tensor,
    /// `[heads, d_kv, d_model]`
    key: Tensor,
    value: Tensor,
    /// `[d_model, inner]`
    output: Tensor,
}

/// What one cross-attention reads of one group of rows.
pub enum Memory {
    /// Keys and values, `[rows, heads, length, d_kv]`: best for long targets.
    Projected { key: Tensor, value: Tensor },
    /// The encoder's output itself, `[rows, length, d]`: the key matrix is applied to the few
    /// queries instead of the many positions, `q (W_k x) = (q W_k) x`, and the value matrix to
    /// the few averages.
    Absorbed(Tensor),
}

impl Memory {
    /// The same memory with every tensor, rows first, put through `f`.
    pub fn map(&self, f: impl Fn(&Tensor) -> Result<Tensor>) -> Result<Self> {
        Ok(match self {
            Memory::Projected { key, value } => {
                Memory::Projected { key: f(key)?, value: f(value)? }
            }
            Memory::Absorbed(states) => Memory::Absorbed(f(states)?),
        })
    }
}

impl CrossAttention {
    pub fn assemble(a: &Assembler, layer: &str) -> Result<Self> {
        let at = format!("{layer}.EncDecAttention");
        let c = a.config;
        let by_head = [c.num_heads, c.d_kv, c.d_model];
        let query = [format!("{at}.q.weight")];
        Ok(CrossAttention {
            query: a.folded(&format!("{layer}.layer_norm.weight"), &query)?,
            key: a.plain(&format!("{at}.k.weight"))?.f_view(by_head)?,
            value: a.plain(&format!("{at}.v.weight"))?.f_view(by_head)?,
            output: a.plain(&format!("{at}.o.weight"))?,
        })
    }

    /// Whether `new` target positions over `length` encoder positions take fewer operations with
    /// the key and value matrices applied to the queries.
    pub fn is_cheaper_absorbed(&self, length: i64, new: i64) -> bool {
        let [heads, width, d] = self.key.size()[..] else { unreachable!("3 dimensions") };
        let inner = heads * width;
        let absorbed = new * d * (inner + heads * length);
        let projected = length * inner * (d + new);
        absorbed < projected
    }

    /// Keys and values of one group of encoder states `[rows, length, d]`.
    pub fn project(&self, states: &Tensor) -> Result<Memory> {
        let project = |weight: &Tensor| -> Result<Tensor> {
            let size = weight.size();
            let flat = weight.f_view([-1, size[2]])?;
            let out = states.f_linear(&flat, None::<Tensor>)?;
            let [rows, length] = [states.size()[0], states.size()[1]];
            Ok(out.f_view([rows, length, size[0], size[1]])?.f_transpose(1, 2)?)
        };
        Ok(Memory::Projected { key: project(&self.key)?, value: project(&self.value)? })
    }

    /// `x` is `[rows * new, d]`, rows in packed order; `memories` and `masks` go by group.
    pub fn forward<'m>(
        &self,
        x: &Tensor,
        rows: &[i64],
        memories: impl Iterator<Item = (&'m Memory, Option<&'m Tensor>)>,
        pass: Pass,
    ) -> Result<Tensor> {
        let total: i64 = rows.iter().sum();
        let new = x.size()[0] / total;
        let size = self.key.size();
        let (heads, width) = (size[0], size[1]);
        let query = linear(&rms_norm(x, pass.epsilon)?, &self.query)?;
        let query = query.f_view([total, new, heads, width])?;
        let parts = query.f_split_with_sizes(rows, 0)?;
        let mut outputs = Vec::with_capacity(rows.len());
        for (query, (memory, mask)) in parts.iter().zip(memories) {
            let out = match memory {
                Memory::Projected { key, value } => {
                    let out = attend(&query.f_transpose(1, 2)?, key, value, mask, pass.dropout)?;
                    out.f_transpose(1, 2)?
                }
                Memory::Absorbed(states) => self.absorbed(query, states, mask, pass.dropout)?,
            };
            outputs.push(out);
        }
        let joined = Tensor::f_cat(&outputs, 0)?.f_reshape([total * new, heads * width])?;
        add_linear(x, &joined, &self.output, pass.dropout)
    }

    /// `query` `[rows, new, heads, d_kv]`, `states` `[rows, length, d]`; result as `query`.
    fn absorbed(
        &self,
        query: &Tensor,
        states: &Tensor,
        mask: Option<&Tensor>,
        dropout: f64,
    ) -> Result<Tensor> {
        let [rows, new, heads, width] = query.size()[..] else { unreachable!("4 dimensions") };
        let by_head = query.f_permute([2, 0, 1, 3])?.f_reshape([heads, rows * new, width])?;
        let query = by_head.f_bmm(&self.key)?.f_view([heads, rows, new, -1])?;
        let query = query.f_permute([1, 0, 2, 3])?.f_reshape([rows, heads * new, -1])?;
        let scores = query.f_bmm(&states.f_transpose(1, 2)?)?;
        let mask = mask.map(|m| m.f_squeeze_dim(1)).transpose()?;
        let weights = softmax(&scores, mask.as_ref(), dropout)?;
        let average = weights.f_bmm(states)?.f_view([rows, heads, new, -1])?;
        let average = average.f_transpose(0, 1)?.f_reshape([heads, rows * new, -1])?;
        let out = average.f_bmm(&self.value.f_transpose(1, 2)?)?;
        Ok(out.f_view([heads, rows, new, width])?.f_permute([1, 2, 0, 3])?)
    }
}

/// The position-wise feed-forward layer, gated or not.
pub struct FeedForward {
    /// `[d_ff, d_model]`, or `[2 * d_ff, d_model]` gated: activated half first.
    input: Tensor,
    /// `[d_model, d_ff]`
    output: Tensor,
    kind: FeedForwardKind,
}

impl FeedForward {
    pub fn assemble(a: &Assembler, layer: &str) -> Result<Self> {
        let kind = a.config.feed_forward()?;
        let parts: &[&str] = if kind.gated { &["wi_0", "wi_1"] } else { &["wi"] };
        let at = format!("{layer}.DenseReluDense");
        let names: Vec<String> = parts.iter().map(|p| format!("{at}.{p}.weight")).collect();
        Ok(FeedForward {
            input: a.folded(&format!("{layer}.layer_norm.weight"), &names)?,
            output: a.plain(&format!("{at}.wo.weight"))?,
            kind,
        })
    }

    pub fn forward(&self, x: &Tensor, pass: Pass) -> Result<Tensor> {
        let inner = linear(&rms_norm(x, pass.epsilon)?, &self.input)?;
        let inner = if self.kind.gated {
            let halves = inner.f_chunk(2, -1)?;
            self.activate(halves[0].shallow_clone())?.f_mul(&halves[1])?
        } else {
            self.activate(inner)?
        };
        let inner = if pass.dropout > 0.0 { inner.f_dropout(pass.dropout, true)? } else { inner };
        add_linear(x, &inner, &self.output, pass.dropout)
    }

    fn activate(&self, mut x: Tensor) -> Result<Tensor> {
        match self.kind.activation {
            // In place: nothing else reads the product.
            Activation::Relu if !self.kind.gated => Ok(x.f_relu_()?),
            activation => activation.apply(&x),
        }
    }
}
