//! One of Slurm's programs, run to its end.

use crate::{Error, Result};
use std::io::ErrorKind;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// What a program prints; where it fails, its own words.
pub fn run(program: &str, arguments: &[&str]) -> Result<String> {
    let mut command = Command::new(program);
    // Ctrl-C is for this program, which then takes back what was done.
    command.args(arguments).process_group(0);
    // A user's own view of the queue may leave out what is looked for.
    let own = std::env::vars_os().map(|(name, _)| name);
    own.filter(|name| name.as_encoded_bytes().starts_with(b"SQUEUE_")).for_each(|name| {
        command.env_remove(name);
    });
    let output = command.output().map_err(|e| match e.kind() {
        ErrorKind::NotFound => Error::new("there is no such program on the PATH")
            .at(program)
            .hint("run this where Slurm's commands are, usually a cluster's login node"),
        _ => Error::from(e).at(program),
    })?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_string();
    if output.status.success() {
        return Ok(text(&output.stdout));
    }
    let said = text(&output.stderr);
    let said = if said.is_empty() { format!("it failed: {}", output.status) } else { said };
    Err(Error::new(said).at(program))
}
