//! The current job of a process.

use super::command::{run, run_for, setting};
use super::queue::Queue;
use crate::Result;
use serde::{Deserialize, Serialize};
use std::env;
use std::sync::OnceLock;

/// One start of a job, or of one element of an array.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    pub cluster: String,
    /// Each element of an array has its own id.
    pub id: u64,
    /// The display name: `NUMBER`, or `ARRAY_ELEMENT`.
    #[serde(default)]
    pub name: String,
    /// How many times it was requeued.
    pub restart: u32,
    /// The owner's uid, because other users' jobs may be hidden.
    pub user: u32,
}

impl Job {
    /// The job that this process runs in.
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

    /// Whether Slurm reports that no process of the job is left. If Slurm is not available, or has no
    /// information, the job is not considered over.
    pub fn is_over(&self) -> bool {
        // A job that began after the queue was read is not in it, so the queue is read again.
        self.seems_over() && self.is_over_by(|cluster| Queue::of_cluster(cluster).ok())
    }

    /// Like [`Job::is_over`], with a queue state that may be ten seconds old.
    pub(crate) fn seems_over(&self) -> bool {
        self.is_over_by(Queue::recent)
    }

    /// Requeues a job of this machine's cluster.
    /// Errors: `scontrol` fails.
    pub fn requeue(&self) -> Result<()> {
        let ended = run_for("scontrol", None, &["requeue", &self.to_string()])?;
        match ended.failure {
            // Slurm ends the processes of a job that it requeues, and with them the one that asked for it.
            Some(error) if ended.signal != Some(libc::SIGTERM) => Err(error),
            _ => Ok(()),
        }
    }

    /// `queue` reads the queue of a cluster, by default this machine's.
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

/// The id that selects only this array element in Slurm: the plain id of one element is that of the array.
fn own_name() -> Option<String> {
    let text = |name: &str| env::var(name).ok();
    let element = text("SLURM_ARRAY_JOB_ID").zip(text("SLURM_ARRAY_TASK_ID"));
    element.map(|(array, element)| format!("{array}_{element}")).or_else(|| text("SLURM_JOB_ID"))
}

fn user() -> u32 {
    // SAFETY: a system call that cannot fail.
    unsafe { libc::getuid() }
}

/// The cluster of the default queue.
fn cluster() -> Option<String> {
    static NAME: OnceLock<Option<String>> = OnceLock::new();
    let ask = || {
        let config = run("scontrol", None, &["show", "config"]).ok()?;
        setting(&config, "ClusterName")
    };
    NAME.get_or_init(|| env::var("SLURM_CLUSTER_NAME").ok().or_else(ask)).clone()
}
