//! Submits, releases and cancels jobs.

use super::command::{Ended, run, run_as_is, setting};
use super::id::JobId;
use crate::{Error, Result};
use std::collections::BTreeMap;
use std::path::Path;

/// A batch script to be submitted.
pub struct Script<'a> {
    pub path: &'a Path,
    /// The jobs it waits for; if empty, it is held until it is released.
    pub after: &'a [JobId],
    /// The required cluster.
    pub cluster: Option<&'a str>,
    /// The clusters requested by its options or the environment.
    pub asked: &'a [String],
}

impl Script<'_> {
    /// Submits it. The job is added to `jobs` as soon as its id is known, even if an error follows. Returns
    /// the job and sbatch's warnings. Errors: `sbatch` fails, or the job is on another cluster.
    pub fn submit(&self, jobs: &mut Vec<JobId>) -> Result<(JobId, String)> {
        let ids: Vec<String> = self.after.iter().map(|job| job.number.to_string()).collect();
        let dependency = format!("--dependency=afterany:{}", ids.join(":"));
        let script = self.path.display().to_string();
        let mut arguments = vec!["--parsable"];
        arguments.extend(self.cluster.into_iter().flat_map(|cluster| ["-M", cluster]));
        arguments.push(if self.after.is_empty() { "--hold" } else { &dependency });
        arguments.push(&script);
        let Ended { output, errors, failure, .. } = run_as_is("sbatch", &arguments)?;
        let job = self.taken(&output);
        jobs.extend(job.as_ref().ok().into_iter().cloned());
        if let Some(failure) = failure {
            return Err(failure);
        }
        let job = job.map_err(|e| {
            e.at("sbatch").hint("a job may be in the queue: squeue --me shows it, scancel ends it")
        })?;
        let other = self.cluster.is_some() && job.cluster.as_deref() != self.cluster
            || !self.after.is_empty()
                && self.after.iter().any(|before| before.cluster != job.cluster);
        match other {
            true => Err(Error::new(format!(
                "job {job} is on another cluster than the jobs it belongs to, and cannot wait for them"
            ))
            .at("sbatch")
            .hint("the profile's `sbatch` and that of its `merge` must name the same cluster")),
            false => Ok((job, errors)),
        }
    }

    /// The job id in sbatch's output.
    fn taken(&self, said: &str) -> Result<JobId> {
        let job = JobId::said(said)
            .ok_or_else(|| Error::new(format!("expected a job's number, got '{said}'")))?;
        let only = match self.asked {
            [one] if one != "all" => Some(one.as_str()),
            _ => None,
        };
        let cluster = job.cluster.as_deref().or(self.cluster).or(only);
        match cluster {
            None if !self.asked.is_empty() => {
                let asked = self.asked.join(",");
                Err(Error::new(format!("it did not say which cluster of {asked} took job {job}")))
            }
            cluster => Ok(JobId { cluster: cluster.map(String::from), ..job }),
        }
    }
}

/// The clusters requested by options of `sbatch`, or the environment, which takes precedence; empty: this
/// machine's.
pub(crate) fn asked_clusters(lines: &[String]) -> Vec<String> {
    let of_user =
        ["SBATCH_CLUSTERS", "SLURM_CLUSTERS"].iter().find_map(|name| std::env::var(name).ok());
    clusters_of(of_user.filter(|names| !names.is_empty()), lines)
}

fn clusters_of(of_user: Option<String>, lines: &[String]) -> Vec<String> {
    let names = of_user.or_else(|| lines.iter().rev().find_map(|line| named_clusters(line)));
    let names = names.unwrap_or_default();
    let names = names.split(',').map(|name| name.trim_matches(['"', '\'', ' ']));
    names.filter(|name| !name.is_empty()).map(String::from).collect()
}

/// The clusters in an option, in any of its forms.
fn named_clusters(line: &str) -> Option<String> {
    let line = line.trim();
    let long = line.strip_prefix("--cluster").map(|rest| rest.strip_prefix('s').unwrap_or(rest));
    let rest = match long {
        // `--cluster-constraint` is another option.
        Some(rest) if rest.starts_with(['=', ' ', '\t']) => &rest[1..],
        Some(_) => return None,
        None => line.strip_prefix("-M")?,
    };
    rest.split_whitespace().next().map(String::from)
}

/// Errors: `scontrol` fails.
pub fn release(job: &JobId) -> Result<()> {
    run("scontrol", job.cluster.as_deref(), &["release", &job.number.to_string()]).map(drop)
}

/// Cancels jobs, each on its cluster.
/// Errors: `scancel` fails; the jobs that remain are named.
pub fn cancel(jobs: &[JobId]) -> Result<()> {
    let mut by_cluster: BTreeMap<Option<&str>, Vec<String>> = BTreeMap::new();
    for job in jobs {
        by_cluster.entry(job.cluster.as_deref()).or_default().push(job.number.to_string());
    }
    let mut failed = Vec::new();
    for (cluster, ids) in by_cluster {
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        if let Err(e) = run("scancel", cluster, &ids) {
            let of = cluster.map_or(String::new(), |cluster| format!(" on {cluster}"));
            failed.push(format!("jobs {}{of}: {e}", ids.join(", ")));
        }
    }
    match failed.is_empty() {
        true => Ok(()),
        false => Err(Error::new(format!("not cancelled: {}", failed.join("; ")))),
    }
}

/// The maximum number of array elements on any of the clusters; by default on this machine's.
/// Errors: `scontrol` fails.
pub fn max_array_size(clusters: &[String]) -> Result<usize> {
    let size = |cluster: Option<&str>| -> Result<usize> {
        let config = run("scontrol", cluster, &["show", "config"])?;
        let size = setting(&config, "MaxArraySize").and_then(|size| size.parse::<usize>().ok());
        // Slurm's limit is one more than the highest index; elements are counted from 1 here.
        Ok(size.map_or(1000, |size| size.saturating_sub(1).max(1)))
    };
    let named: Vec<&str> =
        clusters.iter().map(String::as_str).filter(|name| *name != "all").collect();
    match &named[..] {
        [] => size(None),
        named => named.iter().try_fold(usize::MAX, |most, name| Ok(most.min(size(Some(name))?))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clusters_asked_for_are_seen_in_every_form() {
        let of = |lines: &[&str]| {
            let lines: Vec<String> = lines.iter().map(|line| line.to_string()).collect();
            clusters_of(None, &lines).join(" ")
        };
        for line in
            ["--clusters=gpu", "--cluster=gpu", "--clusters gpu", "-M gpu", "-Mgpu", "-M \"gpu\""]
        {
            assert_eq!(of(&["--constraint=a", line]), "gpu", "{line}");
        }
        assert_eq!(of(&["--clusters=gpu, cpu"]), "gpu");
        assert_eq!(of(&["--clusters=gpu,cpu"]), "gpu cpu");
        assert_eq!(of(&["--cluster-constraint=a", "--mem=1G"]), "");
        assert_eq!(clusters_of(Some("east".into()), &["-M gpu".to_string()]), ["east"]);
    }

    #[test]
    fn a_job_is_where_sbatch_says_or_where_it_was_asked_to_be() {
        let asked = ["gpu".to_string(), "cpu".to_string()];
        let taken = |asked: &[String], said: &str| {
            let script = Script { path: Path::new("a.sh"), after: &[], cluster: None, asked };
            script.taken(said).map(|job| job.to_string())
        };
        assert_eq!(taken(&[], "7").unwrap(), "7");
        assert_eq!(taken(&asked[..1], "7").unwrap(), "7 on gpu");
        assert_eq!(taken(&asked, "7;cpu").unwrap(), "7 on cpu");
        let text = taken(&asked, "7").unwrap_err().to_string();
        assert!(text.contains("which cluster of gpu,cpu took job 7"), "{text}");
    }
}
