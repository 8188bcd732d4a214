//! `compt doctor`: the features of this machine and this build, and what is missing.

use super::FAILED;
use compt_base::driver::driver;
use compt_base::output;
use compt_core::tensor::device;
use compt_study::hub::HubSettings;
use compt_study::records::environment::{self, CPU_FEATURES};
use compt_study::records::libtorch::Libtorch;
use std::process::ExitCode;
use tch::{Kind, Tensor};

/// Prints the findings. The exit code is a failure if libtorch does not work.
pub fn doctor() -> ExitCode {
    versions();
    hardware();
    cuda();
    hub();
    match works() {
        Ok(()) => {
            output::line("\nEverything needed is there.");
            ExitCode::SUCCESS
        }
        Err(e) => {
            output::line(format!("\nBroken: {e}"));
            ExitCode::from(FAILED)
        }
    }
}

fn versions() {
    say("compt", env!("CARGO_PKG_VERSION"));
    match Libtorch::loaded() {
        Some(libtorch) => {
            say("libtorch", &format!("{} in {}", libtorch.version, libtorch.folder.display()))
        }
        None => say("libtorch", "loaded, from an unknown place"),
    }
}

fn hardware() {
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
    say("threads", &format!("{} (OMP_NUM_THREADS sets it)", tch::get_num_threads()));
    if let Some(memory) = environment::memory() {
        let gib = |bytes: u64| bytes as f64 / f64::from(1 << 30);
        let (available, total) = (gib(memory.available), gib(memory.total));
        say("memory", &format!("{available:.1} GiB available of {total:.1} GiB"));
    }
}

fn cuda() {
    let Some(driver) = driver() else { return say("cuda", "no NVIDIA driver") };
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
    if let Err(e) = device::cuda_ready() {
        note(&format!("not usable: {}", e.to_string().replace('\n', "; ")));
    }
}

/// The folder of downloaded files, and how it was chosen.
fn hub() {
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

/// A small matrix product, forward and backward.
fn works() -> crate::Result<()> {
    let a = Tensor::f_ones([4, 4], (Kind::Float, tch::Device::Cpu))?.f_set_requires_grad(true)?;
    a.f_matmul(&a)?.f_sum(Kind::Float)?.f_backward()?;
    let sum = a.f_grad()?.f_sum(Kind::Float)?.f_double_value(&[])?;
    if sum == 128.0 {
        return Ok(());
    }
    Err(crate::Error::new("libtorch computes a wrong gradient")
        .hint("remove the folder .libtorch and run `make setup` again"))
}

fn say(what: &str, value: &str) {
    output::line(format!("{what:<12}{value}"));
}

fn note(text: &str) {
    output::line(format!("{:<12}{text}", ""));
}
