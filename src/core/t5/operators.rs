//! The choice between libtorch's fused operators and the separate ones that are faster on a CPU.

use tch::Device;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operators {
    /// Few kernels, each of which does much: for CUDA, where libtorch has them.
    Fused,
    /// The operators that a CPU computes fastest.
    Separate,
}

impl Operators {
    /// The operators for a device. With `COMPT_FUSED_OPERATORS=1` the CPU uses CUDA's, so that they can be
    /// tested and counted without a GPU.
    pub fn of(device: Device) -> Self {
        let asked = std::env::var_os("COMPT_FUSED_OPERATORS").is_some_and(|value| value == "1");
        if device.is_cuda() || asked { Operators::Fused } else { Operators::Separate }
    }
}
