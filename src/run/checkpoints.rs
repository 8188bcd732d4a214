//! The checkpoints of a run: one file each, written atomically; the newest few are kept.

use crate::{Error, Result};
use compt_base::files::atomic::{sync_folder, write_atomic};
use compt_base::files::bounded;
use compt_base::notice;
use compt_core::tensor::file;
use compt_error::Context;
use compt_study::records::folder::CHECKPOINTS;
use serde_json::Value;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use tch::Tensor;

/// The metadata key of the plain state in a checkpoint's header.
const STATE: &str = "compt.state";
/// The checkpoint with the best score.
const BEST: &str = "best.safetensors";

/// Writes checkpoints into a run's folder.
#[derive(Debug, Clone)]
pub struct Checkpoints {
    folder: PathBuf,
    /// The number of newest checkpoints to keep.
    keep: usize,
}

/// The contents of a checkpoint.
pub struct Saved {
    pub tensors: Vec<(String, Tensor)>,
    pub plain: Value,
}

impl Checkpoints {
    /// The checkpoints of a run. The newest `keep` (at least 1) are kept.
    pub fn of(run: &Path, keep: usize) -> Checkpoints {
        Checkpoints { folder: run.join(CHECKPOINTS), keep: keep.max(1) }
    }

    /// Writes the checkpoint of a step, then removes the checkpoints of later steps (after a rollback) and all
    /// but the newest few. An error leaves the earlier checkpoints unchanged.
    pub fn save(&self, step: u64, saved: &Saved) -> Result<()> {
        self.write(&format!("step-{step:09}.safetensors"), saved)?;
        let steps = self.steps();
        let (on_the_way, left_behind) = steps.split_at(steps.partition_point(|s| *s <= step));
        let old = &on_the_way[..on_the_way.len().saturating_sub(self.keep)];
        for step in left_behind.iter().chain(old) {
            // An extra checkpoint is harmless.
            let _ = fs::remove_file(self.path(*step));
        }
        Ok(())
    }

    /// Writes the checkpoint of the best scores. Errors: the file cannot be written.
    pub fn save_best(&self, saved: &Saved) -> Result<()> {
        self.write(BEST, saved)
    }

    fn write(&self, name: &str, saved: &Saved) -> Result<()> {
        // `create_dir`, not `create_dir_all`: a deleted run folder is not created again silently.
        match fs::create_dir(&self.folder) {
            Err(e) if e.kind() != io::ErrorKind::AlreadyExists => {
                Err(Error::from(e).at(self.folder.display()))
            }
            made => {
                saved.write(&self.folder.join(name))?;
                match (made, self.folder.parent()) {
                    (Ok(()), Some(run)) => sync_folder(run).at(run.display()),
                    _ => Ok(()),
                }
            }
        }
    }

    fn path(&self, step: u64) -> PathBuf {
        self.folder.join(format!("step-{step:09}.safetensors"))
    }

    /// The steps that have checkpoints, in order.
    fn steps(&self) -> Vec<u64> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let step =
            |name: &str| name.strip_prefix("step-")?.strip_suffix(".safetensors")?.parse().ok();
        let mut steps: Vec<u64> =
            entries.filter_map(|entry| step(entry.file_name().to_str()?)).collect();
        steps.sort_unstable();
        steps
    }

    /// The step of the newest checkpoint.
    pub fn last_step(&self) -> Option<u64> {
        self.steps().pop()
    }

    /// The newest readable checkpoint, and the errors of newer ones; `None` if there are no
    /// checkpoints.
    pub fn newest(&self) -> Result<(Option<Saved>, Vec<Error>)> {
        let mut broken = Vec::new();
        for step in self.steps().into_iter().rev() {
            match Saved::read(&self.path(step)) {
                Ok(saved) => return Ok((Some(saved), broken)),
                Err(e) => broken.push(e),
            }
        }
        let count = broken.len();
        match broken.into_iter().next() {
            Some(e) if Saved::read(&self.folder.join(BEST)).is_ok() => Err(e.hint(format!(
                "no newer checkpoint of the run can be read, but {} can: t:load(\"{}\")",
                self.folder.join(BEST).display(),
                self.folder.join(BEST).display()
            ))),
            Some(e) => Err(e.hint(match count {
                1 => "it is the only checkpoint of the run".to_string(),
                _ => format!("none of the {count} checkpoints of the run can be read"),
            })),
            None => Ok((None, Vec::new())),
        }
    }
}

impl Saved {
    /// Writes a checkpoint atomically. Errors: the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let bytes = file::serialize(&self.tensors, Some((STATE, &self.plain.to_string())));
        write_atomic(path, &bytes.at(path.display())?)
    }

    /// Reads a checkpoint. Errors name the file.
    pub fn read(path: &Path) -> Result<Saved> {
        let bytes = bounded::read(path, u64::MAX - 1)?;
        let read = || -> Result<Saved> {
            let (tensors, plain) = file::deserialize_with(&bytes, STATE)?;
            let plain =
                plain.ok_or_else(|| Error::new("it is not a checkpoint: it has no state"))?;
            let plain = serde_json::from_str(&plain)
                .map_err(|e| Error::new(format!("its state cannot be read: {e}")))?;
            Ok(Saved { tensors, plain })
        };
        read().at(path.display())
    }

    /// Reads a checkpoint file, or the newest (or best) checkpoint of a run's folder. Errors: there is
    /// none, or it cannot be read.
    pub fn find(path: &Path, best: bool) -> Result<Saved> {
        if !path.is_dir() {
            return Saved::read(path).map_err(|e| other_than(path, e));
        }
        if best {
            let path = path.join(CHECKPOINTS).join(BEST);
            return Saved::read(&path).map_err(|e| other_than(&path, e));
        }
        let (saved, broken) = Checkpoints::of(path, 1).newest()?;
        for e in &broken {
            notice::say(&format!("warning: {e}; an older one is used"));
        }
        saved.ok_or_else(|| {
            Error::new("there is no checkpoint in this folder")
                .at(path.display())
                .hint("use the folder of a run, or a file in its checkpoints/")
        })
    }
}

/// Adds to the error of a checkpoint which other one of its folder can be read, the newest first.
fn other_than(broken: &Path, error: Error) -> Error {
    let folder = broken.parent().unwrap_or(Path::new(""));
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_other = |path: &PathBuf| {
        path != broken && path.extension().is_some_and(|ending| ending == "safetensors")
    };
    let mut others: Vec<PathBuf> = entries.filter(is_other).collect();
    others.sort();
    match others.iter().rev().find(|path| Saved::read(path).is_ok()) {
        Some(other) => error.hint(format!("{} can be read: use it instead", other.display())),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn saved(x: f64) -> Saved {
        let tensor = Tensor::from_slice(&[x as f32, 0.1]);
        Saved { tensors: vec![("parameter.a".into(), tensor)], plain: json!({ "x": x }) }
    }

    #[test]
    fn the_newest_few_stay_and_the_best() {
        let folder = tempfile::tempdir().unwrap();
        let checkpoints = Checkpoints::of(folder.path(), 2);
        assert!(checkpoints.newest().unwrap().0.is_none());
        for step in [8, 9, 10] {
            checkpoints.save(step, &saved(step as f64 / 10.0)).unwrap();
        }
        checkpoints.save_best(&saved(0.9)).unwrap();
        assert_eq!(checkpoints.steps(), [9, 10]);
        checkpoints.save(9, &saved(0.9)).unwrap();
        assert_eq!(checkpoints.steps(), [9], "the run went back from step 10");
        checkpoints.save(10, &saved(1.0)).unwrap();
        let newest = checkpoints.newest().unwrap().0.unwrap();
        assert_eq!((newest.plain, newest.tensors.len()), (json!({ "x": 1.0 }), 1));
        assert_eq!(Saved::find(folder.path(), true).unwrap().plain["x"], 0.9);

        // A broken one is an error that names another.
        let text = |path: &Path, best: bool| Saved::find(path, best).err().unwrap().to_string();
        fs::write(checkpoints.folder.join(BEST), "broken").unwrap();
        assert!(text(folder.path(), true).contains("step-000000010.safetensors can be read: use"));
        fs::write(checkpoints.path(10), "broken").unwrap();
        let nine = text(&checkpoints.path(10), false);
        assert!(nine.contains("step-000000009.safetensors can be read: use"), "{nine}");
        fs::write(checkpoints.path(9), "broken").unwrap();
        assert!(!text(&checkpoints.path(10), false).contains("can be read: use"));
        checkpoints.save_best(&saved(0.9)).unwrap();
        let best = text(folder.path(), false);
        assert!(best.contains("best.safetensors can: t:load("), "{best}");
    }

    #[test]
    fn whatever_fails_in_a_save_the_checkpoint_before_is_whole() {
        use compt_base::files::atomic::faults;
        let folder = tempfile::tempdir().unwrap();
        let checkpoints = Checkpoints::of(folder.path(), 1);
        checkpoints.save(1, &saved(1.0)).unwrap();
        checkpoints.save_best(&saved(1.0)).unwrap();
        for step in faults::STEPS {
            for errno in [libc::EIO, libc::ENOSPC, libc::EACCES] {
                faults::want(Some((step, errno)));
                let outcomes =
                    [checkpoints.save(2, &saved(2.0)), checkpoints.save_best(&saved(2.0))];
                faults::want(None);
                let reason = std::io::Error::from_raw_os_error(errno).to_string();
                for outcome in outcomes {
                    let text = outcome.unwrap_err().to_string();
                    assert!(text.contains(&reason) && text.contains("safetensors: "), "{text}");
                }
                assert_eq!(Saved::read(&checkpoints.path(1)).unwrap().plain["x"], 1.0);
                // The new contents may be read only if the new file was already in place.
                let whole = |saved: Saved| {
                    let x = saved.plain["x"].as_f64().unwrap();
                    x == 1.0 || (x == 2.0 && step == compt_base::files::atomic::Step::SyncFolder)
                };
                assert!(whole(Saved::find(folder.path(), false).unwrap()), "{step:?}");
                assert!(whole(Saved::find(folder.path(), true).unwrap()), "{step:?}");
                let names = fs::read_dir(folder.path().join(CHECKPOINTS)).unwrap().count();
                assert!(names <= 3, "a temporary file is left after {step:?}");
                let _ = fs::remove_file(checkpoints.path(2));
                checkpoints.save_best(&saved(1.0)).unwrap();
            }
        }
    }

    #[test]
    fn a_broken_checkpoint_is_passed_over_and_named() {
        let folder = tempfile::tempdir().unwrap();
        let checkpoints = Checkpoints::of(folder.path(), 3);
        checkpoints.save(1, &saved(1.0)).unwrap();
        checkpoints.save(2, &saved(2.0)).unwrap();
        let path = checkpoints.path(2);
        let mut bytes = fs::read(&path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(&path, bytes).unwrap();
        let (newest, broken) = checkpoints.newest().unwrap();
        assert_eq!(newest.unwrap().plain["x"], 1.0);
        assert!(broken[0].to_string().contains("step-000000002.safetensors"), "{}", broken[0]);
        fs::write(checkpoints.path(1), "").unwrap();
        let text = checkpoints.newest().err().unwrap().to_string();
        assert!(text.contains("none of the 2 checkpoints of the run can be read"), "{text}");
    }
}
