//! The choice of device. libtorch_cuda is loaded where there is an NVIDIA driver, so one binary serves machines
//! with and without a GPU.

use crate::{Error, Result};
use compt_base::driver::{Gpu, driver};
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
        let count = Cuda::device_count();
        let devices: Vec<String> = (0..count).map(|i| format!("cuda:{i}")).collect();
        return Err(Error::new(format!(
            "no device '{name}': this machine has {count} CUDA device(s), {}",
            devices.join(", ")
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

/// Whether CUDA can be used. The first call loads libtorch_cuda where there is a driver, and must come before
/// anything else of libtorch: libtorch keeps the CUDA hooks that it finds when it first asks for them, and even a
/// seed asks. `main` calls it first.
///
/// # Errors
///
/// CUDA cannot be used; the error says why and what to do.
pub fn cuda_ready() -> Result<()> {
    static READY: OnceLock<Result<()>> = OnceLock::new();
    READY.get_or_init(load).clone()
}

fn load() -> Result<()> {
    let Some(driver) = driver() else {
        return Err(Error::new("no CUDA device: this machine has no NVIDIA driver")
            .hint("use device \"cpu\" or \"auto\""));
    };
    if driver.gpus.is_empty() {
        return Err(match std::env::var("CUDA_VISIBLE_DEVICES") {
            Ok(list) => {
                Error::new(format!("CUDA_VISIBLE_DEVICES='{list}' hides every CUDA device"))
                    .hint("unset it, or list the devices to use: CUDA_VISIBLE_DEVICES=0,1")
            }
            Err(_) => Error::new("the NVIDIA driver shows no CUDA device")
                .hint("`nvidia-smi` shows whether the driver works"),
        });
    }
    load_library("libtorch_cuda.so")?;
    if Cuda::is_available() {
        return Ok(());
    }
    let (major, minor) = driver.cuda;
    let newest = format!("the NVIDIA driver supports CUDA up to {major}.{minor}");
    Err(match cuda_of_libtorch() {
        Some(needed) if needed > driver.cuda => Error::new(format!(
            "{newest}, and this libtorch is built for CUDA {}.{}",
            needed.0, needed.1
        ))
        .hint("install a newer NVIDIA driver, or a torch of the same version for an older CUDA"),
        _ => Error::new(format!("libtorch cannot use the CUDA device; {newest}"))
            .hint("`nvidia-smi` shows whether the driver works"),
    })
}

/// The CUDA that libtorch was built for.
fn cuda_of_libtorch() -> Option<(i32, i32)> {
    let version = tch::utils::has_cudart().then(tch::utils::version_cudart)?;
    let version = i32::try_from(version).ok()?;
    Some((version / 1000, version % 1000 / 10))
}

/// Why a GPU of this machine is not used, if there is one that is not.
pub fn unused_gpu() -> Option<String> {
    let gpu = driver()?.gpus.first()?;
    let reason = cuda_ready().err()?.to_string();
    Some(format!("{} is not used: {}", gpu.name, reason.replacen("\n  help:", "; help:", 1)))
}

/// Whether a device multiplies matrices of bfloat16 faster than those of float32.
pub fn multiplies_bfloat16(device: Device) -> bool {
    match device {
        Device::Cuda(index) => {
            driver().and_then(|d| d.gpus.get(index)).is_none_or(Gpu::multiplies_bfloat16)
        }
        _ => cpu_multiplies_bfloat16(),
    }
}

/// Whether this processor has instructions for products of bfloat16 matrices.
fn cpu_multiplies_bfloat16() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        std::is_x86_feature_detected!("avx512bf16")
    }
    #[cfg(not(target_arch = "x86_64"))]
    false
}

fn load_library(name: &str) -> Result<()> {
    let c_name = CString::new(name).expect("no NUL in a library name");
    // SAFETY: dlopen and dlerror with a valid C string; the library is libtorch's own part.
    unsafe {
        if !libc::dlopen(c_name.as_ptr(), libc::RTLD_NOW | libc::RTLD_GLOBAL).is_null() {
            return Ok(());
        }
        let why = std::ffi::CStr::from_ptr(libc::dlerror()).to_string_lossy().into_owned();
        Err(Error::new(format!("the CUDA part of libtorch cannot be loaded: {why}")).hint(
            "use a torch with CUDA: `pip install torch==2.11.*` into the active environment, or \
             `make setup CUDA=1` in a clone",
        ))
    }
}

/// Waits until every CUDA device in use is idle, for timing.
pub fn synchronise() {
    if cuda_ready().is_ok() {
        (0..Cuda::device_count()).for_each(Cuda::synchronize);
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
