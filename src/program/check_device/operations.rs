//! The operations of a training step, counted by a library that is preloaded into the program: compiled here, from the
//! source that the benchmarks use.

use crate::{Error, Result};
use compt_cli::launch;
use compt_error::Context;
use compt_study::records::libtorch::Libtorch;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

const COUNTER: &str = include_str!("../../../scripts/bench/leaf_ops.cpp");
const STUDY: &str = include_str!("../../../scripts/bench/launches.lua");

/// Operations of one step as CUDA runs it, and how many values the host reads in it.
pub struct Operations {
    pub cuda: f64,
    pub reads: f64,
}

/// The operations of a step of SSUM with dropout 0.1 over 12 + 12 narrow layers: the difference of two runs on the
/// CPU, with the operators that CUDA uses. `None` where there is no C++ compiler or libtorch has no headers.
///
/// # Errors
/// A folder cannot be made, or the program fails.
pub fn count(steps: [u64; 2]) -> Result<Option<Operations>> {
    let folder = tempfile::tempdir().at("a temporary folder")?;
    let here = folder.path();
    fs::write(here.join("leaf_ops.cpp"), COUNTER)?;
    fs::write(here.join("study.lua"), STUDY)?;
    if !compiled(here) {
        return Ok(None);
    }
    let [short, long] = [run(here, steps[0])?, run(here, steps[1])?];
    let each = |column: usize| (long[column] - short[column]) / (steps[1] - steps[0]) as f64;
    Ok(Some(Operations { cuda: each(0), reads: each(1) }))
}

fn compiled(folder: &Path) -> bool {
    let Some(libraries) = Libtorch::loaded().map(|libtorch| libtorch.folder) else { return false };
    let include = libraries.with_file_name("include");
    let mut compiler = Command::new("c++");
    compiler.args(["-O1", "-DNDEBUG", "-std=c++17", "-shared", "-fPIC"]);
    compiler.arg("-I").arg(&include).arg("-I").arg(include.join("torch/csrc/api/include"));
    compiler.args(["leaf_ops.cpp", "-o", "leaf_ops.so"]).arg("-L").arg(&libraries);
    compiler.args(["-lc10", "-ltorch_cpu"]).arg(format!("-Wl,-rpath,{}", libraries.display()));
    let done = compiler.current_dir(folder).output();
    done.is_ok_and(|output| output.status.success())
}

/// The sums of a run with this many steps: operations as CUDA runs them, and values read by the host.
fn run(folder: &Path, steps: u64) -> Result<[f64; 2]> {
    let counts = folder.join("counts");
    let mut command = Command::new(launch::program()?);
    command.args(["run", "study.lua", "--device", "cpu", "--set", "dropout=0.1", "--set"]);
    command.arg(format!("steps={steps}")).current_dir(folder).stdin(Stdio::null());
    command.env("LD_PRELOAD", folder.join("leaf_ops.so")).env("LEAF_OPS", &counts);
    command.env("COMPT_FUSED_OPERATORS", "1");
    let output = command.output().at("cannot start compt")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(Error::new(format!("the steps whose operations are counted fail: {said}")));
    }
    Ok(sums(&fs::read_to_string(&counts).at(counts.display())?))
}

/// Of the lines `NAME CPU CUDA`, separated by tabs; `read` are the values that the host reads.
fn sums(text: &str) -> [f64; 2] {
    let mut sums = [0.0; 2];
    for line in text.lines() {
        let parts: Vec<&str> = line.split('\t').collect();
        let [name, _, cuda] = parts[..] else { continue };
        sums[usize::from(name == "read")] += cuda.parse::<f64>().unwrap_or_default();
    }
    sums
}

#[cfg(test)]
mod tests {
    #[test]
    fn operations_and_reads_are_summed_apart() {
        assert_eq!(super::sums("aten::mm\t10\t8\nread\t3\t3\naten::add\t2\t1\n"), [9.0, 3.0]);
    }
}
