//! A job, as a process in it knows it.

use super::command::{run, setting};
use super::queue::Queue;
use crate::Result;
use serde::{Deserialize, Serialize};
use std::env;
use std::sync::OnceLock;

/// One start of a job, or of one element of an array.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    pub cluster: String,
    /// Each element of an array has its own.
    pub id: u64,
    /// What people call it: `NUMBER`, or `ARRAY_ELEMENT`.
    #[serde(default)]
    pub name: String,
    /// How often it was put back into the queue before.
    pub restart: u32,
    /// Whose it is, by number: others' jobs need not be shown.
    pub user: u32,
}

impl Job {
    /// The one this process runs in.
    pub fn this() -> Option<Job> {
        let number = |name: &str| env::var(name).ok()?.parse().ok();
        Some(Job {
            cluster: env::var("SLURM_CLUSTER_NAME").unwrap_or_default(),
            id: number("SLURM_JOB_ID")?,
            name: own_name().unwrap_or_default(),
            restart: number("SLURM_RESTART_COUNT").unwrap_or(0) as u32,
            user: user(),
        })
    }

    /// Whether Slurm says that none of its processes is left. Where Slurm cannot be asked, or would
    /// not know, it is not over.
    pub fn is_over(&self) -> bool {
        // A job that began after the queue was read is not in it: it is read again.
        self.seems_over() && self.is_over_by(|cluster| Queue::of_cluster(cluster).ok())
    }

    /// The same by what the queue said up to ten seconds ago.
    pub(crate) fn seems_over(&self) -> bool {
        self.is_over_by(Queue::recent)
    }

    /// Puts a job of this machine's cluster back into the queue.
    /// Errors: `scontrol` fails.
    pub fn requeue(&self) -> Result<()> {
        run("scontrol", None, &["requeue", &self.to_string()]).map(drop)
    }

    /// `queue` asks a cluster, by default this machine's.
    fn is_over_by(&self, queue: impl Fn(Option<&str>) -> Option<Queue>) -> bool {
        if self.user != user() || self.cluster.is_empty() {
            return false;
        }
        let Some(here) = cluster() else { return false };
        match Job::this() {
            Some(me) if me.id == self.id && me.cluster == self.cluster => self.restart < me.restart,
            _ => {
                let elsewhere = (here != self.cluster).then_some(self.cluster.as_str());
                queue(elsewhere).is_some_and(|queue| queue.is_over(self.id, self.restart))
            }
        }
    }
}

impl std::fmt::Display for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.name[..] {
            "" => write!(f, "{}", self.id),
            name => f.write_str(name),
        }
    }
}

/// The name by which Slurm takes this element of an array alone: the number of one is the array's.
fn own_name() -> Option<String> {
    let text = |name: &str| env::var(name).ok();
    let element = text("SLURM_ARRAY_JOB_ID").zip(text("SLURM_ARRAY_TASK_ID"));
    element.map(|(array, element)| format!("{array}_{element}")).or_else(|| text("SLURM_JOB_ID"))
}

fn user() -> u32 {
    // SAFETY: a plain system call that cannot fail.
    unsafe { libc::getuid() }
}

/// The cluster whose queue is asked here.
fn cluster() -> Option<String> {
    static NAME: OnceLock<Option<String>> = OnceLock::new();
    let ask = || {
        let config = run("scontrol", None, &["show", "config"]).ok()?;
        setting(&config, "ClusterName")
    };
    NAME.get_or_init(|| env::var("SLURM_CLUSTER_NAME").ok().or_else(ask)).clone()
}
