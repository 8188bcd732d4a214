//! Golden values of the method (tests/golden/method.py) for unit tests.

use crate::tensor::file;
use std::collections::HashMap;
use std::path::Path;
use tch::{Kind, Tensor};

/// The golden tensors, and the comparison with them.
pub struct Golden(HashMap<String, Tensor>);

impl Golden {
    pub fn open() -> Self {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/method.safetensors");
        Golden(file::load(&path).unwrap().into_iter().collect())
    }

    pub fn get(&self, name: &str) -> Tensor {
        self.0.get(name).unwrap_or_else(|| panic!("no golden '{name}'")).copy()
    }

    /// A leaf that requires gradients.
    pub fn leaf(&self, name: &str) -> Tensor {
        self.get(name).set_requires_grad(true)
    }

    /// Within 1e-5 of the golden tensor's largest value.
    pub fn assert_close(&self, name: &str, found: &Tensor) {
        let wanted = self.get(name);
        assert_eq!(found.size(), wanted.size(), "{name}");
        let scale = wanted.abs().max().double_value(&[]).max(1e-3);
        let error = (found.detach() - &wanted).to_kind(Kind::Double).abs().max().double_value(&[]);
        assert!(error <= 1e-5 * scale, "{name}: off by {error:e} at scale {scale:e}");
    }

    /// Compares the value, then the gradient of `sum(found * cotangent)` for each of `wrt`.
    pub fn assert_gradients(
        &self,
        name: &str,
        found: &Tensor,
        cotangent: &str,
        wrt: &[(impl AsRef<str>, &Tensor)],
    ) {
        self.assert_close(name, found);
        let leaves: Vec<&Tensor> = wrt.iter().map(|(_, leaf)| *leaf).collect();
        let loss = (found * self.get(cotangent)).sum(Kind::Float);
        let grads = Tensor::run_backward(&[loss], &leaves, false, false);
        for ((key, _), grad) in wrt.iter().zip(grads) {
            self.assert_close(&format!("{name}.grad.{}", key.as_ref()), &grad);
        }
    }
}
