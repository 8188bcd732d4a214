//! Errors of libtorch. In a file, and so in an object file, of its own: a program that does not use it does not
//! link libtorch.

use crate::Error;

impl From<tch::TchError> for Error {
    /// libtorch's message without its C++ stack.
    fn from(e: tch::TchError) -> Self {
        let text = match e {
            tch::TchError::Torch(s) => s,
            other => other.to_string(),
        };
        let stack = ["\nException raised from", "\nframe #0"];
        let end = stack.iter().filter_map(|start| text.find(start)).min().unwrap_or(text.len());
        let message = &text[..end];
        Error::new(message.trim().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn torch_errors_lose_their_stack() {
        let e: Error = tch::Tensor::from_slice(&[1f32, 2.0]).f_reshape([3]).unwrap_err().into();
        let text = e.to_string();
        assert!(text.contains("shape '[3]' is invalid"), "{text}");
        assert!(!text.contains("frame #"), "{text}");
    }
}
