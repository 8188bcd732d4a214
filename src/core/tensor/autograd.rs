//! Two autograd functions that tch does not provide.

use crate::{Error, Result};
use std::ffi::CStr;
use tch::Tensor;

/// Accumulates gradients into the leaves that `loss` (one element) depends on.
/// `retain_graph` keeps the graph for another pass; by default it is freed.
/// Errors: `loss` does not require gradients or has more than one element.
pub fn backward(loss: &Tensor, retain_graph: bool) -> Result<()> {
    // SAFETY: the pointer is a live tensor's; the call only reads it.
    unsafe { torch_sys::at_backward(loss.as_ptr().cast_mut(), retain_graph as i32, 0) };
    last_error()
}

/// Sets the gradients of tensors to none, which frees their memory.
pub fn clear_grads<'a>(tensors: impl IntoIterator<Item = &'a Tensor>) -> Result<()> {
    // libtorch's C interface can clear a gradient only through an optimizer's zero_grad.
    // SAFETY: the optimizer exists only in these lines and never steps.
    unsafe {
        let optimizer = torch_sys::ato_sgd(0.0, 0.0, 0.0, 0.0, 0);
        for tensor in tensors {
            torch_sys::ato_add_parameters(optimizer, tensor.as_ptr().cast_mut(), 0);
        }
        torch_sys::ato_zero_grad(optimizer);
        torch_sys::ato_free(optimizer);
    }
    last_error()
}

/// The error of the last call into the C interface.
fn last_error() -> Result<()> {
    // SAFETY: the string, if any, was allocated by libtorch's wrapper for the caller to free.
    unsafe {
        let message = torch_sys::get_and_reset_last_err();
        if message.is_null() {
            return Ok(());
        }
        let text = CStr::from_ptr(message).to_string_lossy().into_owned();
        libc::free(message.cast());
        Err(Error::from(tch::TchError::Torch(text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf() -> Tensor {
        Tensor::from_slice(&[1f32, 2.0]).set_requires_grad(true)
    }

    #[test]
    fn a_retained_graph_serves_twice() {
        let x = leaf();
        let loss = (&x * &x).f_sum(None).unwrap();
        backward(&loss, true).unwrap();
        backward(&loss, false).unwrap();
        assert_eq!(Vec::<f32>::try_from(x.grad()).unwrap(), [4.0, 8.0]);
        assert!(backward(&loss, false).is_err());
    }

    #[test]
    fn a_cleared_gradient_is_none() {
        let x = leaf();
        backward(&x.f_sum(None).unwrap(), false).unwrap();
        assert!(x.grad().defined());
        clear_grads([&x]).unwrap();
        assert!(!x.grad().defined());
    }
}
