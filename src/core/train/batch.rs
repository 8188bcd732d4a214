//! A batch on its way through a backbone: its rows, what they read besides their tokens, and what
//! the decoder makes of them.

use crate::backbone::{Changes, GroupCost, LoadedBackbone, TokenLosses};
use crate::{Error, Result};
use std::cell::RefCell;
use std::rc::Rc;
use tch::Tensor;

/// The position of a prompt in its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// After the input and before its `</s>`, as in ComPT.
    Append,
    /// Before the input, as in PEFT and T5X.
    Prepend,
}

impl Placement {
    pub const NAMES: [&str; 2] = ["append", "prepend"];

    /// An unknown name is an error.
    pub fn parse(name: &str) -> Result<Self> {
        match name {
            "append" => Ok(Placement::Append),
            "prepend" => Ok(Placement::Prepend),
            _ => Err(Error::unknown("placement", name, Self::NAMES)),
        }
    }

    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

/// A batch as a learner sees it.
#[derive(Clone)]
pub struct Rows {
    pub backbone: Rc<RefCell<LoadedBackbone>>,
    /// The task of each row, an index into the trainer's task names.
    pub tasks: Vec<usize>,
    /// Token ids closed by `</s>`.
    pub sources: Vec<Vec<i64>>,
    /// The same of the targets; none at inference.
    pub targets: Vec<Vec<i64>>,
    pub placement: Placement,
    pub cost: GroupCost,
}

/// Prompts for a batch.
pub struct Prompts {
    /// `[P, m, d]`: one for each row of a batch, or one for each task.
    pub vectors: Tensor,
    /// Which of them each row takes.
    pub of_row: Vec<usize>,
    /// Positions attention must not see, for each of them (0-based, inside the prompt).
    pub hidden: Vec<Vec<i64>>,
}

/// What the rows of a batch read besides their tokens, and through which backbone.
#[derive(Default)]
pub struct Inputs {
    pub prompts: Option<Prompts>,
    /// Added to the embeddings of the tokens: `[B, L, d]`, L no less than the longest source.
    pub shift: Option<Tensor>,
    /// How the backbone is changed for this batch.
    pub changes: Changes,
}

/// What the decoder computes of a batch.
pub struct Outputs {
    /// The decoder's last states, behind its norm: `[B, T, d]`.
    pub states: Tensor,
    /// `[B, T, V]`
    pub logits: Tensor,
    /// `[B, T]`, `IGNORED` behind the end of each.
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
