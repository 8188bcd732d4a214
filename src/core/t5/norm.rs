//! Root-mean-square norm without bias (Zhang & Sennrich 2019), as in T5.

use super::operators::Operators;
use crate::Result;
use std::cell::RefCell;
use tch::{Kind, Tensor};

/// `x / sqrt(mean(x^2) + epsilon)` over the last dimension of `[n, d]`, divided by [`rest`].
///
/// T5's gain is not applied here: it is folded into the following matrix, with the rest.
///
/// CUDA computes a norm in one kernel, the CPU in six and eleven backward. With `v = (x, sqrt(d epsilon))`
/// the norm is `sqrt(d) v / |v|` without its last element, and that is libtorch's weight norm (Salimans &
/// Kingma 2016), which is one operation on the CPU, too. Large tensors without gradients take `|x|` instead,
/// without a copy.
pub struct RmsNorm {
    epsilon: f64,
    operators: Operators,
    /// For the rows of the last call: the last element of `v`, and the length of the result, `[n, 1]` each.
    columns: RefCell<Option<(Tensor, Tensor)>>,
}

impl RmsNorm {
    pub fn new(epsilon: f64, operators: Operators) -> Self {
        RmsNorm { epsilon, operators, columns: RefCell::default() }
    }

    /// `[n, d]` to `[n, d]`
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let [rows, width] = x.size()[..] else { unreachable!("2 dimensions") };
        if self.operators == Operators::Fused {
            return Ok(x.f_rms_norm([width], None::<Tensor>, self.epsilon)?);
        }
        if !x.requires_grad() && rows * width > LARGE {
            return self.by_length(x);
        }
        let mut columns = self.columns.borrow_mut();
        if columns.as_ref().is_none_or(|(last, _)| last.size()[0] != rows) {
            let column = |value: f64| x.f_new_full([rows, 1], value, (x.kind(), x.device()));
            let last = column((width as f64 * self.epsilon).sqrt())?;
            *columns = Some((last, column(length(width, x.kind()))?));
        }
        let (last, length) = columns.as_ref().expect("just filled");
        let v = Tensor::f_cat(&[x, last], 1)?;
        let (norm, _) = Tensor::f_internal_weight_norm_interface(&v, length, 0)?;
        Ok(norm.f_split_with_sizes([width, 1], 1)?.swap_remove(0))
    }

    /// `x / sqrt(|x|^2 + d epsilon)` times the length of the result, with `|x|` in float32.
    fn by_length(&self, x: &Tensor) -> Result<Tensor> {
        let width = x.size()[1];
        let mut scale = x.f_norm_scalaropt_dim_dtype(2, [-1i64].as_slice(), true, Kind::Float)?;
        let mut scale = scale.f_square_()?.f_add_scalar_(width as f64 * self.epsilon)?;
        let scale = scale.f_rsqrt_()?.f_mul_scalar_(length(width, x.kind()))?;
        // Rounded once, like the weight norm.
        Ok(x.f_mul(&scale)?.f_to_kind(x.kind())?)
    }
}

/// The number of elements from which a norm by its length is faster (measured on an AMD EPYC).
const LARGE: i64 = 50_000;

/// The factor that the norm of vectors of this width leaves to the matrix after it.
pub fn rest(width: i64, kind: Kind, operators: Operators) -> f64 {
    match operators {
        Operators::Fused => 1.0,
        Operators::Separate => (width as f64).sqrt() / length(width, kind),
    }
}

/// The length of a result: `sqrt(d)`, in bfloat16 the nearest power of 2, which it can hold.
fn length(width: i64, kind: Kind) -> f64 {
    let length = (width as f64).sqrt();
    if kind == Kind::BFloat16 { length.log2().round().exp2() } else { length }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::Device;

    /// The norm, times its rest, and its gradient.
    fn run(operators: Operators, x: &Tensor, cotangent: &Tensor) -> [Tensor; 2] {
        let x = x.detach().set_requires_grad(true);
        let norm = RmsNorm::new(0.5, operators).forward(&x).unwrap();
        let norm = norm * rest(x.size()[1], x.kind(), operators);
        (&norm * cotangent).sum(Kind::Float).backward();
        [norm.detach(), x.grad()]
    }

    #[test]
    fn both_ways_are_the_formula_with_its_epsilon() {
        tch::manual_seed(0);
        let x = Tensor::randn([5, 12], (Kind::Double, Device::Cpu));
        let cotangent = Tensor::randn([5, 12], (Kind::Double, Device::Cpu));
        let leaf = x.detach().set_requires_grad(true);
        let formula = &leaf / ((&leaf * &leaf).mean_dim(-1, true, Kind::Double) + 0.5).sqrt();
        (&formula * &cotangent).sum(Kind::Double).backward();
        for (operators, kind, tolerance) in [
            (Operators::Fused, Kind::Double, 1e-12),
            (Operators::Separate, Kind::Double, 1e-12),
            (Operators::Separate, Kind::Float, 1e-6),
            (Operators::Separate, Kind::BFloat16, 2e-2),
        ] {
            let [value, gradient] = run(operators, &x.to_kind(kind), &cotangent.to_kind(kind));
            let close = |a: &Tensor, b: &Tensor| {
                a.to_kind(Kind::Double).allclose(&b.detach(), tolerance, tolerance, false)
            };
            assert!(close(&value, &formula), "{operators:?} {kind:?}: {value} {formula}");
            assert!(close(&gradient, &leaf.grad()), "{operators:?} {kind:?}: {gradient}");
        }
        for (kind, tolerance) in [(Kind::Float, 1e-6), (Kind::BFloat16, 2e-2)] {
            let norm = RmsNorm::new(0.5, Operators::Separate).by_length(&x.to_kind(kind)).unwrap();
            let norm = norm.to_kind(Kind::Double) * rest(12, kind, Operators::Separate);
            assert!(norm.allclose(&formula.detach(), tolerance, tolerance, false), "{norm}");
        }
    }
}
