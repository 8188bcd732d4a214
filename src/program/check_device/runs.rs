//! Whole runs on the device, by the program itself: a run that is stopped and resumed, its replay, and two jobs of a
//! grid at a time.

use crate::Result;
use compt_base::driver::driver;
use compt_base::output;
use compt_cli::launch;
use compt_error::Context;
use compt_study::interrupt;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

const STUDY: &str = r#"
local compt = require "compt"
local t = compt.trainer {
  backbone = compt.backbone "micro", tasks = compt.tasks("micro", { shots = 8, seed = 1 }),
  method = compt.methods.ssum {}, steps = 12, checkpoint_every = 4, seed = 1,
}
t:run()
t:evaluate("test", { limit = 8 })
"#;

const GRID: &str = r#"
local compt = require "compt"
compt.ablate {
  name = "grid", grid = { seed = { 1, 2 } },
  run = function(cell)
    local seen = assert(io.open(compt.args.folder .. "/gpu-" .. cell.seed, "w"))
    seen:write(os.getenv "CUDA_VISIBLE_DEVICES" or "")
    seen:close()
    local t = compt.trainer {
      backbone = compt.backbone "micro", tasks = compt.tasks("micro", { shots = 4, seed = 1 }),
      method = compt.methods.pt { alone = false }, steps = 4, seed = cell.seed, progress = false,
    }
    t:run()
    return t:evaluate("test", { limit = 4 })
  end,
}
"#;

/// Prints a line for each check; the number that failed.
///
/// # Errors
/// A folder cannot be made, or the program cannot be started.
pub fn check(device: &str) -> Result<usize> {
    let folder = tempfile::tempdir().at("a temporary folder")?;
    let here = folder.path();
    fs::write(here.join("study.lua"), STUDY)?;
    fs::write(here.join("grid.lua"), GRID)?;
    let set = format!("folder={}", here.display());
    let grid = ["run", "grid.lua", "--jobs", "2", "--out", "grid", "--set", &set];
    let checks: [(&str, &[&str]); 4] = [
        ("a run, with evaluation", &["run", "study.lua", "--out", "run", "--device", device]),
        ("its replay", &["replay", "run"]),
        ("evaluated again", &["eval", "run", "--limit", "8"]),
        ("a grid, two jobs at a time", &grid),
    ];
    let mut failures = 0;
    for (name, arguments) in checks {
        if interrupt::requested() {
            return Ok(failures);
        }
        let problem = problem(here, arguments)?;
        failures += usize::from(problem.is_some());
        let mark = if problem.is_some() { "FAILED" } else { "ok" };
        output::line(format!("{mark:<7} {name}"));
        problem.iter().for_each(output::line);
    }
    let gpus = driver().map_or(0, |driver| driver.gpus.len());
    if device.starts_with("cuda") && gpus > 1 {
        let seen =
            ["gpu-1", "gpu-2"].map(|name| fs::read_to_string(here.join(name)).unwrap_or_default());
        let apart = are_apart(&seen);
        failures += usize::from(!apart);
        let mark = if apart { "ok" } else { "FAILED" };
        output::line(format!(
            "{mark:<7} the two jobs on different GPUs: '{}' and '{}'",
            seen[0], seen[1]
        ));
    }
    Ok(failures)
}

/// Whether two jobs were given one GPU each, and not the same.
fn are_apart([a, b]: &[String; 2]) -> bool {
    !a.is_empty() && !b.is_empty() && a != b && ![a, b].iter().any(|gpus| gpus.contains(','))
}

/// What a command said, if it failed.
fn problem(folder: &Path, arguments: &[&str]) -> Result<Option<String>> {
    let mut command = Command::new(launch::program()?);
    command.args(arguments).current_dir(folder).stdin(Stdio::null());
    let output = command.output().at("cannot start compt")?;
    let said = [output.stdout, output.stderr].concat();
    Ok((!output.status.success()).then(|| String::from_utf8_lossy(&said).into_owned()))
}

#[cfg(test)]
mod tests {
    #[test]
    fn two_jobs_are_apart_if_each_has_a_gpu_of_its_own() {
        let apart = |a: &str, b: &str| super::are_apart(&[a.into(), b.into()]);
        assert!(apart("0", "1") && apart("GPU-a", "GPU-b"));
        assert!(!apart("0", "0") && !apart("", "1") && !apart("0,1", "1") && !apart("", ""));
    }
}
