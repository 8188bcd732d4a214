//! Packs padded embeddings `[B, L, d]` with an attention mask.

use super::layout::{GroupCost, Layout};
use crate::{Error, Result};
use tch::{Device, Kind, Tensor};

/// The packed embeddings `[N, d]` of padded ones `[B, L, d]`; `mask` `[B, L]` is 0 at masked
/// positions.
pub(super) fn pack(
    embeddings: &Tensor,
    mask: Option<&Tensor>,
    d_model: i64,
    cost: GroupCost,
    device: Device,
) -> Result<(Tensor, Layout)> {
    let [rows, width, d] = embeddings.size()[..] else {
        return Err(Error::new(format!(
            "embeddings must be [rows, positions, d_model], not {:?}",
            embeddings.size()
        )));
    };
    if d != d_model {
        return Err(Error::new(format!(
            "embeddings are {d} wide, the backbone's d_model is {d_model}"
        )));
    }
    let seen = match mask {
        Some(mask) => read_mask(mask, rows, width)?,
        None => vec![vec![true; width as usize]; rows as usize],
    };
    let lengths: Vec<i64> = seen
        .iter()
        .map(|row| row.iter().rposition(|&real| real).map_or(0, |last| last as i64 + 1))
        .collect();
    let hidden =
        |row: usize| (0..lengths[row]).filter(|&position| !seen[row][position as usize]).collect();
    let layout = Layout::plan(&lengths, cost, hidden, device)?;
    let index = layout.gather_from(&lengths, width, device)?;
    Ok((embeddings.f_reshape([rows * width, d])?.f_index_select(0, &index)?, layout))
}

fn read_mask(mask: &Tensor, rows: i64, width: i64) -> Result<Vec<Vec<bool>>> {
    if mask.size() != [rows, width] {
        return Err(Error::new(format!(
            "attention_mask must be [{rows}, {width}] like the input, not {:?}",
            mask.size()
        )));
    }
    let flat = mask.f_ne(0)?.f_to_kind(Kind::Int64)?.f_reshape([-1])?;
    let flat: Vec<i64> = Vec::try_from(&flat.f_to_device(Device::Cpu)?)?;
    Ok(flat.chunks(width as usize).map(|row| row.iter().map(|&v| v != 0).collect()).collect())
}
