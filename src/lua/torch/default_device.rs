//! The device of new tensors where a script names none: the CPU, but that of the backbone while a method's functions
//! run, so that what they make can be combined with what they are called with.

use std::cell::Cell;
use tch::Device;

/// Where new tensors are made, and where they are moved then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placing {
    pub made: Device,
    pub moved: Device,
}

const CPU: Placing = Placing { made: Device::Cpu, moved: Device::Cpu };

thread_local! {
    static PLACING: Cell<Placing> = const { Cell::new(CPU) };
}

/// The current one.
pub fn placing() -> Placing {
    PLACING.get()
}

/// Runs `f` with new tensors on a device.
pub fn on<T>(device: Device, f: impl FnOnce() -> T) -> T {
    with(Placing { made: device, moved: device }, f)
}

/// Runs `f` with new tensors made on the CPU and moved to a device: random initial values are then the same for
/// every device.
pub fn moved_to<T>(device: Device, f: impl FnOnce() -> T) -> T {
    with(Placing { made: Device::Cpu, moved: device }, f)
}

fn with<T>(placing: Placing, f: impl FnOnce() -> T) -> T {
    struct Restore(Placing);
    impl Drop for Restore {
        fn drop(&mut self) {
            PLACING.set(self.0);
        }
    }
    let _restore = Restore(PLACING.replace(placing));
    f()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_device_is_that_of_the_innermost_call_and_restored_after_a_panic() {
        let gpu = Device::Cuda(1);
        on(gpu, || {
            assert_eq!(placing(), Placing { made: gpu, moved: gpu });
            let inner = std::panic::catch_unwind(|| {
                moved_to(gpu, || {
                    assert_eq!(placing(), Placing { made: Device::Cpu, moved: gpu });
                    panic!("in a function of a method");
                })
            });
            assert!(inner.is_err());
            assert_eq!(placing().made, gpu);
        });
        assert_eq!(placing(), CPU);
    }
}
