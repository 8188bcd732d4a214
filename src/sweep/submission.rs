//! What was handed in to a cluster for a plan: a folder each below `.slurm/` beside the runs, with
//! the batch scripts, the list of each element's runs, what the jobs print, and the jobs' numbers.

use super::indices::Indices;
use crate::atomic::write_atomic;
use crate::error::Context;
use crate::run::files::{read_json, write_json};
use crate::slurm::{self, Batch, Profile, Queue};
use crate::{Error, Result, interrupt};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

const FOLDER: &str = ".slurm";
const RECORD: &str = "jobs.json";

/// Jobs that were handed in together.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Submission {
    #[serde(skip)]
    pub folder: PathBuf,
    pub plan: PathBuf,
    pub arrays: Vec<Array>,
    /// The job that merges.
    pub merge: u64,
    /// In seconds since 1970.
    pub submitted: f64,
}

/// A job array.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Array {
    pub job: u64,
    /// The runs of each element, from 1.
    pub elements: Vec<String>,
}

/// What is to be handed in.
pub struct Wanted<'a> {
    pub name: &'a str,
    pub profile: &'a Profile,
    /// What is different for the job that merges.
    pub merging: &'a Profile,
    pub program: &'a Path,
    /// All of these are absolute.
    pub plan: &'a Path,
    pub folder: &'a Path,
    pub out: &'a Path,
    pub runs: Vec<usize>,
    /// Runs in one element, and how many of them at a time.
    pub pack: usize,
    pub jobs: usize,
}

/// The submissions of a plan beside the runs in a folder, the first one first.
pub fn submissions(out: &Path, plan: &Path) -> Vec<Submission> {
    let below = fs::read_dir(out.join(FOLDER)).into_iter().flatten().flatten();
    let mut numbered: Vec<(usize, Submission)> = below
        .filter_map(|entry| {
            let number = entry.file_name().to_str()?.parse().ok()?;
            let record = read_json(&entry.path().join(RECORD)).ok()?;
            let submission: Submission = serde_json::from_value(record).ok()?;
            Some((number, Submission { folder: entry.path(), ..submission }))
        })
        .filter(|(_, submission)| submission.plan == plan)
        .collect();
    numbered.sort_by_key(|(number, _)| *number);
    numbered.into_iter().map(|(_, submission)| submission).collect()
}

/// The runs of some submissions that wait in the queue, or run.
pub fn queued(submissions: &[Submission], queue: &Queue) -> Indices {
    let arrays = submissions.iter().flat_map(|submission| &submission.arrays);
    let runs = arrays.flat_map(|array| {
        let elements = queue.of(array.job).filter_map(|queued| queued.element);
        elements.filter_map(|n| array.elements.get((n as usize).checked_sub(1)?))
    });
    let runs: Vec<Indices> = runs.filter_map(|text| text.parse().ok()).collect();
    Indices::of(runs.iter().flat_map(Indices::iter))
}

impl Submission {
    /// The file of what the element of a run printed.
    pub fn output_of(&self, run: usize) -> Option<PathBuf> {
        self.arrays.iter().find_map(|array| {
            let has = |text: &String| text.parse().is_ok_and(|runs: Indices| runs.contains(run));
            let element = array.elements.iter().position(has)? + 1;
            Some(self.folder.join(format!("{}_{element}.txt", array.job)))
        })
    }

    /// Its jobs.
    pub fn jobs(&self) -> Vec<u64> {
        self.arrays.iter().map(|array| array.job).chain([self.merge]).collect()
    }
}

impl Wanted<'_> {
    /// Hands it in: all of it or nothing.
    pub fn submit(&self, submitted: f64) -> Result<Submission> {
        let most = slurm::max_array_size()?;
        let folder = self.new_folder()?;
        let mut jobs = Vec::new();
        let done = self.hand_in(&folder, most, &mut jobs, submitted);
        let Err(why) = done else { return done };
        if !jobs.is_empty()
            && let Err(e) = slurm::cancel(&jobs)
        {
            return Err(why.hint(format!("cancel what was handed in, jobs {jobs:?}: {e}")));
        }
        let _ = fs::remove_dir_all(&folder);
        // If it is the only one.
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
        jobs: &mut Vec<u64>,
        submitted: f64,
    ) -> Result<Submission> {
        let mut arrays = Vec::new();
        let elements = self.elements();
        let chunks = elements.chunks(most);
        let count = chunks.len();
        for (i, elements) in chunks.enumerate() {
            let list = folder.join(format!("elements-{}", i + 1));
            write_atomic(&list, (elements.join("\n") + "\n").as_bytes())?;
            let script = folder.join(format!("array-{}.sh", i + 1));
            write_atomic(&script, self.array(folder, elements.len(), count, &list).as_bytes())?;
            let job = slurm::submit(&script, &[])?;
            jobs.push(job);
            arrays.push(Array { job, elements: elements.to_vec() });
            unless_stopped()?;
        }
        let script = folder.join("merge.sh");
        write_atomic(&script, self.merge(folder).as_bytes())?;
        let merge = slurm::submit(&script, &jobs.clone())?;
        jobs.push(merge);
        let submission = Submission {
            folder: folder.to_path_buf(),
            plan: self.plan.to_path_buf(),
            arrays,
            merge,
            submitted,
        };
        write_json(
            &folder.join(RECORD),
            &serde_json::to_value(&submission).map_err(std::io::Error::from).at(RECORD)?,
        )?;
        unless_stopped()?;
        submission.arrays.iter().try_for_each(|array| slurm::release(array.job))?;
        Ok(submission)
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

fn unless_stopped() -> Result<()> {
    match interrupt::requested() {
        true => Err(Error::new(interrupt::Interrupted.to_string())),
        false => Ok(()),
    }
}
