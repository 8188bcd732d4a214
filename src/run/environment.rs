//! What a run records of its machine.

use compt_base::driver::{Gpu, driver};
use compt_core::tensor::{context, device};
use compt_study::records::environment::{binary_sha256, cores, cpu_features, cpu_model, memory};
use compt_study::records::libtorch::Libtorch;
use serde_json::{Value, json};

/// The contents of `environment.json`.
pub fn environment(seed: u64) -> Value {
    json!({
        "compt": env!("CARGO_PKG_VERSION"),
        "binary_sha256": binary_sha256(),
        "libtorch": Libtorch::loaded().map(|l| l.version),
        "os": std::env::consts::OS,
        "arch": std::env::consts::ARCH,
        "threads": tch::get_num_threads(),
        "cpu": {
            "model": cpu_model(),
            "cores": cores(),
            "features": cpu_features(),
            "memory_bytes": memory().map(|m| m.total),
        },
        "deterministic": context::are_deterministic_algorithms_enabled(),
        "float32_matmul_precision": if context::is_tf32() { "high" } else { "highest" },
        "cuda": cuda(),
        "seed": seed,
    })
}

/// The driver's CUDA and its devices; `null` without a driver.
fn cuda() -> Value {
    let Some(driver) = driver() else { return Value::Null };
    let gpu = |gpu: &Gpu| {
        let (major, minor) = gpu.capability;
        json!({
            "name": gpu.name,
            "memory_bytes": gpu.memory_bytes,
            "capability": format!("{major}.{minor}"),
        })
    };
    json!({
        "driver": format!("{}.{}", driver.cuda.0, driver.cuda.1),
        "usable": device::cuda_ready().is_ok(),
        "devices": driver.gpus.iter().map(gpu).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    #[test]
    #[cfg(target_os = "linux")]
    fn the_environment_names_its_versions() {
        let environment = super::environment(7);
        assert_eq!(environment["seed"], 7);
        assert!(environment["libtorch"].as_str().unwrap().starts_with("2.11"), "{environment}");
        assert!(environment["cpu"]["memory_bytes"].as_u64().unwrap() > 1 << 20);
    }
}
