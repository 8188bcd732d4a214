//! `compt doctor`: the features of this machine and this build, and what is missing.

use super::FAILED;
use compt_base::output;
use compt_cli::doctor::{driver_and_gpus, hub, memory, note, processor, say, version};
use compt_core::tensor::device;
use compt_study::records::libtorch::Libtorch;
use std::process::ExitCode;
use tch::{Kind, Tensor};

/// Prints the findings. The exit code is a failure if libtorch does not work.
pub fn doctor() -> ExitCode {
    version();
    match Libtorch::loaded() {
        Some(libtorch) => {
            say("libtorch", &format!("{} in {}", libtorch.version, libtorch.folder.display()))
        }
        None => say("libtorch", "loaded, from an unknown place"),
    }
    processor();
    say("threads", &format!("{} (OMP_NUM_THREADS sets it)", tch::get_num_threads()));
    memory();
    if driver_and_gpus()
        && let Err(e) = device::cuda_ready()
    {
        note(&format!("not usable: {}", e.to_string().replace('\n', "; ")));
    }
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
