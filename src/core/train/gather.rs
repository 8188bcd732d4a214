//! The first part of a step: a batch of token ids and prompts becomes the packed embeddings that the
//! backbone encodes, each row with its own prompt.

use super::batch::{Inputs, Placement};
use crate::backbone::{Backbone, GroupCost, IGNORED, Layout};
use crate::{Error, Result};
use tch::{Device, Tensor};

/// The input of the encoder.
pub(super) struct Gathered {
    /// `[N, d]`
    pub(super) embeddings: Tensor,
    pub(super) layout: Layout,
}

/// Packs rows of token ids, which end with `</s>`, and their other inputs for the encoder.
///
/// An empty row, or a shift of another shape than the rows, is an error.
pub(super) fn gather(
    backbone: &dyn Backbone,
    rows: &[&[i64]],
    inputs: &Inputs,
    placement: Placement,
    cost: GroupCost,
) -> Result<Gathered> {
    let device = backbone.device();
    let d_model = backbone.model_config().d_model;
    let prompts = inputs.prompts.as_ref();
    let m = prompts.map_or(0, |p| p.vectors.size()[1]);
    let lengths: Vec<i64> = rows.iter().map(|ids| ids.len() as i64 + m).collect();
    let start_of = |row: usize| match placement {
        Placement::Append => rows[row].len() as i64 - 1,
        Placement::Prepend => 0,
    };
    let hidden = |row: usize| match prompts {
        Some(p) => p.hidden[p.of_row[row]].iter().map(|i| i + start_of(row)).collect(),
        None => Vec::new(),
    };
    let layout = Layout::plan(&lengths, cost, hidden, device)?;

    let ids: Vec<i64> = rows.concat();
    let mut first = Vec::with_capacity(rows.len());
    let mut total = 0;
    for ids in rows {
        first.push(total);
        total += ids.len() as i64;
    }
    let tokens = backbone.embed(&Tensor::f_from_slice(&ids)?.f_to_device(device)?)?;
    let tokens = match &inputs.shift {
        Some(shift) => tokens.f_add(&of_tokens(shift, rows, d_model)?.f_to_kind(tokens.kind())?)?,
        None => tokens,
    };
    let table = match prompts {
        Some(p) => {
            let vectors = p.vectors.f_to_kind(tokens.kind())?;
            Tensor::f_cat(&[tokens, vectors.f_reshape([-1, d_model])?], 0)?
        }
        None => tokens,
    };
    let index = layout.index(&lengths, device, |row, position| {
        let row = row as usize;
        let start = start_of(row);
        match prompts {
            Some(p) if (start..start + m).contains(&position) => {
                total + p.of_row[row] as i64 * m + position - start
            }
            Some(_) if position >= start + m => first[row] + position - m,
            _ => first[row] + position,
        }
    })?;
    Ok(Gathered { embeddings: table.f_index_select(0, &index)?, layout })
}

/// The parts of a shift `[B, L, d]` at the tokens, concatenated: `[tokens, d]`.
fn of_tokens(shift: &Tensor, rows: &[&[i64]], width: i64) -> Result<Tensor> {
    let longest = rows.iter().map(|ids| ids.len() as i64).max().unwrap_or(0);
    let [count, length, d] = shift.size()[..] else {
        return Err(Error::new(format!("a shift is [B, L, d], not {:?}", shift.size())));
    };
    if count != rows.len() as i64 || length < longest || d != width {
        return Err(Error::new(format!(
            "the shift is [{count}, {length}, {d}] for {} rows of up to {longest} tokens of {width}",
            rows.len()
        )));
    }
    let places = (0..count).zip(rows);
    let places: Vec<i64> = places
        .flat_map(|(row, ids)| (0..ids.len() as i64).map(move |i| row * length + i))
        .collect();
    let places = Tensor::f_from_slice(&places)?.f_to_device(shift.device())?;
    Ok(shift.f_reshape([-1, d])?.f_index_select(0, &places)?)
}

/// Targets as labels `[B, T]`, with `IGNORED` after the end of each row.
pub(super) fn labels(targets: &[&[i64]], device: Device) -> Result<Tensor> {
    let width = targets.iter().map(|t| t.len()).max().unwrap_or(0);
    let mut flat = vec![IGNORED; targets.len() * width];
    for (row, target) in targets.iter().enumerate() {
        flat[row * width..][..target.len()].copy_from_slice(target);
    }
    let flat = Tensor::f_from_slice(&flat)?.f_to_device(device)?;
    Ok(flat.f_view([targets.len() as i64, width as i64])?)
}
