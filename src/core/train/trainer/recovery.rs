//! Saves and restores a run's state: for checkpoints, and for steps that are not finite.

use super::Trainer;
use crate::nn::{Named, named};
use crate::tensor::is_finite;
use crate::train::NonFinite;
use crate::train::optimizer::Norms;
use crate::train::report::StepReport;
use crate::train::state::{Progress, State};
use crate::{Error, Result};

const LOWER: &str = "the prompts are those of the last finite loss and can still be evaluated; lower \
                     the learning rates or the clip";
const STOP: &str = "the prompts are those of the last finite loss and can still be evaluated; lower \
                    the learning rates or the clip, or set in the trainer non_finite = \"skip\" or \
                    \"rollback\"";

impl Trainer {
    /// A copy of the state of the run. Errors: tensors cannot be copied.
    pub fn state(&self) -> Result<State> {
        let parameters = self.trained().map(|(name, t)| Ok((name.clone(), t.f_detach_copy()?)));
        let copy = |named: &Named| -> Result<Named> {
            named.iter().map(|(name, t)| Ok((name.clone(), t.f_detach_copy()?))).collect()
        };
        let anchor = self.anchor.as_ref().map(|anchor| -> Result<Box<State>> {
            Ok(Box::new(State {
                progress: anchor.progress.clone(),
                parameters: copy(&anchor.parameters)?,
                optimizer: copy(&anchor.optimizer)?,
                undo: copy(&anchor.undo)?,
                anchor: None,
            }))
        });
        Ok(State {
            progress: Progress { batches: self.parts.batches.order(), ..self.at.clone() },
            parameters: parameters.collect::<Result<_>>()?,
            optimizer: self.parts.optimizer.state()?,
            undo: copy(&self.undo)?,
            anchor: anchor.transpose()?,
        })
    }

    /// Restores what `state` returned.
    ///
    /// A state of another run (more steps, other parameters, another optimizer, other rows) is an error.
    pub fn restore(&mut self, state: State) -> Result<()> {
        if state.progress.step > self.total_steps() {
            return Err(Error::new(format!(
                "it was made after step {}; this run has {} steps",
                state.progress.step,
                self.total_steps()
            )));
        }
        self.take_parameters(&state)?;
        self.parts.batches.restore(&state.progress.batches)?;
        self.at = state.progress;
        self.anchor = state.anchor;
        self.taken_back = false;
        Ok(())
    }

    fn take_parameters(&mut self, state: &State) -> Result<()> {
        let trained: Named = self.trained().map(|(n, t)| (n.clone(), t.shallow_clone())).collect();
        self.parts.optimizer.load_state(&self.parts.groups, &state.optimizer)?;
        named::assign(&trained, &state.parameters)?;
        let copies = state.undo.iter().map(|(n, t)| Ok((n.clone(), t.f_detach_copy()?)));
        self.undo = copies.collect::<Result<_>>()?;
        Ok(())
    }

    /// Stores the state for a later rollback.
    pub(super) fn drop_anchor(&mut self) -> Result<()> {
        let every = self.parts.settings.anchor_every.max(1);
        let due = self.anchor.is_none() || self.at.step.is_multiple_of(every);
        let fresh = self.anchor.as_ref().is_none_or(|anchor| anchor.progress.step < self.at.step);
        if matches!(self.parts.settings.non_finite, NonFinite::RollBack(_)) && due && fresh {
            self.anchor = None;
            self.anchor = Some(Box::new(self.state()?));
        }
        Ok(())
    }

    /// Restores the anchor, but not its order of rows.
    fn roll_back(&mut self) -> Result<()> {
        let Some(anchor) = self.anchor.take() else {
            return Err(Error::new("there is no state to go back to"));
        };
        self.take_parameters(&anchor)?;
        self.at = Progress {
            attempts: self.at.attempts,
            rollbacks: self.at.rollbacks + 1,
            seconds: self.at.seconds,
            ..anchor.progress.clone()
        };
        self.anchor = Some(anchor);
        Ok(())
    }

    /// Applies the policy for a step that is not finite: an error; a report of another attempt
    /// from the anchor; or `None` to skip the batch.
    pub(super) fn recover(
        &mut self,
        report: &StepReport,
        norms: &Norms,
        heed_stop: bool,
    ) -> Result<Option<Option<StepReport>>> {
        let error = self.not_finite(report, norms);
        if !report.loss.is_finite() && !self.undo.is_empty() {
            self.take_back()?;
            self.taken_back = true;
        }
        match self.parts.settings.non_finite {
            NonFinite::Stop => Err(error.hint(STOP)),
            NonFinite::Skip(most) if self.at.skipped.1 < most => {
                self.at.skipped = (self.at.skipped.0 + 1, self.at.skipped.1 + 1);
                Ok(None)
            }
            NonFinite::RollBack(most) if self.at.rollbacks < most => {
                self.zero_grad()?;
                self.roll_back()?;
                let mut again = self.make_step(heed_stop)?;
                if let Some(again) = &mut again {
                    again.rolled_back.insert(0, report.step);
                }
                Ok(Some(again))
            }
            NonFinite::Skip(most) => {
                Err(error.hint(LOWER).at(format!("{most} batches in a row were skipped")))
            }
            NonFinite::RollBack(most) => {
                Err(error.hint(LOWER).at(format!("after {most} rollbacks")))
            }
        }
    }

    /// Undoes the last update if it made a parameter that is not finite: there is no later loss that would show it.
    ///
    /// # Errors
    /// It did; the parameter is named.
    pub fn refuse_last_update(&mut self) -> Result<()> {
        let mut parameters = self.trained();
        let bad = parameters.find_map(|(name, tensor)| match is_finite(tensor) {
            Ok(true) => None,
            Ok(false) => Some(Ok(name.clone())),
            Err(e) => Some(Err(e)),
        });
        drop(parameters);
        let Some(name) = bad.transpose()? else { return Ok(()) };
        let what = format!("step {}: the update made '{name}' not finite", self.at.step);
        self.take_back()?;
        Err(Error::new(what).hint(
            "the parameters are those before this update; lower the learning rates, or correct the update of an \
             optimizer of your own",
        ))
    }

    /// Undoes the last update.
    fn take_back(&mut self) -> Result<()> {
        let undo = std::mem::take(&mut self.undo);
        let changed = self.trained().filter(|(name, _)| undo.iter().any(|(n, _)| n == name));
        let changed: Named = changed.map(|(n, t)| (n.clone(), t.shallow_clone())).collect();
        named::assign(&changed, &undo)
    }

    fn not_finite(&self, report: &StepReport, norms: &Norms) -> Error {
        let mix: Vec<String> = report.tasks.iter().map(|(task, n)| format!("{n} {task}")).collect();
        let before = match &self.at.last {
            Some(last) => format!(
                "the last finite loss was {:.4} at step {} (gradient norm {:.3})",
                last.loss, last.step, last.grad_norm
            ),
            None => "no earlier step had a finite loss".to_string(),
        };
        let what = if report.loss.is_finite() {
            format!("the gradient's norm is {}", norms.joint)
        } else {
            format!("the loss is {}", report.loss)
        };
        Error::new(format!(
            "step {}: {what} on a batch of {}; {before}",
            report.step,
            mix.join(", ")
        ))
    }
}
