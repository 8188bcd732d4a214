//! The identity of a process, by which other processes can check whether it is alive.

use crate::slurm::Job;
use serde::{Deserialize, Serialize};
use std::fs;
use std::sync::OnceLock;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    pub host: String,
    /// The boot ID of the host: after a reboot no process remains.
    boot: String,
    /// The PID namespace: each container has its own.
    table: String,
    pub pid: u32,
    /// The start time in kernel ticks, because a PID can be reused.
    began: u64,
    /// The Slurm job that the process belongs to.
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

    /// Whether the process is certainly dead: on this machine by its PID, elsewhere by its job. A process of
    /// another host outside any job is never certainly dead.
    pub fn is_gone(&self) -> bool {
        self.is_gone_by(Job::is_over)
    }

    /// Like [`Owner::is_gone`], with a queue state that may be ten seconds old: for listings.
    pub fn seems_gone(&self) -> bool {
        self.is_gone_by(Job::seems_over)
    }

    /// Whether this machine or Slurm can determine that the process is dead.
    pub fn can_be_asked(&self) -> bool {
        self.is_here() || self.job.is_some()
    }

    fn is_here(&self) -> bool {
        let me = Owner::this();
        self.boot == me.boot && self.table == me.table
    }

    fn is_gone_by(&self, is_over: impl Fn(&Job) -> bool) -> bool {
        if self.is_here() {
            return is_dead(self.pid, self.began);
        }
        let me = Owner::this();
        match &self.job {
            Some(job) => is_over(job),
            None => self.host == me.host && self.boot != me.boot,
        }
    }
}

impl std::fmt::Display for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.job {
            Some(job) => write!(f, "job {job} on {}", self.host),
            None => write!(f, "process {} on {}", self.pid, self.host),
        }
    }
}

fn first_line(path: &str) -> String {
    fs::read_to_string(path).map(|text| text.trim().to_string()).unwrap_or_default()
}

/// Whether the process of this machine with this start time has ended.
fn is_dead(pid: u32, began_then: u64) -> bool {
    match stat(pid) {
        Some(stat) => began_of(&stat) != Some(began_then),
        // Processes of other users may be hidden; signal 0 finds them.
        None => {
            let pid = i32::try_from(pid).unwrap_or(i32::MAX);
            // SAFETY: signal 0 sends nothing.
            let unsent = unsafe { libc::kill(pid, 0) } != 0;
            unsent && std::io::Error::last_os_error().raw_os_error() == Some(libc::ESRCH)
        }
    }
}

fn began(pid: u32) -> Option<u64> {
    began_of(&stat(pid)?)
}

fn stat(pid: u32) -> Option<String> {
    fs::read_to_string(format!("/proc/{pid}/stat")).ok()
}

/// The start time of a process: field 22 of its `stat`, whose second field may contain spaces. `None` for
/// a zombie.
fn began_of(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(')')?;
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
