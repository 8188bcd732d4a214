//! Conversion from Lua's indices (from 1, negative from the end) to libtorch's (from 0).

use crate::{Error, Result};
use tch::{Kind, Tensor};

/// A dimension of a tensor with `ndim` of them.
pub fn resolve(dim: i64, ndim: usize) -> Result<i64> {
    position("dimension", dim, ndim.max(1) as i64)
}

/// The position of a new dimension among `ndim` old ones: 1 before the first, -1 after the last.
pub fn resolve_new(dim: i64, ndim: usize) -> Result<i64> {
    position("dimension", dim, ndim as i64 + 1)
}

/// An index into a dimension of `size` elements.
pub fn index(index: i64, size: i64) -> Result<i64> {
    position("index", index, size)
}

fn position(what: &str, i: i64, size: i64) -> Result<i64> {
    match i {
        0 => Err(Error::new(format!("{what} 0"))
            .hint("dimensions and indices count from 1; negative ones from the end")),
        1.. if i <= size => Ok(i - 1),
        ..0 if i >= -size => Ok(i + size),
        _ => Err(Error::new(format!("{what} {i} is out of range: there are {size}"))),
    }
}

/// Indices counting from 1 into a dimension of `size` elements, converted to count from 0.
pub fn zero_based(index: &Tensor, size: i64) -> Result<Tensor> {
    if !matches!(index.f_kind()?, Kind::Int64 | Kind::Int | Kind::Uint8) {
        return Err(Error::new("indices must be whole numbers").hint("`:long()` converts"));
    }
    let index = index.f_to_kind(Kind::Int64)?;
    if index.numel() > 0 {
        let (low, high) = (index.f_min()?.f_int64_value(&[])?, index.f_max()?.f_int64_value(&[])?);
        for i in [low, high] {
            if i < 1 || i > size {
                return Err(Error::new(format!("index {i} is not in 1 .. {size}"))
                    .hint("indices in a tensor count from 1"));
            }
        }
    }
    Ok(index.f_sub_scalar(1)?)
}

/// Like `zero_based`, for indices that may count from the end, from -1.
pub fn zero_based_or_negative(index: &Tensor, size: i64) -> Result<Tensor> {
    let negative = index.f_lt(0)?;
    zero_based(&index.f_add(&negative.f_mul_scalar(size + 1)?)?, size)
}

/// Indices returned by libtorch, converted to count from 1.
pub fn one_based(index: &Tensor) -> std::result::Result<Tensor, tch::TchError> {
    index.f_add_scalar(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dimensions_count_from_one_and_from_the_end() {
        assert_eq!(resolve(1, 3).unwrap(), 0);
        assert_eq!(resolve(-1, 3).unwrap(), 2);
        assert_eq!(resolve_new(-1, 3).unwrap(), 3);
        assert!(resolve(0, 3).unwrap_err().to_string().contains("count from 1"));
        assert!(resolve(4, 3).unwrap_err().to_string().contains("there are 3"));
        assert!(resolve(-4, 3).is_err());
    }
}
