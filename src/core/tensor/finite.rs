//! Tensors without NaN and infinities.

use crate::Result;
use tch::{Kind, Tensor};

/// A sum is finite only if all parts are; if a sum of finite parts overflows, each part is tested.
pub fn is_finite(tensor: &Tensor) -> Result<bool> {
    let sum = tensor.f_sum(Kind::Float)?.f_double_value(&[])?;
    Ok(sum.is_finite() || tensor.f_isfinite()?.f_all()?.f_int64_value(&[])? == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_decides() {
        let is = |values: &[f32]| is_finite(&Tensor::from_slice(values)).unwrap();
        assert!(is(&[1.0, -2.0]) && is(&[3e38, 3e38]) && is(&[]));
        assert!(!is(&[1.0, f32::NAN]) && !is(&[f32::INFINITY, f32::NEG_INFINITY]));
    }
}
