//! Matrix products.

use super::args::{self, Args};
use super::op::{Op, Outcome};
use tch::Tensor;

pub const OPS: &[Op] = &[
    Op::binary("matmul", Tensor::f_matmul),
    Op::binary("mm", Tensor::f_mm),
    Op::binary("bmm", Tensor::f_bmm),
    Op::binary("dot", Tensor::f_dot),
    Op::binary("outer", Tensor::f_outer),
];

pub const FUNCTIONS: &[Op] = &[Op::positional("einsum", einsum)];

/// `einsum("bs,smd->bmd", w, source)`.
fn einsum(args: &Args) -> Outcome {
    let operands = args::tensors(&args.rest(2))?;
    Ok(Tensor::f_einsum(&args.string(1)?, &operands, None::<i64>)?.into())
}
