//! The steps of a run, one by one and to the end.

use super::Run;
use super::history::RunHistory;
use super::memory;
use super::record::End;
use crate::{Error, Result};
use compt_base::driver::driver;
use compt_base::{notice, stop};
use compt_core::tensor::{device, dtype};
use compt_core::train::report::StepReport;
use compt_study::interrupt::{self, Hold};
use compt_study::progress::{Progress, Silent, progress};
use serde_json::Value;
use std::cell::Cell;
use std::sync::Once;
use tch::Device;

/// One step as the caller sees it.
pub enum Step {
    /// A line of `metrics.jsonl`: the step was made by an earlier process.
    Recorded(Value),
    Made(Box<StepReport>),
    /// A signal arrived before the step.
    Interrupted,
    /// The replay is complete.
    Replayed,
}

/// How [`Run::run`] ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// All requested steps are made.
    Complete,
    Interrupted,
    /// The replay is complete.
    Replayed,
}

thread_local! {
    static MADE: Cell<u64> = const { Cell::new(0) };
}

/// The number of steps that runs of this thread have made.
pub fn steps_made() -> u64 {
    MADE.get()
}

impl Run {
    /// Makes one step; in a resumed run, returns the recorded steps first. After the last one the run is
    /// recorded as finished.
    ///
    /// # Errors
    /// As [`Run::begin`]; the step fails (the prompts keep their last good values); the run is read-only.
    pub fn step(&mut self) -> Result<Step> {
        self.begin()?;
        let step = self.next_step()?;
        if self.replay.is_none() && self.steps() == self.trainer.total_steps() {
            let _hold = Hold::new();
            let end = self.refuse_last_update(&step).map(|()| End::Complete);
            self.finish(&end)?;
            end?;
        }
        Ok(step)
    }

    /// Refuses the update of the last step if it is not finite.
    fn refuse_last_update(&mut self, step: &Step) -> Result<()> {
        match step {
            Step::Made(_) => self.trainer.refuse_last_update(),
            _ => Ok(()),
        }
    }

    fn next_step(&mut self) -> Result<Step> {
        if let Some(line) = self.recorded.pop_front() {
            self.catch_up();
            return Ok(Step::Recorded(line));
        }
        if !self.is_evaluated()? {
            self.save_if_interrupted()?;
            return Ok(Step::Interrupted);
        }
        let report = match self.make_step(false) {
            Ok(report) => report.expect("it does not heed a stop"),
            Err(_) if stop::take_broken_off() => {
                say_broken_off(self.trainer.steps() + 1);
                self.save_if_interrupted()?;
                return Ok(Step::Interrupted);
            }
            Err(e) => return Err(e),
        };
        if self.is_replayed() {
            return Ok(Step::Replayed);
        }
        self.save_if_interrupted()?;
        Ok(Step::Made(Box::new(report)))
    }

    /// Makes the evaluation that a signal interrupted. Returns false if it is interrupted again.
    fn is_evaluated(&mut self) -> Result<bool> {
        let _hold = Hold::new();
        self.evaluate_if_due()?;
        Ok(!(self.trainer.at().evaluation_due && interrupt::requested()))
    }

    /// Makes one step and records it; `None` if the control stops the run.
    fn make_step(&mut self, heed_stop: bool) -> Result<Option<StepReport>> {
        self.refuse_read_only()?;
        let _hold = Hold::new();
        let wanted = self.trainer.at().knobs.flag("checkpoint");
        let report = loop {
            self.host.before_step(&self.trainer)?;
            match self.trainer.step(heed_stop) {
                // The changes of a step that is not made stay pending for the next one.
                Ok(None) => {
                    self.host.step_failed();
                    return Ok(None);
                }
                Ok(Some(report)) => break report,
                Err(e) => {
                    self.host.step_failed();
                    if stop::is_broken_off() {
                        return Err(e);
                    }
                    let e = memory::explained(e, &self.trainer, self.specification());
                    let (step, attempt) =
                        (self.trainer.steps() + 1, self.trainer.at().attempts + 1);
                    self.steering().go_back_on(e, step, attempt)?;
                }
            }
        };
        MADE.set(MADE.get() + 1);
        let events = self.steering().take_events();
        self.host.moved(&self.trainer);
        self.record.step(&self.trainer, &report, &events);
        if let Some(replay) = &mut self.replay {
            replay.compare(&report)?;
        }
        report_unusual(&report);
        self.host.after_step(&self.trainer, &report)?;
        self.evaluate_if_due()?;
        let asked = self.trainer.at().knobs.flag("checkpoint") && !wanted;
        if asked || self.record.is_due(report.step) {
            self.checkpoint(None)?;
        }
        Ok(Some(report))
    }

    fn refuse_read_only(&self) -> Result<()> {
        if !self.read_only {
            return Ok(());
        }
        if self.is_opened {
            let what =
                format!("the run '{}' was loaded to look at it: it makes no steps", self.name);
            return Err(Error::new(what).hint(
                "`compt resume RUN` makes the remaining ones; t:load(RUN) of a trainer of the same settings \
                 goes on from it",
            ));
        }
        Err(Error::new(format!(
            "the run '{}', which the script makes before the run to evaluate, ended after step {} \
             of {}",
            self.name,
            self.trainer.steps(),
            self.trainer.total_steps()
        ))
        .hint("nothing is trained here: `compt resume` finishes it"))
    }

    fn is_replayed(&self) -> bool {
        self.replay.as_ref().is_some_and(|replay| replay.is_over(self.trainer.steps()))
    }

    fn save_if_interrupted(&mut self) -> Result<()> {
        if interrupt::requested() && self.is_unsaved() {
            self.checkpoint(None)?;
        }
        Ok(())
    }

    /// Makes all steps, or at most `steps`. After an error or a signal the prompts have their last good
    /// values, and are saved.
    ///
    /// # Errors
    /// As [`Run::step`].
    pub fn run(&mut self, steps: Option<u64>) -> Result<Ended> {
        if steps.is_none() && self.is_untouched() {
            self.annotate("made_by", "run".into());
        }
        self.begin()?;
        let total = self.trainer.total_steps();
        let until = steps.map_or(total, |steps| total.min(self.steps().saturating_add(steps)));
        self.note_steps_left(steps, total);
        // In a resumed run, the recorded steps come first.
        while self.steps() < until && self.recorded.pop_front().is_some() {}
        self.catch_up();
        if self.trainer.steps() == total && self.steps() == total {
            notice::say(&format!("note: {}: all {total} steps are already done", self.name));
        }
        // A second Ctrl-C also waits for the record.
        let _hold = Hold::new();
        let before = self.trainer.steps();
        let mut end = self.steps_until(until);
        if matches!(end, Ok(End::Complete)) && before < total && self.trainer.steps() == total {
            end = self.trainer.refuse_last_update().map(|()| End::Complete);
        }
        let complete = self.steps() == total;
        if self.replay.is_none() && (complete || !matches!(end, Ok(End::Complete))) {
            self.finish(&end)?;
        }
        if end.is_err() && self.trainer.steps() > 0 {
            self.say_how_to_continue("ended by an error");
        }
        match end? {
            End::Interrupted => {
                self.say_how_to_continue("stopped");
                return Ok(Ended::Interrupted);
            }
            End::Stopped => {
                let made = self.trainer.steps();
                notice::say(&format!("{}: stopped by its control after step {made}", self.name));
            }
            End::Complete | End::Failed(_) => {}
        }
        if self.is_replayed() {
            return Ok(Ended::Replayed);
        }
        self.save_if_interrupted()?;
        Ok(Ended::Complete)
    }

    /// Saves a run that another process will go on with: a checkpoint, and the prompts and the result so far.
    ///
    /// # Errors
    /// Tensors cannot be copied.
    pub fn pause(&mut self) -> Result<()> {
        let _hold = Hold::new();
        self.finish(&Ok(End::Interrupted))
    }

    fn note_steps_left(&self, asked: Option<u64>, total: u64) {
        let left = total - self.steps();
        if let Some(asked) = asked.filter(|asked| *asked > left && left > 0) {
            let name = &self.name;
            notice::say(&format!("note: {name}: {left} of {total} steps are left, not {asked}"));
        }
    }

    fn say_how_to_continue(&self, ended: &str) {
        if let Some(folder) = self.record.path().filter(|_| self.progress) {
            let made = self.trainer.steps();
            let folder = folder.display();
            notice::say(&format!(
                "{}: {ended} after step {made}; `compt resume {folder}` continues",
                self.name
            ));
        }
    }

    /// Says where the run computes, and once why a GPU is not used.
    fn say_where(&self) {
        static UNUSED: Once = Once::new();
        let backbone = self.trainer.parts().backbone.borrow();
        let (device, dtype) = (backbone.model.device(), dtype::name(backbone.model.kind()));
        let what = match device {
            Device::Cuda(index) => driver()
                .and_then(|driver| driver.gpus.get(index))
                .map_or(String::new(), |gpu| format!(" ({})", gpu.name)),
            _ => match tch::get_num_threads() {
                1 => " (1 thread)".to_string(),
                threads => format!(" ({threads} threads)"),
            },
        };
        let to = self.record.path().map_or(String::new(), |to| format!("  -> {}", to.display()));
        notice::say(&format!("{}  {}{what}, {dtype}{to}", self.name, device::name(device)));
        if device == Device::Cpu
            && let Some(unused) = device::unused_gpu()
        {
            UNUSED.call_once(|| notice::say(&format!("note: {unused}")));
        }
    }

    fn steps_until(&mut self, until: u64) -> Result<End<'static>> {
        let shown = self.progress && self.trainer.steps() < until;
        if shown {
            self.say_where();
        }
        let mut shown: Box<dyn Progress> = match shown {
            true => progress(&self.name, self.trainer.steps(), self.trainer.total_steps()),
            false => Box::new(Silent),
        };
        if shown.shows_past() && self.trainer.steps() > 0 {
            self.tell_past(&mut *shown)?;
        }
        let mut stage = String::new();
        let mut evaluated = self.trainer.at().history.evaluations.len();
        let end = loop {
            if self.trainer.steps() >= until || self.is_replayed() {
                break Ok(End::Complete);
            }
            if interrupt::requested() {
                break Ok(End::Interrupted);
            }
            match self.is_evaluated() {
                Ok(true) => {}
                Ok(false) => continue,
                Err(e) => break Err(e),
            }
            match self.make_step(true) {
                Ok(Some(report)) => {
                    if report.stage != stage {
                        stage = report.stage.clone();
                        shown.stage(&format!("{} [{stage}]", self.name));
                    }
                    let evaluations = &self.trainer.at().history.evaluations;
                    for found in evaluations.iter().skip(evaluated) {
                        shown.validation(found.step, found.average);
                    }
                    evaluated = evaluations.len();
                    shown.rates(&report.lr);
                    shown.step(report.step, report.loss);
                }
                Ok(None) => break Ok(End::Stopped),
                Err(_) if stop::take_broken_off() => {
                    say_broken_off(self.trainer.steps() + 1);
                    break Ok(End::Interrupted);
                }
                Err(e) => break Err(e),
            }
        };
        shown.finish();
        end
    }

    /// Reports the steps so far.
    fn tell_past(&self, shown: &mut dyn Progress) -> Result<()> {
        let RunHistory { columns, evaluations } = self.history()?;
        let losses = columns.numbers.get("loss").map_or(&[][..], Vec::as_slice);
        let groups = columns.named.get("lr");
        for (i, (step, loss)) in columns.steps.iter().zip(losses).enumerate() {
            let rates =
                groups.into_iter().flatten().map(|(group, rates)| (group.clone(), rates[i]));
            shown.rates(&rates.collect());
            shown.past(*step as u64, *loss);
        }
        evaluations.iter().for_each(|found| shown.validation(found.step, found.average));
        Ok(())
    }

    /// Makes the last evaluation, checkpoint and result.
    fn finish(&mut self, end: &Result<End>) -> Result<()> {
        if matches!(end, Ok(End::Complete)) {
            self.evaluate_if_due()?;
        }
        if self.is_unsaved() {
            self.checkpoint(None)?;
        }
        let end = match end {
            Ok(End::Complete) => End::Complete,
            Ok(End::Stopped) => End::Stopped,
            Ok(_) => End::Interrupted,
            // The error that stopped the run is returned, whether or not the rest can be saved.
            Err(error) => End::Failed(error),
        };
        if let Some(unrecorded) = self.record.finish(&self.trainer, end) {
            self.host.unrecorded(unrecorded);
        }
        Ok(())
    }
}

fn say_broken_off(step: u64) {
    notice::say(&format!(
        "step {step}: broken off: a function of the script delayed its end for {} s after the signal",
        stop::PATIENCE_MS / 1000
    ));
}

/// Reports skipped batches and rolled-back steps.
fn report_unusual(report: &StepReport) {
    if report.skipped {
        notice::say(&format!(
            "step {}: the batch is skipped: its loss is {}, its gradient's norm {}",
            report.step, report.loss, report.grad_norm
        ));
    }
    for from in &report.rolled_back {
        notice::say(&format!(
            "step {from}: not finite; the run went back to step {} and continues with other batches",
            report.step - 1
        ));
    }
}
