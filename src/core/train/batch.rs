//! A batch and its inputs and outputs: its rows, their inputs besides the tokens, and the output of
//! the decoder.

use crate::Result;
use crate::backbone::{Changes, GroupCost, LoadedBackbone, TokenLosses};
use crate::names;
use crate::router::Embedded;
use std::cell::RefCell;
use std::rc::Rc;
use tch::{Kind, Tensor};

/// The position of a prompt in its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// After the input and before its `</s>`, as in ComPT.
    Append,
    /// Before the input, as in PEFT and T5X.
    Prepend,
}

names!(Placement, "placement", Append = "append", Prepend = "prepend");

/// A batch as a learner receives it.
#[derive(Clone)]
pub struct Rows {
    pub backbone: Rc<RefCell<LoadedBackbone>>,
    /// The task of each row, an index into the trainer's task names.
    pub tasks: Vec<usize>,
    /// Token ids that end with `</s>`.
    pub sources: Vec<Vec<i64>>,
    /// The targets in the same form; empty at inference.
    pub targets: Vec<Vec<i64>>,
    pub placement: Placement,
    pub cost: GroupCost,
}

impl Rows {
    /// The sources as `[B, L]`, each followed by zeros, and 1 for each token, 0 for padding.
    fn padded(&self) -> Result<[Tensor; 2]> {
        let width = self.sources.iter().map(Vec::len).max().unwrap_or(0);
        let mut ids = vec![0i64; self.sources.len() * width];
        let mut mask = vec![0f32; ids.len()];
        for (row, source) in self.sources.iter().enumerate() {
            ids[row * width..][..source.len()].copy_from_slice(source);
            mask[row * width..][..source.len()].fill(1.0);
        }
        let size = [self.sources.len() as i64, width as i64];
        Ok([Tensor::f_from_slice(&ids)?.f_view(size)?, Tensor::f_from_slice(&mask)?.f_view(size)?])
    }

    /// `[B, L]` float32: 1 for a token, 0 for padding. Errors: those of libtorch.
    pub fn mask(&self) -> Result<Tensor> {
        let [_, mask] = self.padded()?;
        Ok(mask.f_to_device(self.backbone.borrow().model.device())?)
    }

    /// The embeddings of the tokens, with their mask. Errors: an id outside the vocabulary.
    pub fn embedded(&self) -> Result<Embedded> {
        let [ids, mask] = self.padded()?;
        let backbone = self.backbone.borrow();
        backbone.model.check_ids(&ids)?;
        let device = backbone.model.device();
        let mask = mask.f_to_device(device)?;
        let embedded = backbone.model.embed(&ids.f_to_device(device)?)?.f_to_kind(Kind::Float)?;
        Ok(Embedded { embeddings: embedded.f_mul(&mask.f_unsqueeze(-1)?)?, mask })
    }
}

/// Prompts for a batch.
pub struct Prompts {
    /// `[P, m, d]`: one for each row of a batch, or one for each task.
    pub vectors: Tensor,
    /// The prompt of each row, as an index.
    pub of_row: Vec<usize>,
    /// Masked positions of each prompt (0-based, inside the prompt).
    pub hidden: Vec<Vec<i64>>,
}

/// The inputs of a batch besides the tokens, and the changes of the backbone.
#[derive(Default)]
pub struct Inputs {
    pub prompts: Option<Prompts>,
    /// Added to the embeddings of the tokens: `[B, L, d]`, where L is at least the longest source's length.
    pub shift: Option<Tensor>,
    /// The changes of the backbone for this batch.
    pub changes: Changes,
}

/// The output of the decoder for a batch.
pub struct Outputs {
    /// The decoder's last states, after its norm: `[B, T, d]`.
    pub states: Tensor,
    /// `[B, T, V]`
    pub logits: Tensor,
    /// `[B, T]`, with `IGNORED` after the end of each row.
    pub labels: Tensor,
    pub losses: TokenLosses,
}

impl Outputs {
    pub fn shallow_clone(&self) -> Self {
        Outputs {
            states: self.states.shallow_clone(),
            logits: self.logits.shallow_clone(),
            labels: self.labels.shallow_clone(),
            losses: TokenLosses {
                losses: self.losses.losses.shallow_clone(),
                counts: self.losses.counts.shallow_clone(),
            },
        }
    }
}
