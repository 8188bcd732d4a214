//! Labels, and the cross-entropy of logits with them, as computed by `transformers`.

use crate::{Error, Result};
use tch::{Kind, Tensor};

/// The label of a position that is ignored in the loss.
pub const IGNORED: i64 = -100;

/// The loss of each target position, float32.
pub struct TokenLosses {
    /// `[B, T]`, 0 for ignored labels.
    pub losses: Tensor,
    /// `[B]`: the number of positions that are not ignored.
    pub counts: Tensor,
}

impl TokenLosses {
    /// Cross-entropy of logits `[B, T, V]` with labels `[B, T]`.
    pub(super) fn of(logits: &Tensor, labels: &Tensor) -> Result<TokenLosses> {
        let size = labels.size();
        let vocabulary = *logits.size().last().expect("logits have a vocabulary");
        let losses = logits
            .f_view([-1, vocabulary])?
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
        Ok(TokenLosses { losses, counts })
    }

    /// The mean over all positions that are not ignored, `[]`, as in `transformers`.
    pub fn mean(&self) -> Result<Tensor> {
        let count = self.counts.f_sum(Kind::Float)?;
        Ok(self.losses.f_sum(Kind::Float)?.f_div(&count)?)
    }

    /// The mean of each row over its positions, `[B]`.
    pub(crate) fn by_row(&self) -> Result<Tensor> {
        let sums = self.losses.f_sum_dim_intlist([1i64].as_slice(), false, Kind::Float)?;
        Ok(sums.f_div(&self.counts)?)
    }
}

/// Labels `[B, T]` shifted right, with `start` first and `pad` for ignored labels.
pub(super) fn shift_right(labels: &Tensor, start: i64, pad: i64) -> Result<Tensor> {
    let [rows, length] = labels.size()[..] else {
        return Err(Error::new(format!(
            "labels must be [rows, positions], not {:?}",
            labels.size()
        )));
    };
    let start = Tensor::f_full([rows, 1], start, (Kind::Int64, labels.device()))?;
    let shifted = Tensor::f_cat(&[start, labels.f_narrow(1, 0, length - 1)?], 1)?;
    Ok(shifted.f_masked_fill(&shifted.f_eq(IGNORED)?, pad)?)
}
