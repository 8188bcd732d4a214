//! A process, so that another one can tell whether it is still there.

use crate::slurm::Job;
use serde::{Deserialize, Serialize};
use std::fs;
use std::sync::OnceLock;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    pub host: String,
    /// The host's boot: after another one no process is left.
    boot: String,
    /// The table its number is in: containers have their own.
    table: String,
    pub pid: u32,
    /// When it began, in the kernel's ticks: its number may be another's by now.
    began: u64,
    /// The job it is in.
    pub job: Option<Job>,
}

impl Owner {
    /// This process.
    pub fn this() -> &'static Owner {
        static THIS: OnceLock<Owner> = OnceLock::new();
        THIS.get_or_init(|| {
            let pid = std::process::id();
            let table = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
            Owner {
                host: first_line("/proc/sys/kernel/hostname"),
                boot: first_line("/proc/sys/kernel/random/boot_id"),
                table: table.display().to_string(),
                pid,
                began: began(pid).unwrap_or(0),
                job: Job::this(),
            }
        })
    }

    /// Whether it is certain that it is not there any more: on this machine by its number, elsewhere
    /// by its job. Of another host's process outside any job nothing is known.
    pub fn is_gone(&self) -> bool {
        let me = Owner::this();
        if self.boot == me.boot && self.table == me.table {
            return began(self.pid) != Some(self.began);
        }
        match &self.job {
            Some(job) => job.is_over(),
            None => self.host == me.host && self.boot != me.boot,
        }
    }
}

impl std::fmt::Display for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.job {
            Some(job) => write!(f, "job {} on {}", job.id, self.host),
            None => write!(f, "process {} on {}", self.pid, self.host),
        }
    }
}

fn first_line(path: &str) -> String {
    fs::read_to_string(path).map(|text| text.trim().to_string()).unwrap_or_default()
}

/// When a process began: the 22nd field of its `stat`, whose second may hold spaces.
fn began(pid: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = text.rsplit_once(')')?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    (fields.first() != Some(&"Z")).then(|| fields.get(19)?.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_gone() {
        let me = Owner::this().clone();
        assert!(!me.is_gone());
        assert!(Owner { began: me.began + 1, ..me.clone() }.is_gone());
        let elsewhere = Owner { boot: "another".into(), pid: 0, ..me.clone() };
        assert!(elsewhere.is_gone(), "the host was started anew");
        assert!(!Owner { host: "elsewhere".into(), ..elsewhere.clone() }.is_gone());
        assert!(!Owner { table: "of a container".into(), pid: 0, ..me }.is_gone());
    }
}
