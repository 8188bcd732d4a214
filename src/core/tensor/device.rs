//! The choice of device. libtorch_cuda is loaded only if a CUDA device is requested,
//! so one binary serves machines with and without a GPU.

use crate::{Error, Result};
use std::ffi::CString;
use std::sync::OnceLock;
use tch::{Cuda, Device};

/// `"cpu"`, `"cuda"`, `"cuda:1"`, or `"auto"` (CUDA if available).
/// Errors: an unknown name, or a device that does not exist.
pub fn parse(name: &str) -> Result<Device> {
    let index = match name {
        "cpu" => return Ok(Device::Cpu),
        "auto" => return Ok(if cuda_ready().is_ok() { Device::Cuda(0) } else { Device::Cpu }),
        "cuda" => 0,
        _ => name
            .strip_prefix("cuda:")
            .and_then(|n| n.parse().ok())
            .ok_or_else(|| Error::unknown("device", name, ["cpu", "cuda", "cuda:0", "auto"]))?,
    };
    cuda_ready()?;
    if index as i64 >= Cuda::device_count() {
        return Err(Error::new(format!(
            "no device '{name}': this machine has {} CUDA device(s)",
            Cuda::device_count()
        )));
    }
    Ok(Device::Cuda(index))
}

/// `cpu`, `cuda:0` ...
pub fn name(device: Device) -> String {
    match device {
        Device::Cuda(i) => format!("cuda:{i}"),
        other => format!("{other:?}").to_lowercase(),
    }
}

/// The result of loading libtorch_cuda, after the first attempt.
static READY: OnceLock<Result<()>> = OnceLock::new();

/// Whether CUDA was requested and is available.
pub fn cuda_loaded() -> bool {
    matches!(READY.get(), Some(Ok(())))
}

/// Loads libtorch_cuda once; the error explains why CUDA is not available.
pub fn cuda_ready() -> Result<()> {
    READY
        .get_or_init(|| {
            if !std::path::Path::new("/dev/nvidiactl").exists() {
                return Err(Error::new("no CUDA device: this machine has no NVIDIA driver")
                    .hint("use device \"cpu\" or \"auto\""));
            }
            load_library("libtorch_cuda.so")?;
            if Cuda::is_available() {
                Ok(())
            } else {
                Err(Error::new("libtorch finds no usable CUDA device")
                    .hint("`nvidia-smi` shows whether the driver works"))
            }
        })
        .clone()
}

fn load_library(name: &str) -> Result<()> {
    let c_name = CString::new(name).expect("no NUL in a library name");
    // SAFETY: dlopen and dlerror with a valid C string; the library is libtorch's own part.
    unsafe {
        if !libc::dlopen(c_name.as_ptr(), libc::RTLD_NOW | libc::RTLD_GLOBAL).is_null() {
            return Ok(());
        }
        let why = std::ffi::CStr::from_ptr(libc::dlerror()).to_string_lossy().into_owned();
        Err(Error::new(format!("CUDA support cannot be loaded: {why}"))
            .hint("`make setup CUDA=1` installs libtorch with its CUDA part"))
    }
}

/// Waits until every CUDA device in use is idle, for timing.
pub fn synchronise() {
    if tch::Cuda::is_available() {
        (0..tch::Cuda::device_count()).for_each(tch::Cuda::synchronize);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked() {
        assert_eq!(parse("cpu").unwrap(), Device::Cpu);
        assert!(parse("gpu").unwrap_err().to_string().contains("unknown device 'gpu'"));
        assert_eq!(name(Device::Cpu), "cpu");
        assert_eq!(name(Device::Cuda(1)), "cuda:1");
    }
}
