//! The submissions of a plan to a cluster: one folder each below `.slurm/` beside the runs, with
//! the batch scripts, the list of each element's runs, the jobs' output, and the job ids.

use super::indices::Indices;
use crate::slurm::{self, Batch, JobId, Profile, Queue, Script};
use crate::{Error, Result, interrupt};
use compt_base::files::atomic::write_atomic;
use compt_base::files::json::{read_json, write_json};
use compt_base::notice;
use compt_error::Context;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

const FOLDER: &str = ".slurm";
const RECORD: &str = "jobs.json";

/// Jobs that were submitted together.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Submission {
    #[serde(skip)]
    pub folder: PathBuf,
    pub plan: PathBuf,
    pub arrays: Vec<Array>,
    /// The id of the merge job.
    pub merge: u64,
    /// The cluster of all jobs, if it is not the default one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// The time in seconds since 1970.
    pub submitted: f64,
}

/// A job array.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Array {
    pub job: u64,
    /// The runs of each element, from 1.
    pub elements: Vec<String>,
}

/// A submission to be made.
pub struct Wanted<'a> {
    pub name: &'a str,
    pub profile: &'a Profile,
    /// The profile of the merge job.
    pub merging: &'a Profile,
    pub program: &'a Path,
    /// All paths are absolute.
    pub plan: &'a Path,
    pub folder: &'a Path,
    pub out: &'a Path,
    pub runs: Vec<usize>,
    /// The number of runs per element, and how many of them run at a time.
    pub pack: usize,
    pub jobs: usize,
}

/// The submissions of a plan, stored beside the runs, the oldest first.
/// Errors: a record cannot be read.
pub fn submissions(out: &Path, plan: &Path) -> Result<Vec<Submission>> {
    each_submission(out, plan).into_iter().collect()
}

/// The submissions of a plan whose records can be read, the oldest first. A note names the others.
pub fn readable_submissions(out: &Path, plan: &Path) -> Vec<Submission> {
    let named = |e| notice::say(&format!("note: a submission is left out: {e}"));
    each_submission(out, plan).into_iter().filter_map(|read| read.map_err(named).ok()).collect()
}

fn each_submission(out: &Path, plan: &Path) -> Vec<Result<Submission>> {
    let below = fs::read_dir(out.join(FOLDER)).into_iter().flatten().flatten();
    let mut numbered: Vec<(usize, PathBuf)> = below
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path())))
        // A folder without a record is an unfinished or failed submission.
        .filter(|(_, folder)| folder.join(RECORD).exists())
        .collect();
    numbered.sort();
    let read = |(_, folder): (usize, PathBuf)| -> Result<Submission> {
        let path = folder.join(RECORD);
        let submission: Submission = serde_json::from_value(read_json(&path)?).map_err(|e| {
            Error::new(format!("it does not say which jobs were submitted: {e}"))
                .at(path.display())
                .hint("squeue --me shows them; remove its folder once none is left")
        })?;
        Ok(Submission { folder, ..submission })
    };
    let is_of_plan = |read: &Result<Submission>| read.as_ref().is_ok_and(|read| read.plan == plan);
    numbered.into_iter().map(read).filter(|read| read.is_err() || is_of_plan(read)).collect()
}

/// The runs of some submissions that are pending or running.
pub fn queued(submissions: &[Submission], queue: &Queue) -> Indices {
    let arrays = submissions.iter().flat_map(|of| of.arrays.iter().map(move |array| (of, array)));
    let runs = arrays.flat_map(|(of, array)| {
        let elements = queue.of(&of.id(array.job)).filter_map(|queued| queued.element);
        elements.filter_map(|n| array.elements.get((n as usize).checked_sub(1)?))
    });
    let runs: Vec<Indices> = runs.filter_map(|text| text.parse().ok()).collect();
    Indices::of(runs.iter().flat_map(Indices::iter))
}

impl Submission {
    /// The output file of the element of a run.
    pub fn output_of(&self, run: usize) -> Option<PathBuf> {
        self.arrays.iter().find_map(|array| {
            let has = |text: &String| text.parse().is_ok_and(|runs: Indices| runs.contains(run));
            let element = array.elements.iter().position(has)? + 1;
            Some(self.folder.join(format!("{}_{element}.txt", array.job)))
        })
    }

    /// Its jobs.
    pub fn jobs(&self) -> Vec<JobId> {
        let numbers = self.arrays.iter().map(|array| array.job).chain([self.merge]);
        numbers.map(|number| self.id(number)).collect()
    }

    /// The job with this number.
    pub fn id(&self, number: u64) -> JobId {
        JobId { number, cluster: self.cluster.clone() }
    }
}

impl Wanted<'_> {
    /// Submits all jobs, or none.
    /// Errors: Slurm refuses, or the scripts cannot be written; submitted jobs are cancelled.
    pub fn submit(&self, submitted: f64) -> Result<Submission> {
        let most = slurm::max_array_size(&self.clusters())?;
        let folder = self.new_folder()?;
        let mut jobs = Vec::new();
        let done = self.hand_in(&folder, most, &mut jobs, submitted);
        let Err(why) = done else { return done };
        if !jobs.is_empty()
            && let Err(e) = slurm::cancel(&jobs)
        {
            let what = format!("{why}\nwhat was submitted is still in the queue, {e}");
            return Err(Error::new(what).hint("cancel these jobs manually"));
        }
        let _ = fs::remove_dir_all(&folder);
        // Removed if it is empty.
        let _ = fs::remove_dir(self.out.join(FOLDER));
        Err(why)
    }

    /// The scripts of the first array and of merging.
    pub fn scripts(&self, most: usize) -> (String, String) {
        let folder = self.out.join(FOLDER).join("N");
        let elements = self.elements();
        let (count, arrays) = (elements.len().min(most), elements.len().div_ceil(most));
        (self.array(&folder, count, arrays, &folder.join("elements-1")), self.merge(&folder))
    }

    fn hand_in(
        &self,
        folder: &Path,
        most: usize,
        jobs: &mut Vec<JobId>,
        submitted: f64,
    ) -> Result<Submission> {
        let mut arrays: Vec<Array> = Vec::new();
        let mut cluster: Option<String> = None;
        let asked = self.clusters();
        let elements = self.elements();
        let chunks = elements.chunks(most);
        let count = chunks.len();
        for (i, elements) in chunks.enumerate() {
            let list = folder.join(format!("elements-{}", i + 1));
            write_atomic(&list, (elements.join("\n") + "\n").as_bytes())?;
            let script = folder.join(format!("array-{}.sh", i + 1));
            write_atomic(&script, self.array(folder, elements.len(), count, &list).as_bytes())?;
            let script =
                Script { path: &script, after: &[], cluster: cluster.as_deref(), asked: &asked };
            let (job, warnings) = script.submit(jobs)?;
            tell(&warnings);
            cluster = job.cluster;
            arrays.push(Array { job: job.number, elements: elements.to_vec() });
            unless_stopped()?;
        }
        let script = folder.join("merge.sh");
        write_atomic(&script, self.merge(folder).as_bytes())?;
        let asked = slurm::asked_clusters(&self.merging.sbatch);
        if let Some(cluster) = cluster
            .as_ref()
            .filter(|cluster| !asked.is_empty() && !asked.contains(cluster) && asked[0] != "all")
        {
            return Err(Error::new(format!(
                "the runs are on the cluster {cluster}, and the merge job is for {}: a job cannot wait for jobs of another cluster",
                asked.join(",")
            ))
            .at("merge"));
        }
        let after = jobs.clone();
        let script =
            Script { path: &script, after: &after, cluster: cluster.as_deref(), asked: &asked };
        let (merge, warnings) = script.submit(jobs)?;
        tell(&warnings);
        let submission = Submission {
            folder: folder.to_path_buf(),
            plan: self.plan.to_path_buf(),
            arrays,
            merge: merge.number,
            cluster,
            submitted,
        };
        write_json(
            &folder.join(RECORD),
            &serde_json::to_value(&submission).map_err(std::io::Error::from).at(RECORD)?,
        )?;
        unless_stopped()?;
        let arrays = submission.arrays.iter().map(|array| submission.id(array.job));
        arrays.into_iter().try_for_each(|job| slurm::release(&job))?;
        Ok(submission)
    }

    /// The clusters of the runs; empty: this machine's.
    pub fn clusters(&self) -> Vec<String> {
        slurm::asked_clusters(&self.profile.sbatch)
    }

    /// The runs of each element.
    fn elements(&self) -> Vec<String> {
        let packs = self.runs.chunks(self.pack.max(1));
        packs.map(|runs| Indices::of(runs.iter().copied()).to_string()).collect()
    }

    fn array(&self, folder: &Path, count: usize, arrays: usize, list: &Path) -> String {
        let jobs = match self.jobs {
            0 | 1 => String::new(),
            jobs => format!(" --jobs {jobs}"),
        };
        // Several arrays share the throttle.
        let throttle = self.profile.throttle.map(|most| (most / arrays as u32).max(1));
        let profile = Profile { throttle, ..self.profile.clone() };
        slurm::array(&self.batch(folder, &profile), count, list, &jobs)
    }

    fn merge(&self, folder: &Path) -> String {
        slurm::merge(&self.batch(folder, self.merging))
    }

    fn batch<'a>(&'a self, output: &'a Path, profile: &'a Profile) -> Batch<'a> {
        let Wanted { name, program, plan, folder, .. } = self;
        Batch { name, profile, folder, output, program, plan }
    }

    fn new_folder(&self) -> Result<PathBuf> {
        let above = self.out.join(FOLDER);
        fs::create_dir_all(&above).at(above.display())?;
        for number in 1.. {
            let folder = above.join(number.to_string());
            match fs::create_dir(&folder) {
                Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
                made => return made.at(folder.display()).map(|()| folder),
            }
        }
        unreachable!("some number is free")
    }
}

/// Prints sbatch's warnings.
fn tell(warnings: &str) {
    if !warnings.trim().is_empty() {
        notice::say(warnings);
    }
}

fn unless_stopped() -> Result<()> {
    match interrupt::requested() {
        true => Err(Error::new(interrupt::Interrupted.to_string())),
        false => Ok(()),
    }
}
