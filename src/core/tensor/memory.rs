//! The free memory of a device.

use std::ffi::c_int;
use std::path::Path;
use tch::Device;

/// The bytes that a process can still allocate; `None` if it is not known. On a CPU the memory that the
/// system calls available, within the limits of the process' control group (version 2) and of its address space.
pub fn free_bytes(device: Device) -> Option<u64> {
    match device {
        Device::Cuda(index) => free_of_gpu(index),
        _ => {
            let of_system = available(&std::fs::read_to_string("/proc/meminfo").ok()?)?;
            let limits = [group_room(Path::new("/sys/fs/cgroup")), address_room()];
            limits.into_iter().flatten().chain([of_system]).min()
        }
    }
}

/// `MemAvailable` of `/proc/meminfo`.
fn available(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
}

fn group_room(group: &Path) -> Option<u64> {
    let read = |file: &str| -> Option<u64> {
        std::fs::read_to_string(group.join(file)).ok()?.trim().parse().ok()
    };
    Some(read("memory.max")?.saturating_sub(read("memory.current")?))
}

/// What is left of the limit of the address space (`ulimit -v`), if there is one.
fn address_room() -> Option<u64> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the structure is filled in.
    let done = unsafe { libc::getrlimit(libc::RLIMIT_AS, &mut limit) };
    if done != 0 || limit.rlim_cur == libc::RLIM_INFINITY {
        return None;
    }
    let pages = std::fs::read_to_string("/proc/self/statm").ok()?;
    let used = pages.split_whitespace().next()?.parse::<u64>().ok()? * PAGE;
    Some(limit.rlim_cur.saturating_sub(used))
}

/// The bytes of a page that `/proc/self/statm` counts.
const PAGE: u64 = 4096;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn available_memory_is_in_bytes() {
        let text = "MemTotal:  100 kB\nMemFree:   1 kB\nMemAvailable:   64 kB\n";
        assert_eq!(available(text), Some(65536));
        assert_eq!(available("MemTotal: 100 kB"), None);
    }

    #[test]
    fn a_control_group_leaves_its_limit_minus_its_use() {
        let folder = tempfile::tempdir().unwrap();
        let write =
            |file: &str, text: &str| std::fs::write(folder.path().join(file), text).unwrap();
        assert_eq!(group_room(folder.path()), None);
        write("memory.max", "1000\n");
        write("memory.current", "400\n");
        assert_eq!(group_room(folder.path()), Some(600));
        write("memory.max", "max\n");
        assert_eq!(group_room(folder.path()), None);
    }
}
