//! The machine and the versions that a run depends on.

use compt_base::files::json::read_json;
use compt_base::files::source::sha256;
use serde_json::{Map, Value};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The entries of a run's environment that can change its results, by name.
pub fn environment_of(run: &Path) -> Map<String, Value> {
    let recorded = read_json(&run.join(super::folder::ENVIRONMENT)).unwrap_or_default();
    let named = [
        ("compt", &recorded["compt"]),
        ("binary", &recorded["binary_sha256"]),
        ("libtorch", &recorded["libtorch"]),
        ("threads", &recorded["threads"]),
        ("cpu", &recorded["cpu"]["model"]),
    ];
    let known = named.into_iter().filter(|(_, value)| !value.is_null());
    known.map(|(name, value)| (format!("environment.{name}"), value.clone())).collect()
}

/// The SHA-256 of the running executable.
pub fn binary_sha256() -> Option<String> {
    static HASH: OnceLock<Option<String>> = OnceLock::new();
    // On Linux this is the executable as it was started, even if the file was replaced since.
    let read = || fs::read("/proc/self/exe").ok().map(|binary| sha256(&binary));
    HASH.get_or_init(read).clone()
}

/// The libtorch that this process uses.
pub struct Libtorch {
    /// The folder of its libraries.
    pub folder: PathBuf,
    /// Its reported version, for example `2.11.0+cpu`, or `unknown`.
    pub version: String,
}

/// The location that libtorch was loaded from, according to the process's memory map.
pub fn libtorch() -> Option<Libtorch> {
    let maps = fs::read_to_string("/proc/self/maps").ok()?;
    let library = maps
        .lines()
        .filter_map(|line| line.find('/').map(|start| Path::new(&line[start..])))
        .find(|path| path.file_name().is_some_and(|name| name == "libtorch_cpu.so"))?;
    let folder = library.parent()?.to_path_buf();
    let root = folder.parent()?;
    let version = python_version(root)
        .or_else(|| fs::read_to_string(root.join("build-version")).ok())
        .map_or("unknown".to_string(), |v| v.trim().to_string());
    Some(Libtorch { folder, version })
}

/// `__version__ = '2.11.0+cpu'` of a wheel's `version.py`.
fn python_version(root: &Path) -> Option<String> {
    let text = fs::read_to_string(root.join("version.py")).ok()?;
    let line = text.lines().find(|line| line.starts_with("__version__ ="))?;
    line.split('\'').nth(1).map(str::to_string)
}

/// The number of processors that this process may use.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, |n| n.get())
}

pub fn cpu_model() -> Option<String> {
    cpuinfo("model name")
}

/// The instruction sets that make matrix products fast, in Linux's names.
pub const CPU_FEATURES: [&str; 5] = ["avx2", "avx512f", "avx512_bf16", "amx_tile", "amx_bf16"];

/// The [`CPU_FEATURES`] that this processor has.
pub fn cpu_features() -> Vec<&'static str> {
    let flags = cpuinfo("flags").unwrap_or_default();
    CPU_FEATURES.into_iter().filter(|f| flags.split_whitespace().any(|flag| flag == *f)).collect()
}

/// A field of the first processor in `/proc/cpuinfo`.
fn cpuinfo(field: &str) -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    text.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.trim() == field)
        .map(|(_, value)| value.trim().to_string())
}

/// Main memory, in bytes.
pub struct Memory {
    pub total: u64,
    pub available: u64,
}

pub fn memory() -> Option<Memory> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let field = |name: &str| -> Option<u64> {
        let line = text.lines().find(|line| line.starts_with(name))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib * 1024)
    };
    Some(Memory { total: field("MemTotal:")?, available: field("MemAvailable:")? })
}

/// The models of the NVIDIA devices that the driver reports, whether or not libtorch can use them.
pub fn nvidia_devices() -> Vec<String> {
    let Ok(folders) = fs::read_dir("/proc/driver/nvidia/gpus") else { return Vec::new() };
    folders
        .flatten()
        .filter_map(|folder| fs::read_to_string(folder.path().join("information")).ok())
        .filter_map(|text| {
            let line = text.lines().find(|line| line.starts_with("Model:"))?;
            Some(line.trim_start_matches("Model:").trim().to_string())
        })
        .collect()
}
