//! `compt check-device`: what a machine with a GPU must show, in one command.

mod memory;
mod operations;
mod products;
mod runs;

use crate::{FAILED, Result, errors};
use compt_base::driver::driver;
use compt_base::output;
use compt_cli::check_device::CheckDeviceOptions;
use compt_core::tensor::{device, dtype};
use compt_error::Context;
use compt_lua::failure::Failure;
use compt_lua::session::Session;
use compt_lua::{CheckedDevice, Runtime};
use compt_study::interrupt;
use memory::StepMemory;
use std::process::ExitCode;
use tch::Device;

/// The sizes of the timed step.
pub struct Size {
    pub layers: i64,
    pub width: i64,
    pub inner: i64,
    pub rows: i64,
    pub source: i64,
    pub prompt: i64,
    pub target: i64,
}

/// Those of T5-base, v1.1, and of the setting of the benchmark `fixed`.
const BASE: Size =
    Size { layers: 12, width: 768, inner: 2048, rows: 32, source: 108, prompt: 20, target: 4 };
const SMALL: Size =
    Size { layers: 1, width: 128, inner: 256, rows: 8, source: 24, prompt: 8, target: 4 };

pub fn check_device(options: &CheckDeviceOptions) -> ExitCode {
    match checked(options) {
        _ if interrupt::requested() => {
            errors::interrupted(None);
            ExitCode::from(interrupt::exit_code())
        }
        Ok(Ok(0)) => ExitCode::SUCCESS,
        Ok(Ok(failures)) => {
            output::line(format!("{failures} checks failed"));
            ExitCode::from(FAILED)
        }
        Ok(Err(failure)) => errors::failed(&failure),
        Err(e) => errors::refuse(&e),
    }
}

/// The number of checks that failed.
fn checked(options: &CheckDeviceOptions) -> Result<std::result::Result<usize, Box<Failure>>> {
    interrupt::install().at("cannot listen for Ctrl-C")?;
    let device = device::parse(&options.device).at("--device")?;
    let name = device::name(device);
    output::line(described(device));
    let (size, steps) = if options.small { (SMALL, 3) } else { (BASE, 20) };
    let memory = StepMemory::new(device);
    let checks = || -> std::result::Result<CheckedDevice, Box<Failure>> {
        let runtime =
            Runtime::with_session(Session { device: name.clone(), ..Session::default() })?;
        runtime.check_device(&name, size.table(), steps, move |begins| memory.measure(begins))
    };
    let (mut failures, seconds, timed, bytes) = match checks() {
        Ok(found) => found,
        Err(failure) => return Ok(Err(failure)),
    };
    let alone = products::seconds(&size, dtype::parse(&timed)?, device)?;
    let shape =
        format!("{0}+{0} layers of width {1}, {2} rows", size.layers, size.width, size.rows);
    output::line(format!("        steps a second ({shape}, {timed}): {:.2}", 1.0 / seconds));
    output::line(format!(
        "        of the rate of its matrix products alone: {:.2}",
        alone / seconds
    ));
    if let Some(bytes) = bytes {
        let mib = bytes as f64 / f64::from(1 << 20);
        output::line(format!(
            "        memory of a step beyond the model, at its peak: {mib:.0} MiB"
        ));
    }
    say_operations(if options.small { [1, 3] } else { [4, 14] })?;
    failures += runs::check(&name)?;
    Ok(Ok(failures))
}

/// The operations of a step, or why they are not counted; not after Ctrl-C.
fn say_operations(steps: [u64; 2]) -> Result<()> {
    if interrupt::requested() {
        return Ok(());
    }
    match operations::count(steps)? {
        Some(found) => {
            let operations::Operations { cuda, reads } = found;
            output::line(format!(
                "        operations of a step as CUDA runs them (12+12 layers, SSUM, dropout 0.1): {cuda:.0}"
            ));
            output::line(format!("        values that the host reads in a step: {reads:.1}"));
        }
        None => {
            output::line("skipped operations of a step: no c++, or libtorch without its headers")
        }
    }
    Ok(())
}

fn described(device: Device) -> String {
    let name = device::name(device);
    let gpu = match device {
        Device::Cuda(index) => driver().and_then(|driver| driver.gpus.get(index)),
        _ => None,
    };
    match gpu {
        Some(gpu) => {
            let (major, minor) = gpu.capability;
            let memory = gpu.memory_bytes as f64 / f64::from(1 << 30);
            format!("{name}: {}, {memory:.1} GiB, capability {major}.{minor}", gpu.name)
        }
        None => format!("{name}: {} thread(s)", tch::get_num_threads()),
    }
}

impl Size {
    fn table(&self) -> [(&'static str, i64); 7] {
        [
            ("layers", self.layers),
            ("width", self.width),
            ("inner", self.inner),
            ("rows", self.rows),
            ("source", self.source),
            ("prompt", self.prompt),
            ("target", self.target),
        ]
    }
}
