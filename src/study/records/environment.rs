//! The machine and the versions that a run depends on.

use compt_base::files::json::read_json;
use compt_base::files::source::sha256;
use serde_json::{Map, Value};
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

/// The entries of a run's environment that can change its results, by name.
pub fn environment_of(run: &Path) -> Map<String, Value> {
    let recorded = read_json(&run.join(super::folder::ENVIRONMENT)).unwrap_or_default();
    let named = [
        ("compt", &recorded["compt"]),
        ("binary", &recorded["binary_sha256"]),
        ("libtorch", &recorded["libtorch"]),
        ("threads", &recorded["threads"]),
        ("deterministic", &recorded["deterministic"]),
        ("float32_matmul_precision", &recorded["float32_matmul_precision"]),
        ("gpu", &recorded["cuda"]["devices"][0]["name"]),
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
