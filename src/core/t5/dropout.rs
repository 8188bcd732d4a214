//! Dropout inside a layer (Srivastava et al. 2014).

use super::operators::Operators;
use super::pass::Pass;
use crate::Result;
use crate::backbone::recompute::drawn;
use std::cell::Cell;
use tch::Tensor;

/// The dropout of one layer.
///
/// On a CPU the masks of all its tensors are drawn and scaled at once, unless they are so large that they leave
/// the cache before they are applied; CUDA draws, scales and applies a mask in one kernel.
pub struct Dropout {
    probability: f64,
    /// 0 or `1 / (1 - p)` for each element, `[n]`, of which the first `used` are applied.
    masks: Option<Tensor>,
    used: Cell<i64>,
    fused: bool,
}

/// The number of elements above which each tensor's mask is drawn when it is applied: 8 MiB in float32.
const LARGE: i64 = 2 << 20;

impl Dropout {
    /// For a layer that drops `count` elements in all, in the dtype and on the device of `x`.
    pub fn draw(pass: &Pass, x: &Tensor, count: i64) -> Result<Self> {
        let (probability, fused) = (pass.dropout, pass.operators == Operators::Fused);
        let used = Cell::new(0);
        if probability == 0.0 || fused || count > LARGE {
            return Ok(Dropout { probability, masks: None, used, fused });
        }
        let keep = 1.0 - probability;
        let draw =
            || Ok(Tensor::f_empty([count], (x.kind(), x.device()))?.f_bernoulli_float_(keep)?);
        let mut masks = drawn(draw, x.kind())?;
        if keep > 0.0 {
            masks = masks.f_div_scalar_(keep)?;
        }
        Ok(Dropout { probability, masks: Some(masks), used, fused })
    }

    /// The probability of dropping an element.
    pub fn probability(&self) -> f64 {
        self.probability
    }

    /// Whether attention computes its dropout itself.
    pub fn is_fused(&self) -> bool {
        self.fused
    }

    /// `x`, of any shape, with its elements dropped.
    pub fn apply(&self, x: Tensor) -> Result<Tensor> {
        if self.probability == 0.0 {
            return Ok(x);
        }
        let Some(masks) = &self.masks else { return Ok(x.f_dropout(self.probability, true)?) };
        let from = self.used.replace(self.used.get() + x.numel() as i64);
        Ok(x.f_mul(&masks.f_narrow(0, from, x.numel() as i64)?.f_view(&x.size()[..])?)?)
    }

    /// As `apply`, for a tensor alone.
    pub fn once(pass: &Pass, x: &Tensor) -> Result<Tensor> {
        Dropout::draw(pass, x, x.numel() as i64)?.apply(x.shallow_clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::{Device, Kind};

    #[test]
    fn a_share_is_dropped_and_the_rest_scaled_by_either_operators() {
        let x = Tensor::ones([40, 50], (Kind::Float, Device::Cpu));
        for operators in [Operators::Fused, Operators::Separate] {
            let pass = Pass::new(1e-6, 0.2, operators);
            let dropout = Dropout::draw(&pass, &x, 4000).unwrap();
            let (first, second) =
                (dropout.apply(x.copy()).unwrap(), dropout.apply(x.copy()).unwrap());
            assert_ne!(first, second, "{operators:?}");
            for y in [&first, &second] {
                assert_eq!(y.max().double_value(&[]), 1.25);
                assert!((y.eq(0.0).mean(Kind::Float).double_value(&[]) - 0.2).abs() < 0.03);
            }
        }
        let none = Pass::new(1e-6, 0.0, Operators::Separate);
        assert_eq!(Dropout::once(&none, &x).unwrap(), x);
        let all = Pass::new(1e-6, 1.0, Operators::Separate);
        assert_eq!(Dropout::once(&all, &x).unwrap().sum(Kind::Float).double_value(&[]), 0.0);
    }
}
