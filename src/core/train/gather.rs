//! The first part of a step: a batch of token ids and prompts becomes the packed embeddings that the
//! backbone encodes, each row with its own prompt.

use super::batch::{Inputs, Placement};
use crate::backbone::{Backbone, GroupCost, IGNORED, Layout, check_id};
use crate::tensor::upload::{Part, Upload, Uploaded};
use crate::{Error, Result};
use tch::Tensor;

/// The input of the encoder.
pub(super) struct Gathered {
    /// `[N, d]`
    pub(super) embeddings: Tensor,
    pub(super) layout: Layout,
}

/// Packs rows of token ids, which end with `</s>`, and their other inputs for the encoder. All indices go
/// to the device with `upload`.
///
/// An empty row, an id outside the vocabulary, or a shift of another shape than the rows, is an error.
pub(super) fn gather(
    backbone: &dyn Backbone,
    rows: &[&[i64]],
    inputs: &Inputs,
    (placement, cost): (Placement, GroupCost),
    mut upload: Upload,
) -> Result<(Gathered, Uploaded)> {
    let (d_model, vocabulary) = {
        let config = backbone.model_config();
        (config.d_model, config.vocab_size)
    };
    rows.iter().flat_map(|ids| ids.iter()).try_for_each(|id| check_id(*id, vocabulary))?;
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
    let planned = Layout::planned(&lengths, cost, hidden, &mut upload)?;

    let mut first = Vec::with_capacity(rows.len());
    let mut total = 0;
    for ids in rows {
        first.push(total);
        total += ids.len() as i64;
    }
    let index = planned.index(&lengths, |row, position| {
        let row = row as usize;
        let start = start_of(row);
        match prompts {
            Some(p) if (start..start + m).contains(&position) => {
                total + p.of_row[row] as i64 * m + position - start
            }
            Some(_) if position >= start + m => first[row] + position - m,
            _ => first[row] + position,
        }
    });
    let ids = upload.longs(&rows.concat());
    let index = upload.longs(&index);
    let shifted = inputs.shift.as_ref().map(|shift| shifted(shift, rows, d_model)).transpose()?;
    let shifted = shifted.map(|places| upload.longs(&places));
    let values = upload.send(backbone.device())?;

    let mut table = backbone.embed(&values.longs(ids)?)?;
    if let (Some(shift), Some(places)) = (&inputs.shift, shifted) {
        let shift = shift.f_reshape([-1, d_model])?.f_index_select(0, &values.longs(places)?)?;
        table = table.f_add(&shift.f_to_kind(table.kind())?)?;
    }
    if let Some(p) = prompts {
        let vectors = p.vectors.f_to_kind(table.kind())?;
        table = Tensor::f_cat(&[table, vectors.f_reshape([-1, d_model])?], 0)?;
    }
    let embeddings = table.f_index_select(0, &values.longs(index)?)?;
    Ok((Gathered { embeddings, layout: planned.on_device(&values)? }, values))
}

/// The places of the tokens in a flat shift `[B * L, d]`.
fn shifted(shift: &Tensor, rows: &[&[i64]], width: i64) -> Result<Vec<i64>> {
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
    Ok(places.flat_map(|(row, ids)| (0..ids.len() as i64).map(move |i| row * length + i)).collect())
}

/// The targets of a batch in an upload.
pub(super) struct Targets {
    /// `[B, T]`, with `IGNORED` after the end of each row.
    labels: Part,
    /// `[B, T]`: the labels shifted right, the decoder's inputs.
    inputs: Part,
    pub(super) size: [i64; 2],
}

impl Targets {
    /// Positions with `IGNORED` do not count. A target of which none counts, or with another id outside the
    /// vocabulary, is an error.
    pub(super) fn new(
        targets: &[&[i64]],
        backbone: &dyn Backbone,
        upload: &mut Upload,
    ) -> Result<Self> {
        let config = backbone.model_config();
        let width = targets.iter().map(|t| t.len()).max().unwrap_or(0);
        let mut labels = vec![IGNORED; targets.len() * width];
        let mut inputs = vec![config.pad_token_id; targets.len() * width];
        for (row, target) in targets.iter().enumerate() {
            let counted = || target.iter().filter(|id| **id != IGNORED);
            if counted().next().is_none() {
                return Err(Error::new("a row of labels has no position that counts"));
            }
            counted().try_for_each(|id| check_id(*id, config.vocab_size))?;
            labels[row * width..][..target.len()].copy_from_slice(target);
            inputs[row * width] = config.decoder_start_token_id;
            // The end of a shorter row is an input, whose label is ignored; an ignored label is padding.
            let shifted = inputs[row * width..][..width].iter_mut().skip(1).zip(*target);
            shifted.filter(|(_, id)| **id != IGNORED).for_each(|(input, id)| *input = *id);
        }
        let size = [targets.len() as i64, width as i64];
        Ok(Targets { labels: upload.longs(&labels), inputs: upload.longs(&inputs), size })
    }

    /// Labels and decoder inputs.
    pub(super) fn on_device(&self, values: &Uploaded) -> Result<[Tensor; 2]> {
        let view = |part| -> Result<Tensor> { Ok(values.longs(part)?.f_view(self.size)?) };
        Ok([view(self.labels)?, view(self.inputs)?])
    }
}
