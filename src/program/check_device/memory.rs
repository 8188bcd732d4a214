//! The memory that training steps take beyond that of the model.

use compt_base::memory;
use compt_core::tensor::memory::free_bytes;
use std::cell::Cell;
use std::fs;
use tch::Device;

/// The memory of the device before the first step.
pub struct StepMemory {
    device: Device,
    before: Cell<u64>,
}

impl StepMemory {
    pub fn new(device: Device) -> StepMemory {
        StepMemory { device, before: Cell::new(0) }
    }

    /// Before the steps (`true`) nothing is returned; after them the bytes that they have taken at most: on the CPU the
    /// peak of the process' resident memory above that of before; on a GPU what its driver has less to give, which is
    /// the peak of libtorch's allocator, for it keeps what it has once taken. `None` where the system does not say.
    pub fn measure(&self, begins: bool) -> Option<u64> {
        if begins {
            // What earlier checks have freed is not to hide what the steps take.
            memory::trim();
            // Makes the peak start again from the present memory.
            let _ = fs::write("/proc/self/clear_refs", "5");
        }
        let now = match (self.device, begins) {
            (Device::Cuda(_), _) => free_bytes(self.device)?,
            (_, true) => status("VmRSS:")?,
            (_, false) => status("VmHWM:")?,
        };
        if begins {
            self.before.set(now);
            return None;
        }
        Some(now.abs_diff(self.before.get()))
    }
}

fn status(key: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(key))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_held_meanwhile_is_counted() {
        let memory = StepMemory::new(Device::Cpu);
        assert_eq!(memory.measure(true), None);
        let held = std::hint::black_box(vec![1u8; 256 << 20]);
        drop(held);
        let taken = memory.measure(false).unwrap();
        assert!(taken >= 200 << 20, "{taken}");
    }
}
