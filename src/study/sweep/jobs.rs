//! Processes side by side on one machine: how many, and on which GPUs.

use compt_base::driver::driver;
use compt_base::notice;

/// Processes that work on one grid.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Jobs {
    pub count: usize,
    /// The GPUs over which they are spread, as `CUDA_VISIBLE_DEVICES` names them. Empty: they choose themselves.
    pub gpus: Vec<String>,
}

impl Jobs {
    /// `count` processes for runs on `device` (`--device`). `auto` and `cuda` are spread over the GPUs of the
    /// machine; with `per_gpu`, no more than that many share one. `usable` says whether libtorch can use the GPUs.
    pub fn new(count: usize, per_gpu: Option<usize>, device: &str, usable: bool) -> Jobs {
        let gpus = match usable && ["auto", "cuda"].contains(&device) {
            true => visible(std::env::var("CUDA_VISIBLE_DEVICES").ok().as_deref(), count_of_gpus()),
            false => Vec::new(),
        };
        let one = usable && device.starts_with("cuda:");
        let jobs = match per_gpu.filter(|per| one && *per < count) {
            Some(per) => Jobs { count: per, gpus: vec![] },
            None => Jobs::spread(count, per_gpu, gpus),
        };
        if per_gpu.is_some() && jobs.gpus.is_empty() && !one {
            notice::say("note: --jobs-per-gpu has no effect: no GPU is used");
        }
        if jobs.count < count {
            let n = jobs.gpus.len().max(1);
            notice::say(&format!(
                "note: {} of {count} jobs at a time: --jobs-per-gpu {} on {n} GPU(s)",
                jobs.count,
                per_gpu.unwrap_or_default()
            ));
        } else if !jobs.gpus.is_empty() && count > jobs.gpus.len() {
            let (n, most) = (jobs.gpus.len(), count.div_ceil(jobs.gpus.len()));
            notice::say(&format!(
                "note: {count} jobs on {n} GPU(s), up to {most} on each; --jobs-per-gpu sets a limit"
            ));
        }
        jobs
    }

    fn spread(count: usize, per_gpu: Option<usize>, gpus: Vec<String>) -> Jobs {
        let most = per_gpu.filter(|_| !gpus.is_empty()).map_or(count, |per| per * gpus.len());
        Jobs { count: count.min(most).max(1), gpus }
    }

    /// The GPU for a new process beside others: the first of those with the fewest processes.
    pub fn gpu<'a>(&'a self, others: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
        let load = |gpu: &&String| others.clone().filter(|other| other == gpu).count();
        self.gpus.iter().min_by_key(load).map(String::as_str)
    }
}

fn count_of_gpus() -> usize {
    driver().map_or(0, |driver| driver.gpus.len())
}

/// The GPUs that a process sees, in the words of `CUDA_VISIBLE_DEVICES`: indices, UUIDs or parts of a GPU.
fn visible(variable: Option<&str>, count: usize) -> Vec<String> {
    match variable {
        Some(list) => list.split(',').map(|gpu| gpu.trim().to_string()).take(count).collect(),
        None => (0..count).map(|index| index.to_string()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_gets_the_gpu_with_the_fewest_others() {
        let jobs = Jobs::spread(4, None, visible(None, 2));
        let mut given: Vec<&str> = Vec::new();
        for _ in 0..jobs.count {
            let gpu = jobs.gpu(given.iter().copied()).unwrap();
            given.push(gpu);
        }
        assert_eq!(given, ["0", "1", "0", "1"]);
        // The process on GPU 1 has ended.
        assert_eq!(jobs.gpu(["0"].into_iter()), Some("1"));
        assert_eq!(Jobs::spread(4, Some(1), Vec::new()).gpu([].into_iter()), None);
    }

    #[test]
    fn a_limit_per_gpu_lowers_the_number_of_jobs() {
        assert_eq!(Jobs::spread(8, Some(2), visible(Some("3, 5"), 2)).count, 4);
        assert_eq!(Jobs::spread(8, None, visible(None, 2)).count, 8);
        assert_eq!(Jobs::spread(8, Some(1), Vec::new()).count, 8);
        assert_eq!(visible(Some("3, GPU-8f"), 2), ["3", "GPU-8f"]);
        // The driver stops at the first index that does not exist.
        assert_eq!(visible(Some("0,-1,1"), 1), ["0"]);
    }
}
