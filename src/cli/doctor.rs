//! The findings of `compt doctor` that need no tensors, and its answer where libtorch is not found.

use crate::Error;
use crate::errors::FAILED;
use compt_base::driver::driver;
use compt_base::output;
use compt_study::hub::HubSettings;
use compt_study::records::environment::{self, CPU_FEATURES};
use std::process::ExitCode;

/// Prints what is known of the machine without libtorch, and that it is missing.
pub fn without_libtorch(missing: &Error) -> ExitCode {
    version();
    say("libtorch", "not found");
    processor();
    memory();
    driver_and_gpus();
    hub();
    output::line(format!("\nMissing: {missing}"));
    ExitCode::from(FAILED)
}

pub fn version() {
    say("compt", env!("CARGO_PKG_VERSION"));
}

pub fn processor() {
    let model = environment::cpu_model().unwrap_or_else(|| "unknown".to_string());
    say("processor", &format!("{model}, {} cores", environment::cores()));
    let found = environment::cpu_features();
    say("features", &found.join(" "));
    let missing: Vec<&str> = CPU_FEATURES.into_iter().filter(|f| !found.contains(f)).collect();
    if !missing.is_empty() {
        note(&format!("without {}", missing.join(" ")));
    }
    if !found.contains(&"avx512_bf16") && !found.contains(&"amx_bf16") {
        note("matrix products in bf16 are no faster than in fp32 here");
    }
}

pub fn memory() {
    if let Some(memory) = environment::memory() {
        let gib = |bytes: u64| bytes as f64 / f64::from(1 << 30);
        let (available, total) = (gib(memory.available), gib(memory.total));
        say("memory", &format!("{available:.1} GiB available of {total:.1} GiB"));
    }
}

/// Whether there is a driver.
pub fn driver_and_gpus() -> bool {
    let Some(driver) = driver() else {
        say("cuda", "no NVIDIA driver");
        return false;
    };
    let (major, minor) = driver.cuda;
    say("cuda", &format!("the driver supports CUDA {major}.{minor}"));
    for (index, gpu) in driver.gpus.iter().enumerate() {
        let (major, minor) = gpu.capability;
        let memory = gpu.memory_bytes as f64 / f64::from(1 << 30);
        let fast = match gpu.multiplies_bfloat16() {
            true => "bfloat16 is fast",
            false => "bfloat16 is not fast: dtype \"auto\" is float32",
        };
        let name = &gpu.name;
        note(&format!("cuda:{index}  {name}, {memory:.1} GiB, capability {major}.{minor}, {fast}"));
    }
    true
}

/// The folder of downloaded files, and how it was chosen.
pub fn hub() {
    let settings = match HubSettings::from_env() {
        Ok(settings) => settings,
        Err(e) => return say("hub", &e.to_string()),
    };
    let state = if settings.cache.is_dir() { "" } else { " (not there yet)" };
    say("cache", &format!("{}{state}", settings.cache.display()));
    let network =
        if settings.offline { "offline (HF_HUB_OFFLINE)" } else { "asked when it is needed" };
    let token = if settings.token.is_some() { "with a token" } else { "no token" };
    say("hub", &format!("{}, {network}, {token}", settings.endpoint));
}

/// Prints a finding.
pub fn say(what: &str, value: &str) {
    output::line(format!("{what:<12}{value}"));
}

/// Prints a further line of a finding.
pub fn note(text: &str) {
    output::line(format!("{:<12}{text}", ""));
}
