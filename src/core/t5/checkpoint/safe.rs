//! The tensors of a safetensors file.

use crate::tensor::{Found, Stored};
use crate::{Error, Result};
use safetensors::{Dtype, SafeTensors};
use tch::Kind;

/// T5-11b's header is 60 KB.
const LONGEST_HEADER: u64 = 4 << 20;

/// The tensors with wanted names, and the names of the others. Errors: an invalid header.
pub fn tensors(bytes: &[u8], wanted: impl Fn(&str) -> bool) -> Result<Found> {
    let damaged = |e: String| {
        Error::new(format!("damaged or truncated safetensors file: {e}"))
            .hint("download or copy the file again")
    };
    if let Some(length) = bytes.first_chunk().map(|length| u64::from_le_bytes(*length))
        && length > LONGEST_HEADER
    {
        return Err(damaged(format!("a header of {length} bytes")));
    }
    let file = SafeTensors::deserialize(bytes).map_err(|e| damaged(e.to_string()))?;
    let mut found = Found::default();
    for (name, view) in file.iter() {
        if !wanted(name) {
            found.others.add(name);
            continue;
        }
        let start = view.data().as_ptr() as usize - bytes.as_ptr() as usize;
        let place = start..start + view.data().len();
        let kind = match view.dtype() {
            Dtype::F32 => Kind::Float,
            Dtype::F16 => Kind::Half,
            Dtype::BF16 => Kind::BFloat16,
            Dtype::F64 => Kind::Double,
            Dtype::I64 => Kind::Int64,
            Dtype::I32 => Kind::Int,
            other => {
                return Err(Error::new(format!(
                    "'{name}' has the dtype {other:?}, which is not supported"
                ))
                .hint("supported dtypes of weights are F32, F16, BF16 and F64"));
            }
        };
        found.tensors.push((name.to_string(), Stored::new(kind, view.shape(), None, place, 0)?));
    }
    Ok(found)
}
