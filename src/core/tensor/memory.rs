//! The free memory of a device.

use std::ffi::c_int;
use tch::Device;

/// The bytes that a process can still allocate; `None` if it is not known.
pub fn free_bytes(device: Device) -> Option<u64> {
    match device {
        Device::Cuda(index) => free_of_gpu(index),
        _ => compt_base::memory::free_bytes(),
    }
}

/// From the CUDA runtime, which libtorch has loaded if it uses a GPU.
fn free_of_gpu(index: usize) -> Option<u64> {
    type SetDevice = unsafe extern "C" fn(c_int) -> c_int;
    type GetDevice = unsafe extern "C" fn(*mut c_int) -> c_int;
    type MemGetInfo = unsafe extern "C" fn(*mut usize, *mut usize) -> c_int;
    let (mut free, mut total) = (0, 0);
    // SAFETY: the symbols, if there are any, are the CUDA runtime's, with these signatures.
    unsafe {
        let symbol = |name: &std::ffi::CStr| {
            let address = libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr());
            (!address.is_null()).then_some(address)
        };
        let set_device: SetDevice = std::mem::transmute(symbol(c"cudaSetDevice")?);
        let info: MemGetInfo = std::mem::transmute(symbol(c"cudaMemGetInfo")?);
        let get_device: GetDevice = std::mem::transmute(symbol(c"cudaGetDevice")?);
        let mut current = 0;
        let done = get_device(&raw mut current) == 0
            && set_device(c_int::try_from(index).ok()?) == 0
            && info(&raw mut free, &raw mut total) == 0
            && set_device(current) == 0;
        done.then_some(free as u64)
    }
}
