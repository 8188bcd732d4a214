//! Cross-attention of the decoder.

use super::attention::{attend, softmax};
use super::dropout::Dropout;
use super::layers::{Assembler, Changing, Prefix, add, by_head, join, split};
use super::linear::{Linear, Norm};
use super::operators::Operators;
use super::pass::Pass;
use crate::Result;
use crate::backbone::Bottleneck;
use tch::Tensor;

/// Attention of the decoder to the encoder's output.
pub struct CrossAttention {
    norm: Norm,
    /// `[inner, d_model]`
    query: Linear,
    /// Keys, then values: `[2 * inner, d_model]`
    memory: Linear,
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
    /// The number of positions, those of a prefix included.
    fn length(&self) -> i64 {
        match self {
            Memory::Projected { key, .. } => key.size()[2],
            Memory::Absorbed(states) => states.size()[1],
        }
    }

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
        self.norm.gain()
    }

    pub fn assemble(a: &Assembler, layer: &str) -> Result<Self> {
        let at = format!("{layer}.EncDecAttention");
        let c = a.config;
        let norm = a.norm(&format!("{layer}.layer_norm"))?;
        Ok(CrossAttention {
            query: a.stacked(Some(&norm), &[format!("{at}.q")])?,
            norm,
            memory: a.stacked(None, &["k", "v"].map(|part| format!("{at}.{part}")))?,
            output: a.linear(&format!("{at}.o"))?,
            heads: c.num_heads,
            bottleneck: None,
            prefix: None,
        })
    }

    pub fn changed(&self, c: &Changing) -> Result<Self> {
        const MODULE: &str = "EncDecAttention";
        let inner = c.config.inner();
        Ok(CrossAttention {
            norm: c.norm(&self.norm)?,
            query: c.stacked(Some(&self.norm), &self.query, MODULE, &[("q", inner)])?,
            memory: c.stacked(None, &self.memory, MODULE, &[("k", inner), ("v", inner)])?,
            output: c.plain(&self.output, MODULE, "o")?,
            heads: self.heads,
            bottleneck: c.bottleneck(MODULE),
            prefix: c.prefix(MODULE, self.query.weight.kind())?,
        })
    }

    /// The number of heads, their width, and the model's width.
    fn sizes(&self) -> (i64, i64, i64) {
        let size = self.query.weight.size();
        (self.heads, size[0] / self.heads, size[1])
    }

    /// The unchanged matrices of keys and values by heads, `[heads, d_kv, d_model]` each.
    fn matrices(&self) -> Result<[Tensor; 2]> {
        let (heads, width, d) = self.sizes();
        let both = self.memory.weight.f_view([2, heads, width, d])?;
        Ok([both.f_select(0, 0)?, both.f_select(0, 1)?])
    }

    /// Whether `rows` of `new` target positions over `length` encoder positions take less time if
    /// the key and value matrices are applied to the queries.
    pub fn is_cheaper_absorbed(&self, [rows, length, new]: [i64; 3], operators: Operators) -> bool {
        /// The multiplications of a GPU in the time of the kernels, forward and backward, that this adds:
        /// about 20 of 5 us, at 1e14 operations a second. An estimate.
        const KERNELS: i64 = 5_000_000_000;
        if self.prefix.is_some() || !self.memory.is_plain() {
            return false;
        }
        let (heads, width, d) = self.sizes();
        let inner = heads * width;
        let absorbed = rows * new * d * (inner + heads * length);
        let projected = rows * length * inner * (d + new);
        let kernels = if operators == Operators::Fused { KERNELS } else { 0 };
        absorbed + kernels < projected
    }

    /// The input for `new` target positions over one group of encoder states `[rows, length, d]`.
    pub fn memory(&self, states: &Tensor, new: i64, pass: &Pass) -> Result<Memory> {
        let sizes = [states.size()[0], states.size()[1], new];
        match self.is_cheaper_absorbed(sizes, pass.operators) {
            true => Ok(Memory::Absorbed(states.shallow_clone())),
            false => self.project(states, pass),
        }
    }

    /// Keys and values of one group of encoder states `[rows, length, d]`.
    pub fn project(&self, states: &Tensor, pass: &Pass) -> Result<Memory> {
        let [rows, _, d] = states.size()[..] else { unreachable!("3 dimensions") };
        let both = self.memory.forward(&states.f_reshape([-1, d])?)?;
        let [key, value] = &by_head(&both, rows, 2, self.heads, pass)?[..] else {
            unreachable!("two parts")
        };
        let (key, value) = match &self.prefix {
            Some(prefix) => prefix.before(key, value)?,
            None => (key.shallow_clone(), value.shallow_clone()),
        };
        Ok(Memory::Projected { key, value })
    }

    /// `x` is `[rows * new, d]`, rows in packed order; `memories` and `masks` are per group.
    pub fn forward<'m>(
        &self,
        x: &Tensor,
        rows: &[i64],
        memories: impl Iterator<Item = (&'m Memory, Option<&'m Tensor>)> + Clone,
        pass: &Pass,
    ) -> Result<Tensor> {
        let total: i64 = rows.iter().sum();
        let new = x.size()[0] / total;
        let (heads, width, _) = self.sizes();
        let weights = |(memory, rows): (&Memory, &i64)| rows * new * heads * memory.length();
        let weights = memories.clone().map(|(memory, _)| memory).zip(rows).map(weights);
        let dropout = Dropout::draw(pass, x, x.numel() as i64 + weights.sum::<i64>())?;
        let query = self.query.forward(&self.norm.forward(x, pass)?)?;
        let query = query.f_view([total, new, heads, width])?;
        let parts = split(&query, rows)?;
        let mut outputs = Vec::with_capacity(rows.len());
        for (query, (memory, mask)) in parts.iter().zip(memories) {
            let out = match memory {
                Memory::Projected { key, value } => {
                    let wide = match (&self.prefix, mask) {
                        (Some(prefix), Some(mask)) => Some(prefix.widened(mask)?),
                        _ => mask.map(Tensor::shallow_clone),
                    };
                    let query = query.f_transpose(1, 2)?;
                    let out = attend(&query, key, value, wide.as_ref(), &dropout)?;
                    out.f_transpose(1, 2)?
                }
                Memory::Absorbed(states) => self.absorbed(query, states, mask, &dropout)?,
            };
            outputs.push(out);
        }
        let joined = join(outputs)?.f_reshape([total * new, heads * width])?;
        add(x, &joined, &self.output, &self.bottleneck, &dropout)
    }

    /// `query` `[rows, new, heads, d_kv]`, `states` `[rows, length, d]`; the result has the shape of `query`.
    fn absorbed(
        &self,
        query: &Tensor,
        states: &Tensor,
        mask: Option<&Tensor>,
        dropout: &Dropout,
    ) -> Result<Tensor> {
        let [keys, values] = self.matrices()?;
        let [rows, new, heads, width] = query.size()[..] else { unreachable!("4 dimensions") };
        let by_head = query.f_permute([2, 0, 1, 3])?.f_reshape([heads, rows * new, width])?;
        let query = by_head.f_bmm(&keys)?.f_view([heads, rows, new, -1])?;
        let query = query.f_permute([1, 0, 2, 3])?.f_reshape([rows, heads * new, -1])?;
        let scores = query.f_bmm(&states.f_transpose(1, 2)?)?;
        let mask = mask.map(|m| m.f_squeeze_dim(1)).transpose()?;
        let weights = softmax(&scores, mask.as_ref(), dropout)?;
        let average = weights.f_bmm(states)?.f_view([rows, heads, new, -1])?;
        let average = average.f_transpose(0, 1)?.f_reshape([heads, rows * new, -1])?;
        let out = average.f_bmm(&values.f_transpose(1, 2)?)?;
        Ok(out.f_view([heads, rows, new, width])?.f_permute([1, 2, 0, 3])?)
    }
}
