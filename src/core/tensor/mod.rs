//! Functions that tch lacks: the live-byte ledger, dtype names, the choice of device, tensor files. Errors
//! are those of libtorch unless a function documents others.

pub mod autograd;
pub mod context;
pub mod device;
pub mod dtype;
pub mod file;
mod finite;
pub mod ledger;
pub mod memory;
pub mod pickle;
mod stored;
pub mod upload;

pub use finite::is_finite;
pub use stored::{Found, Others, Stored};

#[cfg(test)]
mod tests {
    #[test]
    fn errors_of_libtorch_lose_their_stack() {
        let e: crate::Error =
            tch::Tensor::from_slice(&[1f32, 2.0]).f_reshape([3]).unwrap_err().into();
        let text = e.to_string();
        assert!(text.starts_with("shape '[3]' is invalid"), "{text}");
        assert!(!text.contains("frame #"), "{text}");
    }
}
