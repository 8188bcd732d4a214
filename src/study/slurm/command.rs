//! Runs one of Slurm's programs.

use crate::{Error, Result};
use std::io::ErrorKind;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::Command;

/// Variables that could filter the output by a user's view of the queue or by
/// cluster.
const VIEWS: [&str; 3] = ["SQUEUE_", "SCANCEL_", "SLURM_CLUSTERS"];

/// The result of a program.
pub struct Ended {
    pub output: String,
    pub errors: String,
    /// Its own error message, if it failed.
    pub failure: Option<Error>,
    /// The signal that ended it.
    pub signal: Option<i32>,
}

/// The output of a program for a cluster, by default this machine's; an error has the program's message.
pub fn run(program: &str, cluster: Option<&str>, arguments: &[&str]) -> Result<String> {
    let Ended { output, failure, .. } = run_for(program, cluster, arguments)?;
    match failure {
        Some(error) => Err(error),
        None => Ok(output),
    }
}

/// Runs a program for a cluster, by default this machine's; an error if it could not be started.
pub fn run_for(program: &str, cluster: Option<&str>, arguments: &[&str]) -> Result<Ended> {
    let mut command = Command::new(program);
    let own = std::env::vars_os().map(|(name, _)| name);
    let is_view = |name: &[u8]| VIEWS.iter().any(|view| name.starts_with(view.as_bytes()));
    own.filter(|name| is_view(name.as_encoded_bytes())).for_each(|name| {
        command.env_remove(name);
    });
    command.args(cluster.into_iter().flat_map(|cluster| ["-M", cluster])).args(arguments);
    end(program, command)
}

/// Runs a program with the unchanged environment; an error if it could not be started.
pub fn run_as_is(program: &str, arguments: &[&str]) -> Result<Ended> {
    let mut command = Command::new(program);
    command.args(arguments);
    end(program, command)
}

fn end(program: &str, mut command: Command) -> Result<Ended> {
    // Ctrl-C must reach this program only, which then cancels its work.
    let output = command.process_group(0).output().map_err(|e| match e.kind() {
        ErrorKind::NotFound => Error::new("there is no such program on the PATH").at(program).hint(
            "run this where Slurm's commands are installed, usually on the login node of a cluster",
        ),
        _ => Error::from(e).at(program),
    })?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_string();
    let (said, errors) = (text(&output.stdout), text(&output.stderr));
    let failure = (!output.status.success()).then(|| {
        let why = match errors.is_empty() {
            true => format!("it failed: {}", output.status),
            false => errors.clone(),
        };
        Error::new(why).at(program)
    });
    Ok(Ended { output: said, errors, failure, signal: output.status.signal() })
}

/// `NAME = VALUE` of `scontrol show config`.
pub fn setting(config: &str, name: &str) -> Option<String> {
    let value = |line: &str| {
        let (key, value) = line.split_once('=')?;
        (key.trim() == name).then(|| value.trim().to_string())
    };
    config.lines().find_map(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_has_its_value() {
        let config = "MaxArraySize            = 1001\nMaxJobCount = 10000\n";
        assert_eq!(setting(config, "MaxArraySize").as_deref(), Some("1001"));
        assert_eq!(setting(config, "MaxArray"), None);
    }
}
