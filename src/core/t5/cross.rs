//! Cross-attention of the decoder.

use super::attention::{attend, softmax};
use super::layers::{Assembler, Changing, Pass, Prefix, add};
use super::linear::{Linear, Norm};
use crate::Result;
use crate::backbone::Bottleneck;
use tch::Tensor;

/// Attention of the decoder to the encoder's output.
pub struct CrossAttention {
    norm: Norm,
    /// `[inner, d_model]`
    query: Linear,
    key: Linear,
    value: Linear,
    /// `[d_model, inner]`
    output: Linear,
    heads: i64,
    bottleneck: Option<Bottleneck>,
    prefix: Option<Prefix>,
}

/// The input of one cross-attention for one group of rows.
pub enum Memory {
    /// Keys and values, `[rows, heads, length, d_kv]`: faster for long targets.
    Projected { key: Tensor, value: Tensor },
    /// The encoder's output itself, `[rows, length, d]`: the key matrix is applied to the few
    /// queries instead of the many positions, `q (W_k x) = (q W_k) x`, and the value matrix to
    /// the few averages.
    Absorbed(Tensor),
}

impl Memory {
    /// Applies `f` to every tensor, whose first dimension is rows.
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
    pub fn gain(&self) -> &Tensor {
        &self.norm.gain
    }

    pub fn assemble(a: &Assembler, layer: &str) -> Result<Self> {
        let at = format!("{layer}.EncDecAttention");
        let c = a.config;
        let norm = a.norm(&format!("{layer}.layer_norm"))?;
        Ok(CrossAttention {
            query: a.folded(&norm, &[format!("{at}.q")])?,
            norm,
            key: a.linear(&format!("{at}.k"))?,
            value: a.linear(&format!("{at}.v"))?,
            output: a.linear(&format!("{at}.o"))?,
            heads: c.num_heads,
            bottleneck: None,
            prefix: None,
        })
    }

    pub fn changed(&self, c: &Changing) -> Result<Self> {
        const MODULE: &str = "EncDecAttention";
        Ok(CrossAttention {
            norm: c.norm(&self.norm)?,
            query: c.folded(&self.norm, &self.query, MODULE, &[("q", c.config.inner())])?,
            key: c.plain(&self.key, MODULE, "k")?,
            value: c.plain(&self.value, MODULE, "v")?,
            output: c.plain(&self.output, MODULE, "o")?,
            heads: self.heads,
            bottleneck: c.bottleneck(MODULE),
            prefix: c.prefix(MODULE, self.query.weight.kind())?,
        })
    }

    /// The number of heads, their width, and the model's width.
    fn sizes(&self) -> (i64, i64, i64) {
        let size = self.key.weight.size();
        (self.heads, size[0] / self.heads, size[1])
    }

    /// The matrix of an unchanged linear layer by heads, `[heads, d_kv, d_model]`.
    fn by_head(&self, matrix: &Linear) -> Result<Tensor> {
        let (heads, width, d) = self.sizes();
        Ok(matrix.weight.f_view([heads, width, d])?)
    }

    /// Whether `new` target positions over `length` encoder positions take fewer operations if
    /// the key and value matrices are applied to the queries.
    pub fn is_cheaper_absorbed(&self, length: i64, new: i64) -> bool {
        if self.prefix.is_some() || !self.key.is_plain() || !self.value.is_plain() {
            return false;
        }
        let (heads, width, d) = self.sizes();
        let inner = heads * width;
        let absorbed = new * d * (inner + heads * length);
        let projected = length * inner * (d + new);
        absorbed < projected
    }

    /// The input for `new` target positions over one group of encoder states `[rows, length, d]`.
    pub fn memory(&self, states: &Tensor, new: i64) -> Result<Memory> {
        match self.is_cheaper_absorbed(states.size()[1], new) {
            true => Ok(Memory::Absorbed(states.shallow_clone())),
            false => self.project(states),
        }
    }

    /// Keys and values of one group of encoder states `[rows, length, d]`.
    pub fn project(&self, states: &Tensor) -> Result<Memory> {
        let (heads, width, d) = self.sizes();
        let project = |matrix: &Linear| -> Result<Tensor> {
            let out = matrix.forward(&states.f_reshape([-1, d])?)?;
            let [rows, length] = [states.size()[0], states.size()[1]];
            Ok(out.f_view([rows, length, heads, width])?.f_transpose(1, 2)?)
        };
        let (key, value) = (project(&self.key)?, project(&self.value)?);
        let (key, value) = match &self.prefix {
            Some(prefix) => prefix.before(&key, &value)?,
            None => (key, value),
        };
        Ok(Memory::Projected { key, value })
    }

    /// `x` is `[rows * new, d]`, rows in packed order; `memories` and `masks` are per group.
    pub fn forward<'m>(
        &self,
        x: &Tensor,
        rows: &[i64],
        memories: impl Iterator<Item = (&'m Memory, Option<&'m Tensor>)>,
        pass: Pass,
    ) -> Result<Tensor> {
        let total: i64 = rows.iter().sum();
        let new = x.size()[0] / total;
        let (heads, width, _) = self.sizes();
        let query = self.query.forward(&self.norm.forward(x, pass.epsilon)?)?;
        let query = query.f_view([total, new, heads, width])?;
        let parts = query.f_split_with_sizes(rows, 0)?;
        let mut outputs = Vec::with_capacity(rows.len());
        for (query, (memory, mask)) in parts.iter().zip(memories) {
            let out = match memory {
                Memory::Projected { key, value } => {
                    let wide = match (&self.prefix, mask) {
                        (Some(prefix), Some(mask)) => Some(prefix.widened(mask)?),
                        _ => mask.map(Tensor::shallow_clone),
                    };
                    let query = query.f_transpose(1, 2)?;
                    let out = attend(&query, key, value, wide.as_ref(), pass.dropout)?;
                    out.f_transpose(1, 2)?
                }
                Memory::Absorbed(states) => self.absorbed(query, states, mask, pass.dropout)?,
            };
            outputs.push(out);
        }
        let joined = Tensor::f_cat(&outputs, 0)?.f_reshape([total * new, heads * width])?;
        add(x, &joined, &self.output, &self.bottleneck, pass.dropout)
    }

    /// `query` `[rows, new, heads, d_kv]`, `states` `[rows, length, d]`; the result has the shape of `query`.
    fn absorbed(
        &self,
        query: &Tensor,
        states: &Tensor,
        mask: Option<&Tensor>,
        dropout: f64,
    ) -> Result<Tensor> {
        let [rows, new, heads, width] = query.size()[..] else { unreachable!("4 dimensions") };
        let by_head = query.f_permute([2, 0, 1, 3])?.f_reshape([heads, rows * new, width])?;
        let query = by_head.f_bmm(&self.by_head(&self.key)?)?.f_view([heads, rows, new, -1])?;
        let query = query.f_permute([1, 0, 2, 3])?.f_reshape([rows, heads * new, -1])?;
        let scores = query.f_bmm(&states.f_transpose(1, 2)?)?;
        let mask = mask.map(|m| m.f_squeeze_dim(1)).transpose()?;
        let weights = softmax(&scores, mask.as_ref(), dropout)?;
        let average = weights.f_bmm(states)?.f_view([rows, heads, new, -1])?;
        let average = average.f_transpose(0, 1)?.f_reshape([heads, rows * new, -1])?;
        let out = average.f_bmm(&self.by_head(&self.value)?.f_transpose(1, 2)?)?;
        Ok(out.f_view([heads, rows, new, width])?.f_permute([1, 2, 0, 3])?)
    }
}
