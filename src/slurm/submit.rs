//! Jobs handed in, released, cancelled and put back.

use super::command::run;
use super::job::Job;
use crate::{Error, Result};
use std::path::Path;

/// Hands in a batch script, held until it is released; gives its number.
pub fn submit(script: &Path, after: &[u64]) -> Result<u64> {
    let ids: Vec<String> = after.iter().map(u64::to_string).collect();
    let dependency = format!("--dependency=afterany:{}", ids.join(":"));
    let script = script.display().to_string();
    let mut arguments = vec!["--parsable"];
    match after {
        [] => arguments.push("--hold"),
        _ => arguments.push(&dependency),
    }
    arguments.push(&script);
    let said = run("sbatch", &arguments)?;
    // NUMBER, or NUMBER;CLUSTER; sites may print greetings before it.
    let number = said.lines().last().and_then(|line| line.split(';').next()?.trim().parse().ok());
    number.ok_or_else(|| Error::new(format!("expected a job's number, got '{said}'")).at("sbatch"))
}

pub fn release(job: u64) -> Result<()> {
    run("scontrol", &["release", &job.to_string()]).map(drop)
}

pub fn cancel(jobs: &[u64]) -> Result<()> {
    let ids: Vec<String> = jobs.iter().map(u64::to_string).collect();
    run("scancel", &ids.iter().map(String::as_str).collect::<Vec<_>>()).map(drop)
}

/// Puts a running job back into the queue.
pub fn requeue(job: &Job) -> Result<()> {
    run("scontrol", &["requeue", &job.to_string()]).map(drop)
}

/// The most elements an array may have here.
pub fn max_array_size() -> Result<usize> {
    let config = run("scontrol", &["show", "config"])?;
    let size = setting(&config, "MaxArraySize").and_then(|size| size.parse::<usize>().ok());
    // One more than the highest number of an element; they are counted from 1 here.
    Ok(size.map_or(1000, |size| size.saturating_sub(1).max(1)))
}

/// `NAME = VALUE` of `scontrol show config`.
pub(super) fn setting(config: &str, name: &str) -> Option<String> {
    let value = |line: &str| {
        let (key, value) = line.split_once('=')?;
        (key.trim() == name).then(|| value.trim().to_string())
    };
    config.lines().find_map(value)
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_setting_has_its_value() {
        let config = "MaxArraySize            = 1001\nMaxJobCount = 10000\n";
        assert_eq!(super::setting(config, "MaxArraySize").as_deref(), Some("1001"));
        assert_eq!(super::setting(config, "MaxArray"), None);
    }
}
