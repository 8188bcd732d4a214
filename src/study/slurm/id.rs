//! The id of a job and its cluster: ids of different clusters overlap.

use serde::{Deserialize, Serialize};
use std::fmt;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct JobId {
    pub number: u64,
    /// The cluster, if it is not the default one.
    pub cluster: Option<String>,
}

impl JobId {
    /// The job id printed by `sbatch --parsable`: `NUMBER` or `NUMBER;CLUSTER` on its own line;
    /// sites may print other lines before and after it. Without the option, or in a wrapper, it
    /// is a sentence. `None` if no line, or several lines, match.
    pub fn said(text: &str) -> Option<JobId> {
        let mut found: Vec<JobId> = text.lines().filter_map(|line| of_line(line.trim())).collect();
        found.dedup();
        // Only sbatch prints a cluster; a site's message may also contain a number.
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
