//! Products with the backbone's weight matrices.

use crate::Result;
use tch::{Device, Kind, Tensor};

/// `x W^T`: `x` `[n, in]`, `weight` `[out, in]`.
pub fn linear(x: &Tensor, weight: &Tensor) -> Result<Tensor> {
    if is_faster_by_onednn(x, weight) {
        let product = x.f_to_mkldnn(None)?.f_mkldnn_linear(weight, None::<&Tensor>)?;
        return Ok(product.f_to_dense(None, false)?);
    }
    Ok(x.f_linear(weight, None::<Tensor>)?)
}

/// `residual + x W^T`, `[n, out]`.
pub fn add_linear(residual: &Tensor, x: &Tensor, weight: &Tensor) -> Result<Tensor> {
    if is_faster_by_onednn(x, weight) {
        return Ok(linear(x, weight)?.f_add_(residual)?);
    }
    Ok(residual.f_addmm(x, &weight.f_transpose(0, 1)?)?)
}

/// Whether oneDNN computes a product faster than libtorch's BLAS, which spends most of the time of a
/// product of few rows with a large matrix, as in a decoding step, on rearranging the matrix.
///
/// Measured on an AMD EPYC with 2 threads: 1.1 to 1.7 times as fast with 64 to 1024 rows and
/// matrices of T5-base's blocks, 2.4 times with its vocabulary; slower outside these limits.
fn is_faster_by_onednn(x: &Tensor, weight: &Tensor) -> bool {
    let (rows, out) = (x.size()[0], weight.size()[0]);
    let suits =
        rows <= 1024 && (rows >= 64 && weight.numel() >= 500_000 || rows >= 8 && out >= 16_384);
    suits
        && x.device() == Device::Cpu
        && x.kind() == Kind::Float
        && !x.requires_grad()
        && !weight.requires_grad()
        && tch::utils::has_mkldnn()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_give_the_same_product() {
        tch::manual_seed(0);
        let weight = Tensor::randn([1000, 512], (Kind::Float, Device::Cpu));
        let x = Tensor::randn([64, 512], (Kind::Float, Device::Cpu));
        let residual = Tensor::randn([64, 1000], (Kind::Float, Device::Cpu));
        assert!(is_faster_by_onednn(&x, &weight) || !tch::utils::has_mkldnn());
        let expected = &residual + x.matmul(&weight.tr());
        let got = add_linear(&residual, &x, &weight).unwrap();
        assert!((got - expected).abs().max().double_value(&[]) < 1e-3);
    }

    #[test]
    fn a_product_that_a_gradient_passes_is_left_to_libtorch() {
        let weight = Tensor::zeros([1000, 512], (Kind::Float, Device::Cpu));
        let x = Tensor::zeros([64, 512], (Kind::Float, Device::Cpu)).set_requires_grad(true);
        assert!(!is_faster_by_onednn(&x, &weight));
    }
}
