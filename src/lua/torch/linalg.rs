//! Matrix products and linear algebra.

use super::arg::TensorArg;
use super::arg::operands;
use super::arith::one_of;
use super::op::{Op, Outcome, ops};
use super::read::{Dims, Order, Tensors, dims_of};
use crate::Error;
use tch::{Kind, Tensor};

pub const OPS: &[Op] = ops! {
    "matmul": (input: Tensor, other: Tensor) => input.f_matmul(&other)?;
    "mm": (input: Tensor, mat2: Tensor) => input.f_mm(&mat2)?;
    "bmm": (input: Tensor, mat2: Tensor) => input.f_bmm(&mat2)?;
    "dot": (input: TensorArg, tensor: TensorArg) => {
        let (input, tensor) = operands(input, tensor)?;
        input.f_dot(&tensor)?
    };
    "outer": (input: Tensor, vec2: Tensor) => input.f_outer(&vec2)?;
};

pub const FUNCTIONS: &[Op] = ops! {
    "einsum": (equation: String, operands: Tensors) => Tensor::f_einsum(&equation, &operands.0, None::<i64>)?;
    "linalg.svd": (A: Tensor, full_matrices: bool = true) => svd(&A, full_matrices)?;
    "linalg.svdvals": (A: Tensor) => A.f_svd(true, true)?.1;
    "linalg.qr": (A: Tensor, mode: String = "reduced") => {
        Tensor::f_linalg_qr(&A, one_of("mode", &mode, &["reduced", "complete", "r"])?)?
    };
    "linalg.eigh": (A: Tensor, UPLO: String = "L") => A.f_linalg_eigh(one_of("UPLO", &UPLO, &["L", "U"])?)?;
    "linalg.eigvalsh": (A: Tensor, UPLO: String = "L") => {
        A.f_linalg_eigvalsh(one_of("UPLO", &UPLO, &["L", "U"])?)?
    };
    "linalg.solve": (A: Tensor, B: Tensor; left: bool = true) => Tensor::f_linalg_solve(&A, &B, left)?;
    "linalg.inv": (A: Tensor) => Tensor::f_linalg_inv(&A)?;
    "linalg.pinv": (A: Tensor; atol: Option<TensorArg>, rtol: Option<TensorArg>, hermitian: bool = false) => {
            pinv(&A, atol, rtol, hermitian)?
        },
        (A: Tensor, rcond: TensorArg, hermitian: bool = false) => match rcond {
            TensorArg::Number(rcond) => A.f_linalg_pinv(rcond.float(), hermitian)?,
            TensorArg::Tensor(rcond) => A.f_linalg_pinv_rcond_tensor(&rcond, hermitian)?,
        };
    "linalg.det": (A: Tensor) => Tensor::f_linalg_det(&A)?;
    "linalg.cholesky": (A: Tensor; upper: bool = false) => A.f_linalg_cholesky(upper)?;
    "linalg.norm": (
        A: Tensor, ord: Option<Order>, dim: Option<Dims>, keepdim: bool = false; dtype: Option<Kind>
    ) => {
        let dims = dims_of(&dim, &A)?;
        match ord {
            None if dtype.is_none() => norm_without_order(&A, dims, keepdim)?,
            None => norm_without_order(&A.f_to_kind(dtype.unwrap_or(Kind::Float))?, dims, keepdim)?,
            Some(Order::Name(ord)) => {
                A.f_linalg_norm_ord_str(one_of("ord", &ord, &["fro", "nuc"])?, dims, keepdim, dtype)?
            }
            Some(Order::Number(ord)) => A.f_linalg_norm(ord, dims, keepdim, dtype)?,
        }
    };
};

/// libtorch's `linalg_svd` is bound with a driver that only CUDA takes; `svd` is the same
/// decomposition with V in place of its transpose.
fn svd(a: &Tensor, full_matrices: bool) -> Outcome<(Tensor, Tensor, Tensor)> {
    let (u, s, v) = a.f_svd(!full_matrices, true)?;
    Ok((u, s, v.f_transpose(-2, -1)?))
}

/// Without an order: the 2-norm of all elements, of vectors, or the Frobenius norm of matrices, which
/// are one formula.
fn norm_without_order(a: &Tensor, dims: Option<Vec<i64>>, keepdim: bool) -> Outcome<Tensor> {
    match dims.as_ref().map(Vec::len) {
        None => {
            let flat = a.f_reshape([-1])?.f_linalg_norm(2.0, None::<&[i64]>, false, None)?;
            let kept = vec![1; a.dim()];
            Ok(if keepdim { flat.f_reshape(kept)? } else { flat })
        }
        Some(1) => Ok(a.f_linalg_norm(2.0, dims, keepdim, None)?),
        Some(2) => Ok(a.f_linalg_norm_ord_str("fro", dims, keepdim, None)?),
        Some(n) => Err(Error::new(format!("a norm along {n} dimensions"))
            .hint("one dimension for vectors, two for matrices")
            .into()),
    }
}

/// The pseudo-inverse: singular values below max(atol, rtol * the largest) count as 0.
fn pinv(
    a: &Tensor,
    atol: Option<TensorArg>,
    rtol: Option<TensorArg>,
    hermitian: bool,
) -> Outcome<Tensor> {
    let number = |t: &Option<TensorArg>| match t {
        None => Some(None),
        Some(TensorArg::Number(n)) => Some(Some(n.float())),
        Some(TensorArg::Tensor(_)) => None,
    };
    if let (Some(atol), Some(rtol)) = (number(&atol), number(&rtol)) {
        return Ok(a.f_linalg_pinv_atol_rtol_float(atol, rtol, hermitian)?);
    }
    let tensor = |t: Option<TensorArg>| t.map(|t| t.beside(a)).transpose();
    Ok(a.f_linalg_pinv_atol_rtol_tensor(tensor(atol)?, tensor(rtol)?, hermitian)?)
}
