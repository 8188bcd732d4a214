//! The outputs of the encoder and the decoder for a batch.

use super::layout::Layout;
use crate::Result;
use tch::Tensor;

/// The encoder's output for one batch, which can be decoded several times.
pub struct Encoded {
    /// `[N, d]`
    pub states: Tensor,
    pub layout: Layout,
}

impl Encoded {
    /// Concatenates batches.
    pub(crate) fn join(batches: Vec<Encoded>) -> Result<Encoded> {
        let (states, layouts): (Vec<_>, Vec<_>) =
            batches.into_iter().map(|e| (e.states, e.layout)).unzip();
        Ok(Encoded { states: Tensor::f_cat(&states, 0)?, layout: Layout::join(layouts) })
    }
}

/// The decoder's output for one batch, in batch order.
pub struct Decoded {
    /// Its last states, after the final norm: `[B, T, d]`.
    pub states: Tensor,
    /// `[B, T, V]`
    pub logits: Tensor,
}
