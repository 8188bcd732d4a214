//! The queue as reported by `squeue`.

use super::command::run;
use super::id::JobId;
use crate::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// The user's jobs, one entry per array element.
#[derive(Debug, Clone, Default)]
pub struct Queue(Vec<Queued>);

/// A job in the queue.
#[derive(Debug, Clone, PartialEq)]
pub struct Queued {
    /// Its cluster, if it is not this machine's.
    cluster: Option<String>,
    /// Pending elements share the id of their array.
    id: u64,
    /// The id of the array; for a plain job, its id.
    pub array: u64,
    /// The element's index in its array.
    pub element: Option<u32>,
    pub restart: u32,
    /// `PENDING`, `RUNNING`, ...
    pub state: String,
}

/// Final states.
const PAST: [&str; 9] = [
    "BOOT_FAIL",
    "CANCELLED",
    "COMPLETED",
    "DEADLINE",
    "FAILED",
    "NODE_FAIL",
    "OUT_OF_MEMORY",
    "REVOKED",
    "TIMEOUT",
];
/// States in which a job waits without a process.
const WAITING: [&str; 6] =
    ["PENDING", "PREEMPTED", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "SPECIAL_EXIT"];
const COLUMNS: &str = "JobID:24,ArrayJobID:24,ArrayTaskID:24,RestartCnt:12,State:24";

impl Queue {
    /// The current state on the clusters of some jobs. Errors: `squeue` fails.
    pub fn of_jobs(jobs: impl IntoIterator<Item = JobId>) -> Result<Queue> {
        let clusters: BTreeSet<Option<String>> = jobs.into_iter().map(|job| job.cluster).collect();
        let queues = clusters.iter().map(|cluster| Queue::of_cluster(cluster.as_deref()));
        let queues = queues.collect::<Result<Vec<_>>>()?;
        Ok(Queue(queues.into_iter().flat_map(|queue| queue.0).collect()))
    }

    /// The same for one cluster, by default this machine's.
    pub(super) fn of_cluster(cluster: Option<&str>) -> Result<Queue> {
        let arguments = ["--me", "--all", "-h", "-r", "-O", COLUMNS];
        Queue::read(&run("squeue", cluster, &arguments)?, cluster)
    }

    /// A state that is at most ten seconds old; `None` if the queue cannot be read.
    pub(super) fn recent(cluster: Option<&str>) -> Option<Queue> {
        type Known = BTreeMap<Option<String>, (Instant, Option<Queue>)>;
        static KNOWN: Mutex<Known> = Mutex::new(BTreeMap::new());
        let mut known = KNOWN.lock().ok()?;
        let name = cluster.map(String::from);
        let is_old = |at: &Instant| at.elapsed() > Duration::from_secs(10);
        if known.get(&name).is_none_or(|(at, _)| is_old(at)) {
            known.insert(name.clone(), (Instant::now(), Queue::of_cluster(cluster).ok()));
        }
        known.get(&name).and_then(|(_, queue)| queue.clone())
    }

    fn read(text: &str, cluster: Option<&str>) -> Result<Queue> {
        let line = |line: &str| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let [id, array, element, restart, state] = fields[..] else { return None };
            Some(Queued {
                cluster: cluster.map(String::from),
                id: id.parse().ok()?,
                array: array.parse().ok()?,
                element: element.parse().ok(),
                restart: restart.parse().ok()?,
                state: state.to_string(),
            })
        };
        // A line that cannot be parsed may be the requested job, so it is an error.
        let read = |text: &str| {
            line(text).ok_or_else(|| Error::new(format!("unexpected output '{text}'")).at("squeue"))
        };
        // squeue -M prints the cluster first.
        text.lines()
            .filter(|text| !text.trim().is_empty() && !text.starts_with("CLUSTER:"))
            .map(read)
            .collect::<Result<_>>()
            .map(Queue)
    }

    /// Whether no process is left of the start of a job with this restart count.
    pub(super) fn is_over(&self, id: u64, restart: u32) -> bool {
        let mut of_job = self.0.iter().filter(|queued| queued.id == id);
        of_job.all(|queued| match queued.state.as_str() {
            // The restart count is incremented while processes are still ending.
            "COMPLETING" => false,
            state => queued.restart > restart || PAST.contains(&state) || WAITING.contains(&state),
        })
    }

    /// The elements of an array, or a plain job, that are pending or running.
    pub fn of<'a>(&'a self, job: &JobId) -> impl Iterator<Item = &'a Queued> + use<'a> {
        let waits = |queued: &&Queued| !PAST.contains(&queued.state.as_str());
        let JobId { number, cluster } = job.clone();
        let is_of = move |queued: &&Queued| queued.array == number && queued.cluster == cluster;
        self.0.iter().filter(is_of).filter(waits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_queue_says_what_is_over() {
        let queue = Queue::read(
            "2  2  N/A  0  PENDING\n3  1  1  1  PENDING\n1  1  2  0  RUNNING\n4 1 3 0 COMPLETING\n\
             1 1 5 0 PENDING\n1 1 6 0 PENDING\n5 1 7 1 COMPLETING\n",
            None,
        )
        .unwrap();
        let over = |id: u64, restart: u32| queue.is_over(id, restart);
        assert!(over(3, 0) && over(9, 0) && over(2, 0));
        assert!(!over(1, 0) && !over(4, 0));
        assert!(!over(5, 0), "its processes still end");
        assert!(Queue::read("slurm_load_jobs: something else", None).is_err());
        let job =
            |number, cluster: Option<&str>| JobId { number, cluster: cluster.map(String::from) };
        let mut elements: Vec<_> =
            queue.of(&job(1, None)).filter_map(|queued| queued.element).collect();
        elements.sort();
        assert_eq!(elements, [1, 2, 3, 5, 6, 7]);
        assert_eq!(queue.of(&job(2, None)).count(), 1);
        assert_eq!(queue.of(&job(2, Some("gpu"))).count(), 0, "numbers of clusters overlap");
        let other = Queue::read("CLUSTER: gpu\n2 2 N/A 0 PENDING\n", Some("gpu")).unwrap();
        assert_eq!(other.of(&job(2, Some("gpu"))).count(), 1);
        assert_eq!(other.of(&job(2, None)).count(), 0);
    }
}
