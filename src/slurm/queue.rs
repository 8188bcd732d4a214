//! The queue, as `squeue` shows it.

use super::command::run;
use super::job::Job;
use crate::{Error, Result};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// The user's own jobs, each element of an array by itself.
#[derive(Debug, Clone, Default)]
pub struct Queue(Vec<Queued>);

/// One that is in the queue.
#[derive(Debug, Clone, PartialEq)]
pub struct Queued {
    /// Elements that have not begun yet share their array's.
    id: u64,
    /// The array's own number; of a plain job, its number.
    pub array: u64,
    /// The element's number in its array.
    pub element: Option<u32>,
    pub restart: u32,
    /// `PENDING`, `RUNNING`, ...
    pub state: String,
}

/// States after which a job does not come back.
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
/// States in which it waits, and has no process.
const WAITING: [&str; 6] =
    ["PENDING", "PREEMPTED", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "SPECIAL_EXIT"];
const COLUMNS: &str = "JobID:24,ArrayJobID:24,ArrayTaskID:24,RestartCnt:12,State:24";

impl Queue {
    /// As it is now.
    pub fn ask() -> Result<Queue> {
        Queue::read(&run("squeue", &["--me", "--all", "-h", "-r", "-O", COLUMNS])?)
    }

    /// As it was at most ten seconds ago; none where it cannot be asked.
    pub(super) fn recent() -> Option<Queue> {
        static KNOWN: Mutex<Option<(Instant, Option<Queue>)>> = Mutex::new(None);
        let mut known = KNOWN.lock().ok()?;
        if known.as_ref().is_none_or(|(at, _)| at.elapsed() > Duration::from_secs(10)) {
            *known = Some((Instant::now(), Queue::ask().ok()));
        }
        known.as_ref().and_then(|(_, queue)| queue.clone())
    }

    fn read(text: &str) -> Result<Queue> {
        let line = |line: &str| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let [id, array, element, restart, state] = fields[..] else { return None };
            Some(Queued {
                id: id.parse().ok()?,
                array: array.parse().ok()?,
                element: element.parse().ok(),
                restart: restart.parse().ok()?,
                state: state.to_string(),
            })
        };
        // What cannot be read may be the job that is looked for.
        let read = |text: &str| {
            line(text).ok_or_else(|| Error::new(format!("it said '{text}'")).at("squeue"))
        };
        text.lines()
            .filter(|text| !text.trim().is_empty())
            .map(read)
            .collect::<Result<_>>()
            .map(Queue)
    }

    pub(super) fn is_over(&self, job: &Job) -> bool {
        let mut of_job = self.0.iter().filter(|queued| queued.id == job.id);
        of_job.all(|queued| match queued.state.as_str() {
            // Its number of restarts is raised while its processes still end.
            "COMPLETING" => false,
            state => {
                queued.restart > job.restart || PAST.contains(&state) || WAITING.contains(&state)
            }
        })
    }

    /// The elements of an array, or a plain job, that wait or run.
    pub fn of(&self, array: u64) -> impl Iterator<Item = &Queued> {
        let waits = |queued: &&Queued| !PAST.contains(&queued.state.as_str());
        self.0.iter().filter(move |queued| queued.array == array).filter(waits)
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
        )
        .unwrap();
        let over = |id: u64, restart: u32| {
            let job = Job { cluster: "c".into(), id, name: String::new(), restart, user: 0 };
            queue.is_over(&job)
        };
        assert!(over(3, 0) && over(9, 0) && over(2, 0));
        assert!(!over(1, 0) && !over(4, 0));
        assert!(!over(5, 0), "its processes still end");
        assert!(Queue::read("slurm_load_jobs: something else").is_err());
        let mut elements: Vec<_> = queue.of(1).filter_map(|queued| queued.element).collect();
        elements.sort();
        assert_eq!(elements, [1, 2, 3, 5, 6, 7]);
        assert_eq!(queue.of(2).count(), 1);
    }
}
