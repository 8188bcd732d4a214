//! Settings of libtorch that tch does not bind, by the C++ functions of `at::Context` (libtorch 2.11).

use std::ffi::c_void;

// SAFETY: these are exported by libtorch_cpu under these names; a member function takes its object first.
unsafe extern "C" {
    #[link_name = "_ZN2at13globalContextEv"]
    fn global_context() -> *mut c_void;
    #[link_name = "_ZN2at7Context26setDeterministicAlgorithmsEbb"]
    fn set_deterministic_algorithms(context: *mut c_void, on: bool, warn_only: bool);
    #[link_name = "_ZNK2at7Context23deterministicAlgorithmsEv"]
    fn deterministic_algorithms(context: *const c_void) -> bool;
    #[link_name = "_ZN2at7Context18setAllowTF32CuBLASEb"]
    fn set_allow_tf32(context: *mut c_void, on: bool);
    #[link_name = "_ZNK2at7Context15allowTF32CuBLASEv"]
    fn allow_tf32(context: *const c_void) -> bool;
}

/// `torch.use_deterministic_algorithms(on)`: operators with a deterministic algorithm use it, others raise an error.
pub fn use_deterministic_algorithms(on: bool) {
    // SAFETY: the context is a global of libtorch.
    unsafe { set_deterministic_algorithms(global_context(), on, false) }
}

/// Off by default.
pub fn are_deterministic_algorithms_enabled() -> bool {
    // SAFETY: as above.
    unsafe { deterministic_algorithms(global_context()) }
}

/// Whether CUDA multiplies float32 matrices in TF32, with 10 bits of mantissa; faster from compute capability 8.0.
pub fn set_tf32(on: bool) {
    // SAFETY: as above.
    unsafe { set_allow_tf32(global_context(), on) }
}

/// Off by default.
pub fn is_tf32() -> bool {
    // SAFETY: as above.
    unsafe { allow_tf32(global_context()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_back_and_off_by_default() {
        assert!(!are_deterministic_algorithms_enabled() && !is_tf32());
        use_deterministic_algorithms(true);
        assert!(are_deterministic_algorithms_enabled());
        use_deterministic_algorithms(false);
        set_tf32(true);
        assert!(is_tf32() && !are_deterministic_algorithms_enabled());
        set_tf32(false);
        assert!(!is_tf32());
    }
}
