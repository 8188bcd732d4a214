//! The number of a job, and whose it is: numbers of different clusters overlap.

use serde::{Deserialize, Serialize};
use std::fmt;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct JobId {
    pub number: u64,
    /// Another cluster than the one that is asked without a name.
    pub cluster: Option<String>,
}

impl JobId {
    /// The job that `sbatch --parsable` says it has taken: `NUMBER`, or `NUMBER;CLUSTER`, on a line of
    /// its own; sites may print others before and after it. Without the option, or behind a wrapper, it
    /// is a sentence. None where no line is one, or several are.
    pub fn said(text: &str) -> Option<JobId> {
        let mut found: Vec<JobId> = text.lines().filter_map(|line| of_line(line.trim())).collect();
        found.dedup();
        // A cluster is said by sbatch alone; a number may stand in what a site prints.
        if found.iter().filter(|job| job.cluster.is_some()).count() == 1 {
            found.retain(|job| job.cluster.is_some());
        }
        match &found[..] {
            [one] => Some(one.clone()),
            _ => None,
        }
    }
}

fn of_line(line: &str) -> Option<JobId> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    let job = |number: &str, cluster: Option<&str>| {
        let cluster = cluster.filter(|name| !name.is_empty());
        let known = cluster.is_none_or(|name| name.chars().all(is_name));
        let digits = number.chars().all(|c| c.is_ascii_digit());
        let number = number.parse().ok().filter(|_| known && digits)?;
        Some(JobId { number, cluster: cluster.map(String::from) })
    };
    if let Some(rest) = line.strip_prefix("Submitted batch job ") {
        return match rest.split_once(" on cluster ") {
            Some((number, cluster)) => job(number, Some(cluster)),
            None => job(rest, None),
        };
    }
    match line.split_once(';') {
        Some((number, cluster)) => job(number, Some(cluster)),
        None => job(line, None),
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cluster {
            Some(cluster) => write!(f, "{} on {cluster}", self.number),
            None => write!(f, "{}", self.number),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_found_whatever_a_site_prints_around_it() {
        let said = |text: &str| JobId::said(text).map(|job| job.to_string());
        for (text, job) in [
            ("101", "101"),
            ("101;gpu", "101 on gpu"),
            ("Welcome, you have 3 jobs\n101", "101"),
            ("101\nestimated cost: 3", "101"),
            ("lua: checked\n101;gpu-2\n\nestimated cost: 3\n", "101 on gpu-2"),
            ("7\n101;gpu", "101 on gpu"),
            ("Submitted batch job 101", "101"),
            ("Submitted batch job 101 on cluster gpu", "101 on gpu"),
            ("101\n101", "101"),
        ] {
            assert_eq!(said(text).as_deref(), Some(job), "{text}");
        }
        for text in ["", "no", "-1", "101 102", "101;a b", "101\n102", "1e3"] {
            assert_eq!(said(text), None, "{text}");
        }
    }
}
