//! The state of a run: saved in checkpoints, restored from them or from the run of an earlier process.

use super::history::{Trace, folder_of};
use super::resume::{differences, edits};
use super::steering::impure;
use super::{Earlier, Purpose, Replay, Run};
use crate::checkpoints::{Checkpoints, Saved};
use crate::{Error, Result};
use compt_base::files::json::read_json;
use compt_base::{memory, notice};
use compt_core::nn::{Named, named};
use compt_core::train::state::{Progress, State};
use compt_error::Context;
use compt_study::interrupt::Hold;
use compt_study::records::folder::{CHECKPOINTS, CONFIG};
use serde_json::json;
use std::path::Path;
use tch::Tensor;

/// On a GPU the order of sums is not deterministic: losses of a replay count as equal within this relative
/// difference.
const CUDA_TOLERANCE: f64 = 1e-3;

impl Run {
    /// Prepares the first step: creates the run's folder, or restores the earlier run.
    ///
    /// # Errors
    /// The folder cannot be written; the earlier run has other settings, is being trained by another
    /// process, or has no readable checkpoint.
    pub fn begin(&mut self) -> Result<()> {
        match self.earlier.take() {
            Some(earlier) => {
                let again = earlier.clone();
                self.take_up(earlier).inspect_err(|_| self.earlier = Some(again))
            }
            None => {
                let parts = self.steering().first_parts();
                self.record.begin(parts)
            }
        }
    }

    fn take_up(&mut self, mut earlier: Earlier) -> Result<()> {
        let path = earlier.path.clone();
        let here = std::env::current_dir().unwrap_or_default();
        let shown = path.strip_prefix(&here).unwrap_or(&path).display();
        let recorded = read_json(&path.join(CONFIG))?;
        let newest = Checkpoints::of(&path, 1).newest();
        let mut is_edited = false;
        let mut changed = differences(&recorded, self.record.specification());
        if let Ok((Some(saved), _)) = &newest {
            let edits = edits(&recorded, &saved.plain["config"]);
            let is_new = |edit: &String| {
                let key = edit.split(": ").next();
                changed.iter().all(|change| change.split(": ").next() != key)
            };
            let new: Vec<String> = edits.into_iter().filter(is_new).collect();
            is_edited = !new.is_empty();
            changed.extend(new);
        }
        changed.retain(|change| !self.may_differ.iter().any(|key| change.starts_with(key)));
        if !changed.is_empty() {
            let what = format!("the configuration of the run has changed: {}", changed.join("; "));
            if !earlier.is_target() {
                return Err(Error::new(what).at(shown).hint(match is_edited {
                    true => "config.json was edited: restore its values, or start a new run",
                    false => "restore the configuration in config.json, or start a new run",
                }));
            }
            notice::say(&format!("note: {shown}: {what}"));
        }
        if let Purpose::Replay { to } = earlier.purpose {
            let device = self.trainer.parts().backbone.borrow().model.device();
            let tolerance = if device.is_cuda() { CUDA_TOLERANCE } else { 0.0 };
            self.steering().follow(earlier.past(), 0, None)?;
            self.replay = Some(Replay::new(earlier.steps, to, tolerance));
            self.record.disable();
            return Ok(());
        }
        let (saved, broken) = newest?;
        broken.iter().for_each(|e| notice::say(&format!("warning: {e}; an older one is used")));
        let mut last = None;
        let is_open = earlier.purpose == Purpose::Open;
        let looks = is_open || earlier.purpose == Purpose::Evaluate;
        if saved.is_none() && (looks || earlier.purpose == Purpose::Resume) {
            self.refuse_lost_checkpoints(&earlier).at(shown.to_string())?;
        }
        if let Some(saved) = saved {
            last = serde_json::from_value(saved.plain["control"].clone()).ok();
            if let Some(difference) = saved.plain["control_kept_state"].as_str() {
                notice::say(&format!("warning: {shown}: {}", impure(difference)));
            }
            // The random numbers of a script that only looks at the run are its own.
            self.host_state = (!is_open).then(|| saved.plain["lua_random"].clone());
            self.restore(saved).map_err(|e| e.at(path.display()))?;
        }
        let (step, attempts) = (self.trainer.steps(), self.trainer.at().attempts);
        earlier.forget_failed_steps(attempts, step);
        let past = earlier.past();
        let last_event = past.events.back().map_or(0, |event| event.attempt);
        self.steering().follow(past, attempts, last)?;
        if !looks {
            self.recorded = earlier.steps.into_iter().take(step as usize).collect();
        }
        self.catch_up();
        if earlier.purpose != Purpose::Resume {
            self.record.trace().follow(&path, step);
            self.is_opened = is_open;
            self.record.disable();
            self.read_only = earlier.purpose != Purpose::Load { may_train: true };
            self.is_evaluated = earlier.purpose == Purpose::Evaluate;
            return Ok(());
        }
        self.record.resume(&path, &self.trainer, last_event)?;
        if step < self.trainer.total_steps() {
            notice::say(&format!("{shown}: resumes after step {step}"));
        }
        Ok(())
    }

    /// Returns an error if a run without a checkpoint had one, or is to be evaluated.
    fn refuse_lost_checkpoints(&self, earlier: &Earlier) -> Result<()> {
        if earlier.had_checkpoint(self.record.checkpoints().every) {
            let steps = earlier.steps.len();
            let what = format!("no checkpoint of its {steps} steps is left in {CHECKPOINTS}/");
            return Err(Error::new(what).hint(
                "put the files back, or run the study again into another folder; `compt replay` makes \
                 the recorded steps again",
            ));
        }
        match earlier.purpose {
            Purpose::Evaluate => Err(Error::new("the run has no checkpoint to evaluate yet")
                .hint("`compt resume` makes its steps")),
            Purpose::Open => Err(Error::new("the run has no checkpoint yet")
                .hint("a run that trains writes one every minute, or as 'checkpoint_every' says")),
            _ => Ok(()),
        }
    }

    /// Restores the host's state after the caller has seen all recorded steps.
    pub(super) fn catch_up(&mut self) {
        if self.recorded.is_empty()
            && let Some(state) = self.host_state.take()
        {
            self.host.restore(&state);
        }
    }

    /// Restores the state of a checkpoint.
    ///
    /// # Errors
    /// The checkpoint has no state, or other parameters; the run is then unchanged.
    pub fn restore(&mut self, saved: Saved) -> Result<()> {
        let plain: Vec<Progress> = serde_json::from_value(saved.plain["progress"].clone())
            .map_err(|e| Error::new(format!("the checkpoint's state cannot be read: {e}")))?;
        let trace = Trace::of_json(&saved.plain["trace"]);
        let state = State::from_parts(saved.tensors, plain)
            .ok_or_else(|| Error::new("the checkpoint has no state"))?;
        self.trainer.restore(state)?;
        *self.record.trace() = trace;
        self.host.moved(&self.trainer);
        Ok(())
    }

    /// Restores the state of a checkpoint from this path: that of a file, or of the folder of a run.
    ///
    /// # Errors
    /// As in `restore`.
    pub fn restore_from(&mut self, path: &Path, saved: Saved) -> Result<()> {
        self.restore(saved)?;
        let (steps, folder) = (self.trainer.steps(), folder_of(path));
        let whole = |path: &Path| std::fs::canonicalize(path).ok();
        let own = self.record.path().and_then(whole);
        if let Some(folder) = &folder {
            self.record.trace().follow(folder, steps);
        }
        // Its own record counts again where the run goes back in itself.
        if own.is_none() || folder.as_deref().and_then(whole) != own {
            self.record.trace().begin_after(steps);
        }
        Ok(())
    }

    /// The state from which the run can be resumed.
    ///
    /// # Errors
    /// Tensors cannot be copied.
    pub fn saved(&self) -> Result<Saved> {
        let (tensors, progress) = self.trainer.state()?.into_parts();
        let kept_state = self.steering.borrow_mut().kept_state();
        let plain = json!({
            "progress": progress,
            "control": self.steering.borrow().last(),
            "control_kept_state": kept_state,
            "lua_random": self.host.state(),
            "config": self.record.specification(),
            "trace": self.record.trace_json(),
        });
        Ok(Saved { tensors, plain })
    }

    /// The state for a checkpoint outside of the run's folder.
    ///
    /// # Errors
    /// As in `saved`.
    pub fn saved_apart(&self) -> Result<Saved> {
        let mut saved = self.saved()?;
        saved.plain["trace"] = self.record.trace_apart(self.trainer.steps());
        Ok(saved)
    }

    /// Writes a checkpoint of the last step, or, if a score is passed, the best checkpoint.
    pub(super) fn checkpoint(&mut self, best: Option<f64>) -> Result<()> {
        let saved = self.saved()?;
        self.record.checkpoint(self.trainer.steps(), &saved, best);
        drop(saved);
        memory::trim();
        Ok(())
    }

    /// Whether steps were made since the last checkpoint and their state can be written.
    pub(super) fn is_unsaved(&self) -> bool {
        self.trainer.is_whole() && self.record.is_unsaved(self.trainer.steps())
    }

    /// The parameters of this run.
    fn parameters(&self) -> Named {
        let all = self.trainer.parts().groups.iter().flat_map(|group| &group.parameters);
        all.map(|(name, tensor)| (name.clone(), tensor.shallow_clone())).collect()
    }

    /// Whether `restore` of a checkpoint would find the parameters of this run.
    ///
    /// # Errors
    /// A parameter has another shape, is missing or is not one of this run: the first one is named, with both shapes. The
    /// hint says how to load the others.
    pub fn check_shapes(&self, saved: &Saved) -> Result<()> {
        let (mine, values) = (self.parameters(), parameters_of(saved));
        let find =
            |of: &Named, name: &str| of.iter().find(|(n, _)| n == name).map(|(_, t)| t.size());
        let differs = |(name, tensor): &(String, Tensor)| match find(&values, name) {
            Some(size) if size == tensor.size() => None,
            Some(size) => {
                Some(format!("'{name}' has shape {size:?} in it and {:?} here", tensor.size()))
            }
            None => Some(format!("'{name}' {:?} is missing in it", tensor.size())),
        };
        let other: Vec<String> = mine.iter().filter_map(differs).collect();
        let fitting = mine.len() - other.len();
        let unknown = values.iter().filter(|(name, _)| find(&mine, name).is_none());
        let unknown = unknown
            .map(|(name, t)| format!("'{name}' {:?} is not a parameter of this trainer", t.size()));
        let all: Vec<String> = other.into_iter().chain(unknown).collect();
        let Some(first) = all.first() else { return Ok(()) };
        let more = match all.len() - 1 {
            0 => String::new(),
            1 => "; another parameter differs, too".into(),
            n => format!("; {n} other parameters differ, too"),
        };
        Err(Error::new(format!("the parameter {first}{more}")).hint(match fitting {
            0 => "no parameter of this trainer is in it by name and shape: it is of another method, or of other sizes"
                .to_string(),
            n => format!(
                "{{ only = \"parameters\" }} loads the {n} of {} parameters that match by name and shape, and the run \
                 starts at step 1",
                mine.len()
            ),
        }))
    }

    /// Loads the parameters of a checkpoint that match this run by name and shape. Returns a description.
    ///
    /// # Errors
    /// No parameter matches by name and shape.
    pub fn take_parameters(&mut self, saved: &Saved) -> Result<String> {
        let (mine, values) = (self.parameters(), parameters_of(saved));
        let all = mine.len();
        let fits = |(name, t): &(String, Tensor)| -> bool {
            values.iter().any(|(n, value)| n == name && value.size() == t.size())
        };
        let (fitting, other): (Named, Named) = mine.into_iter().partition(fits);
        if fitting.is_empty() {
            return Err(Error::new(
                "none of its parameters matches one of this trainer by name and shape",
            ));
        }
        named::assign(&fitting, &values)?;
        let left: Vec<&str> = other.iter().map(|(name, _)| name.as_str()).collect();
        let left =
            if left.is_empty() { String::new() } else { format!("; fresh: {}", left.join(", ")) };
        Ok(format!("{} of {all} parameters loaded{left}", fitting.len()))
    }
}

/// The parameters in a checkpoint.
fn parameters_of(saved: &Saved) -> Named {
    let own = |(name, tensor): &(String, Tensor)| {
        Some((name.strip_prefix("parameter.")?.to_string(), tensor.shallow_clone()))
    };
    saved.tensors.iter().filter_map(own).collect()
}

impl Drop for Run {
    /// A process that ends between two steps saves the last one.
    fn drop(&mut self) {
        if self.is_unsaved() {
            let _hold = Hold::new();
            let _ = self.checkpoint(None);
        }
    }
}
