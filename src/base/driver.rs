//! The NVIDIA driver, asked directly (`libcuda.so.1`, the CUDA driver API): it knows the devices also where libtorch
//! cannot use them, and what libtorch does not say of them.

use std::ffi::{CStr, CString, c_char, c_int, c_uint, c_void};
use std::sync::OnceLock;

/// A device that the driver shows to this process; `CUDA_VISIBLE_DEVICES` hides the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gpu {
    pub name: String,
    pub memory_bytes: u64,
    /// The compute capability: `(8, 0)` is sm_80.
    pub capability: (i32, i32),
}

impl Gpu {
    /// Whether it has matrix units for bfloat16 (NVIDIA's Ampere, 8.0, was the first with them).
    pub fn multiplies_bfloat16(&self) -> bool {
        self.capability >= (8, 0)
    }
}

/// What the driver says.
pub struct Driver {
    /// The newest CUDA that it supports, for example `(13, 0)`.
    pub cuda: (i32, i32),
    pub gpus: Vec<Gpu>,
}

/// The driver of this machine, if it has one.
pub fn driver() -> Option<&'static Driver> {
    static DRIVER: OnceLock<Option<Driver>> = OnceLock::new();
    DRIVER.get_or_init(read).as_ref()
}

/// WSL2 keeps its driver in the last.
const LIBRARIES: [&str; 2] = ["libcuda.so.1", "/usr/lib/wsl/lib/libcuda.so.1"];

const CAPABILITY_MAJOR: c_int = 75;
const CAPABILITY_MINOR: c_int = 76;

fn read() -> Option<Driver> {
    let library = LIBRARIES.iter().find_map(|name| open(name))?;
    let version = library.number("cuDriverGetVersion")?;
    let cuda = (version / 1000, version % 1000 / 10);
    Some(Driver { cuda, gpus: library.gpus().unwrap_or_default() })
}

struct Library(*mut c_void);

fn open(name: &str) -> Option<Library> {
    let name = CString::new(name).ok()?;
    // SAFETY: a valid C string. The library is never closed: libtorch uses it too.
    let handle = unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_NOW | libc::RTLD_GLOBAL) };
    (!handle.is_null()).then_some(Library(handle))
}

impl Library {
    fn symbol(&self, name: &str) -> Option<*mut c_void> {
        let name = CString::new(name).ok()?;
        // SAFETY: a valid handle and a valid C string.
        let symbol = unsafe { libc::dlsym(self.0, name.as_ptr()) };
        (!symbol.is_null()).then_some(symbol)
    }

    /// The result of a function with one integer to fill in.
    fn number(&self, name: &str) -> Option<c_int> {
        let symbol = self.symbol(name)?;
        let mut value = 0;
        // SAFETY: the caller names a function `int f(int *)` of the driver API; 0 is success.
        unsafe {
            let f: unsafe extern "C" fn(*mut c_int) -> c_int = std::mem::transmute(symbol);
            (f(&mut value) == 0).then_some(value)
        }
    }

    fn gpus(&self) -> Option<Vec<Gpu>> {
        let init = self.symbol("cuInit")?;
        // SAFETY: `int cuInit(unsigned)`.
        let done = unsafe {
            let init: unsafe extern "C" fn(c_uint) -> c_int = std::mem::transmute(init);
            init(0)
        };
        let count = (done == 0).then(|| self.number("cuDeviceGetCount")).flatten()?;
        (0..count).map(|index| self.gpu(index)).collect()
    }

    fn gpu(&self, index: c_int) -> Option<Gpu> {
        let [get, name, memory, attribute] =
            ["cuDeviceGet", "cuDeviceGetName", "cuDeviceTotalMem_v2", "cuDeviceGetAttribute"]
                .map(|name| self.symbol(name));
        // SAFETY: the signatures are those of the CUDA driver API; each pointer is to a value of its type.
        unsafe {
            let get: unsafe extern "C" fn(*mut c_int, c_int) -> c_int = std::mem::transmute(get?);
            let name_of: unsafe extern "C" fn(*mut c_char, c_int, c_int) -> c_int =
                std::mem::transmute(name?);
            let memory_of: unsafe extern "C" fn(*mut usize, c_int) -> c_int =
                std::mem::transmute(memory?);
            let attribute_of: unsafe extern "C" fn(*mut c_int, c_int, c_int) -> c_int =
                std::mem::transmute(attribute?);
            let (mut device, mut bytes, mut major, mut minor) = (0, 0, 0, 0);
            let mut text = [0; 256];
            let codes = [
                get(&mut device, index),
                name_of(text.as_mut_ptr(), text.len() as c_int - 1, device),
                memory_of(&mut bytes, device),
                attribute_of(&mut major, CAPABILITY_MAJOR, device),
                attribute_of(&mut minor, CAPABILITY_MINOR, device),
            ];
            codes.iter().all(|code| *code == 0).then(|| Gpu {
                name: CStr::from_ptr(text.as_ptr()).to_string_lossy().into_owned(),
                memory_bytes: bytes as u64,
                capability: (major, minor),
            })
        }
    }
}
