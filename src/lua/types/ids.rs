//! Token ids, masks and labels passed by a script.

use crate::torch::TensorArg;
use crate::{Error, Result};
use compt_core::backbone::IGNORED;
use compt_core::tensor::dtype;
use mlua::{Lua, Value};
use tch::{Kind, Tensor};

/// A tensor `[B, L]`, or a list of lists, which may differ in length, with the mask they need.
pub fn rows_of_ids(lua: &Lua, ids: Value, pad_id: i64) -> mlua::Result<(Tensor, Option<Tensor>)> {
    if let Value::Table(table) = &ids
        && let Ok(rows) = lua.unpack::<Vec<Vec<i64>>>(Value::Table(table.clone()))
    {
        let (ids, mask) = pad(&rows, pad_id)?;
        return Ok((ids, Some(mask)));
    }
    Ok((whole(lua.unpack::<TensorArg>(ids)?, "'input_ids'")?, None))
}

/// Pads rows of different lengths to `[B, longest]`, with the mask of the same shape.
pub fn pad(rows: &[Vec<i64>], pad_id: i64) -> Result<(Tensor, Tensor)> {
    let width = rows.iter().map(Vec::len).max().unwrap_or(0);
    let mut ids = vec![pad_id; rows.len() * width];
    let mut mask = vec![0i64; rows.len() * width];
    for (i, row) in rows.iter().enumerate() {
        ids[i * width..][..row.len()].copy_from_slice(row);
        mask[i * width..][..row.len()].fill(1);
    }
    let size = [rows.len() as i64, width as i64];
    Ok((Tensor::f_from_slice(&ids)?.f_view(size)?, Tensor::f_from_slice(&mask)?.f_view(size)?))
}

/// Integer ids; an empty tensor may have any dtype.
pub fn whole(ids: TensorArg, what: &str) -> Result<Tensor> {
    let ids = ids.tensor()?;
    match ids.f_kind()? {
        Kind::Int64 | Kind::Int | Kind::Int16 | Kind::Int8 | Kind::Uint8 => {}
        _ if ids.numel() == 0 => {}
        kind => {
            let kind = dtype::name(kind);
            return Err(Error::new(format!(
                "{what} must be whole numbers, got a tensor of {kind}"
            ))
            .hint("ids:long() converts a tensor to whole numbers"));
        }
    }
    Ok(ids.f_to_kind(Kind::Int64)?)
}

/// A mask of zeros and ones, or of booleans.
pub fn mask(mask: TensorArg) -> Result<Tensor> {
    let mask = mask.tensor()?;
    let known = mask.f_eq(0)?.f_logical_or(&mask.f_eq(1)?)?;
    match known.f_all()?.f_int64_value(&[])? {
        0 => Err(Error::new("'attention_mask' must be 1 where there is a token and 0 elsewhere")),
        _ => Ok(mask),
    }
}

/// Labels `[B, T]` for `rows` rows, each an id of the vocabulary or -100.
pub fn labels(labels: TensorArg, rows: i64, vocabulary: i64) -> Result<Tensor> {
    let labels = of_rows(labels, "'labels'", rows)?;
    let known = labels.f_ge(0)?.f_logical_and(&labels.f_lt(vocabulary)?)?;
    let known = known.f_logical_or(&labels.f_eq(IGNORED)?)?;
    if known.f_all()?.f_int64_value(&[])? == 0 {
        let wrong = labels.f_masked_select(&known.f_logical_not()?)?.f_int64_value(&[0])?;
        return Err(Error::new(format!(
            "label {wrong} is outside the vocabulary of {vocabulary} ids"
        ))
        .hint("labels are token ids, or -100 to ignore a position"));
    }
    if labels.f_ne(IGNORED)?.f_any_dim(1, false)?.f_all()?.f_int64_value(&[])? == 0 {
        return Err(Error::new("a row of labels has no position that counts"));
    }
    Ok(labels)
}

/// Integers `[B, T]` for `rows` rows.
pub fn of_rows(ids: TensorArg, what: &str, rows: i64) -> Result<Tensor> {
    let ids = whole(ids, what)?;
    match ids.size()[..] {
        [own, length] if own == rows && length > 0 => Ok(ids),
        _ => Err(Error::new(format!(
            "{what} must be [{rows}, T], one row per input, not {:?}",
            ids.size()
        ))),
    }
}
