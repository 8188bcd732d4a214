//! Steps one by one and to the end; checkpoints; runs that were begun before.

use super::LuaTrainer;
use super::earlier::{Earlier, Replay};
use super::record::End;
use crate::options::Options;
use crate::random;
use crate::session::{Mode, Session};
use crate::{Error, Result};
use compt_core::notice;
use compt_core::train::report::StepReport;
use compt_core::train::state::{self, State};
use compt_study::interrupt::{self, Hold, Interrupted};
use compt_study::run::checkpoints::{Checkpoints, Saved};
use compt_study::run::progress::{Counter, Progress, Silent, progress};
use mlua::{Lua, LuaSerdeExt, Table, Value};
use serde_json::json;
use std::cell::Cell;

/// On a GPU sums are taken in no fixed order: losses of a replay count as the same within this
/// share.
const CUDA_TOLERANCE: f64 = 1e-3;

impl LuaTrainer {
    /// Before the first step: the folder is made, or the earlier run taken up.
    fn prepare(&mut self, lua: &Lua) -> Result<()> {
        if lua.app_data_ref::<Session>().is_some_and(|session| session.only_looks()) {
            return Err(Error::new(
                "the script trains outside of a grid, and only grids were to be looked at; nothing \
                 was trained",
            )
            .hint("what compt.ablate is given to run can be listed and planned"));
        }
        match self.earlier.take() {
            Some(earlier) => self.take_up(lua, earlier),
            None if evaluates(lua) && self.trainer.steps() == 0 => Err(Error::new(format!(
                "the run '{}', which the script makes before, is not beside the one to evaluate",
                self.name
            ))
            .hint("nothing is trained: run the script, or bring the folders of its runs together")),
            None => self.record.begin(),
        }
    }

    fn take_up(&mut self, lua: &Lua, mut earlier: Earlier) -> Result<()> {
        let path = earlier.path.clone();
        let here = std::env::current_dir().unwrap_or_default();
        let shown = path.strip_prefix(&here).unwrap_or(&path).display();
        let differences = earlier.differences(self.record.config())?;
        let resumes = earlier.mode == Mode::Resume;
        if !differences.is_empty() {
            let what = format!("what the run is made of has changed: {}", differences.join("; "));
            if !earlier.is_target {
                return Err(Error::new(what).at(shown).hint(
                    "bring back what it was made of (config.json has it), or start a new run",
                ));
            }
            notice::say(&format!("note: {shown}: {what}"));
        }
        if let (true, Mode::Replay { to, .. }) = (earlier.is_target, earlier.mode) {
            let device = self.trainer.parts().backbone.borrow().model.device();
            let tolerance = if device.is_cuda() { CUDA_TOLERANCE } else { 0.0 };
            self.live.borrow_mut().follow(earlier.past(), 0, None)?;
            self.replay = Some(Replay::new(earlier.steps, to, tolerance));
            self.record.nowhere();
            return Ok(());
        }
        let (saved, broken) = Checkpoints::of(&path, 1).newest()?;
        broken.iter().for_each(|e| notice::say(&format!("warning: {e}; an older one is used")));
        let mut last = None;
        if let Some(saved) = saved {
            last = serde_json::from_value(saved.plain["control"].clone()).ok();
            self.random = Some(saved.plain["lua_random"].clone());
            self.restore(saved).map_err(|e| e.at(path.display()))?;
        }
        if earlier.is_target && self.trainer.steps() == 0 {
            return Err(Error::new("the run has no checkpoint to evaluate").at(shown));
        }
        let (step, attempts) = (self.trainer.steps(), self.trainer.at().attempts);
        earlier.forget_what_failed(attempts, step);
        let past = earlier.past();
        let last_event = past.events.back().map_or(0, |event| event.attempt);
        self.live.borrow_mut().follow(past, attempts, last)?;
        self.given = earlier.steps.into_iter().take(step as usize).collect();
        self.catch_up(lua);
        if !resumes {
            self.record.nowhere();
            self.only_evaluated = earlier.is_target;
            return Ok(());
        }
        self.record.go_on(&path, &self.trainer, last_event)?;
        if step < self.trainer.total_steps() {
            notice::say(&format!("{shown}: goes on after step {step}"));
        }
        Ok(())
    }

    /// Once the script has seen all steps that were made, `math.random` goes on as it did after them.
    fn catch_up(&mut self, lua: &Lua) {
        if self.given.is_empty()
            && let Some(state) = self.random.take()
        {
            random::restore(lua, &state);
        }
    }

    /// Takes the state of a checkpoint.
    pub(super) fn restore(&mut self, saved: Saved) -> Result<()> {
        let plain: Vec<state::Progress> =
            serde_json::from_value(saved.plain["progress"].clone())
                .map_err(|e| Error::new(format!("the checkpoint's state cannot be read: {e}")))?;
        let state = State::from_parts(saved.tensors, plain)
            .ok_or_else(|| Error::new("the checkpoint holds no state"))?;
        self.trainer.restore(state)?;
        self.show_temperature();
        Ok(())
    }

    fn show_temperature(&self) {
        let temperature = self.trainer.last().and_then(|last| last.temperature);
        if let (Some(router), Some(temperature)) = (&self.router, temperature) {
            router.temperature.set(temperature);
        }
    }

    /// Everything that decides how the run goes on.
    pub(super) fn saved(&self, lua: Option<&Lua>) -> Result<Saved> {
        let (tensors, progress) = self.trainer.state()?.into_parts();
        let plain = json!({
            "progress": progress,
            "control": self.live.borrow().last(),
            "lua_random": lua.map(random::state),
            "config": self.record.config(),
        });
        Ok(Saved { tensors, plain })
    }

    /// A checkpoint of the step, or, with a score, that of the best.
    fn checkpoint(&mut self, lua: Option<&Lua>, best: Option<f64>) -> Result<()> {
        let saved = self.saved(lua)?;
        self.record.checkpoint(self.trainer.steps(), &saved, best);
        Ok(())
    }

    /// One step as a script sees it: of a run that is gone on with, first those that were made.
    pub(super) fn step(&mut self, lua: &Lua) -> mlua::Result<Value> {
        self.prepare(lua)?;
        self.evaluate_if_asked(lua)?;
        if let Some(made) = self.given.pop_front() {
            self.catch_up(lua);
            return recorded(lua, &made);
        }
        if !self.is_evaluated(lua)? {
            self.leave_if_over(lua)?;
            return Err(mlua::Error::external(Interrupted));
        }
        let report = self.make_step(lua, false)?.expect("it does not heed a stop");
        if self.replay.is_some() || interrupt::requested() {
            self.leave_if_over(lua)?;
        }
        lua.to_value(&report)
    }

    /// Makes the evaluation that an interrupted session left. False: it was interrupted again.
    fn is_evaluated(&mut self, lua: &Lua) -> Result<bool> {
        let _hold = Hold::new();
        self.evaluate_if_due(lua)?;
        Ok(!(self.trainer.at().evaluation_due && interrupt::requested()))
    }

    /// One step, recorded; None if the control says to stop.
    fn make_step(&mut self, lua: &Lua, heed_stop: bool) -> Result<Option<StepReport>> {
        if evaluates(lua) {
            return Err(Error::new(format!(
                "the run '{}', which the script makes before the one to evaluate, ended after step {} of {}",
                self.name,
                self.trainer.steps(),
                self.trainer.total_steps()
            ))
            .hint("nothing is trained here: `compt resume` finishes it"));
        }
        let _hold = Hold::new();
        let wanted = self.trainer.at().knobs.flag("checkpoint");
        let (report, watch) = loop {
            let watch = self.watching.begin(&self.trainer)?;
            let tried = self.trainer.step(heed_stop);
            match tried {
                // What steers a step that is not made waits for the next one.
                Ok(None) => return Ok(None),
                Ok(Some(report)) => break (report, watch),
                Err(e) => {
                    let (step, attempt) =
                        (self.trainer.steps() + 1, self.trainer.at().attempts + 1);
                    self.live.borrow_mut().go_back_on(e, step, attempt)?;
                }
            }
        };
        MADE.set(MADE.get() + 1);
        let events = self.live.borrow_mut().take_events();
        self.show_temperature();
        self.record.step(&self.trainer, &report, &events);
        if let Some(replay) = &mut self.replay {
            replay.compare(&report)?;
        }
        self.tell_of(&report);
        if let Some(watch) = watch {
            self.watching.look(&self.trainer, &report, watch)?;
        }
        self.evaluate_if_due(lua)?;
        let asked = self.trainer.at().knobs.flag("checkpoint") && !wanted;
        if asked || self.record.is_due(report.step) {
            self.checkpoint(Some(lua), None)?;
        }
        Ok(Some(report))
    }

    /// What is out of the ordinary about a step.
    fn tell_of(&self, report: &StepReport) {
        if report.skipped {
            notice::say(&format!(
                "step {}: the batch is left out: its loss is {}, its gradient's norm {}",
                report.step, report.loss, report.grad_norm
            ));
        }
        for from in &report.rolled_back {
            notice::say(&format!(
                "step {from}: not finite; the run went back to step {} and on with other batches",
                report.step - 1
            ));
        }
    }

    /// The evaluation that is due after a step. Ctrl-C leaves it for when the run goes on.
    fn evaluate_if_due(&mut self, lua: &Lua) -> Result<()> {
        if !self.trainer.at().evaluation_due {
            return Ok(());
        }
        let mut counter = None;
        let shown = self.progress;
        let found = self.trainer.due_evaluation(&mut |done, total| {
            let counter = counter.get_or_insert_with(|| Counter::new("evaluate", total as u64));
            if shown {
                counter.at(done as u64);
            }
            if interrupt::requested() { Err(Error::new(INTERRUPTED)) } else { Ok(()) }
        });
        drop(counter);
        let found = match found {
            Ok(Some(found)) => found,
            Ok(None) => return Ok(()),
            Err(_) if interrupt::requested() => return Ok(()),
            // Scores are not worth a run: a control may ask for them where there are no rows.
            Err(e) => {
                self.trainer.skip_evaluation();
                notice::say(&format!("step {}: not evaluated: {e}", self.trainer.steps()));
                return Ok(());
            }
        };
        if shown {
            notice::say(&format!(
                "{}: validation {:.1} after step {}",
                self.name, found.average, found.step
            ));
        }
        if let Some(best) = self.record.evaluated(&found) {
            self.checkpoint(Some(lua), Some(best))?;
        }
        Ok(())
    }

    /// Saves and stops the script where a signal came or a replay is at its end.
    fn leave_if_over(&mut self, lua: &Lua) -> mlua::Result<()> {
        if let Some(replay) = self.replay.take_if(|replay| replay.is_over(self.trainer.steps())) {
            let session = lua.app_data_ref::<Session>();
            if let Some(again) = session.and_then(|session| session.again.clone()) {
                *again.replayed.borrow_mut() = Some(replay.outcome());
            }
            interrupt::request();
            return Err(mlua::Error::external(Interrupted));
        }
        if interrupt::requested() && self.is_unsaved() {
            self.checkpoint(Some(lua), None)?;
        }
        Ok(())
    }

    /// Steps to the end, or so many. An error or Ctrl-C leaves good prompts, saved.
    pub(super) fn run(&mut self, lua: &Lua, options: Value) -> mlua::Result<Value> {
        let asked = steps_asked(lua, options)?;
        self.prepare(lua)?;
        self.evaluate_if_asked(lua)?;
        let total = self.trainer.total_steps();
        let until = asked.map_or(total, |steps| total.min(self.steps().saturating_add(steps)));
        let left = total - self.steps();
        if let Some(asked) = asked.filter(|asked| *asked > left && left > 0) {
            let name = &self.name;
            notice::say(&format!("note: {name}: {left} of {total} steps are left, not {asked}"));
        }
        // Of a run that is gone on with, first those that were made.
        while self.steps() < until && self.given.pop_front().is_some() {}
        self.catch_up(lua);
        if self.trainer.steps() == total && self.steps() == total {
            notice::say(&format!("note: {}: all {total} steps are made already", self.name));
        }
        let shown = self.progress && self.trainer.steps() < until;
        let mut shown: Box<dyn Progress> = if shown {
            progress(&self.name, self.trainer.steps(), total)
        } else {
            Box::new(Silent)
        };
        // A second Ctrl-C waits for the record, too.
        let _hold = Hold::new();
        let mut end = Ok(End::Complete);
        let mut stage = String::new();
        while self.trainer.steps() < until {
            if self.replay.as_ref().is_some_and(|replay| replay.is_over(self.trainer.steps())) {
                break;
            }
            if interrupt::requested() {
                end = Ok(End::Interrupted);
                break;
            }
            match self.is_evaluated(lua) {
                Ok(true) => {}
                Ok(false) => continue,
                Err(e) => {
                    end = Err(e);
                    break;
                }
            }
            match self.make_step(lua, true) {
                Ok(Some(report)) => {
                    if report.stage != stage {
                        stage = report.stage.clone();
                        shown.stage(&format!("{} [{stage}]", self.name));
                    }
                    shown.step(report.step, report.loss);
                }
                Ok(None) => {
                    end = Ok(End::Stopped);
                    break;
                }
                Err(e) => {
                    end = Err(e);
                    break;
                }
            }
        }
        shown.finish();
        drop(shown);
        let complete = self.steps() == total;
        if self.replay.is_none() && (complete || !matches!(end, Ok(End::Complete))) {
            self.finish(lua, &end)?;
        }
        match end {
            Err(error) => return Err(error.into()),
            Ok(End::Interrupted) => return Err(mlua::Error::external(Interrupted)),
            Ok(End::Stopped) => {
                let made = self.trainer.steps();
                notice::say(&format!("{}: stopped by its control after step {made}", self.name));
            }
            Ok(_) => {}
        }
        self.leave_if_over(lua)?;
        let report = lua.create_table()?;
        report.set("steps", self.steps())?;
        report.set("seconds", self.trainer.at().seconds)?;
        report.set("out", self.record.path().map(|path| path.display().to_string()))?;
        Ok(Value::Table(report))
    }

    /// Whether there are steps since the last checkpoint, and their state to write.
    fn is_unsaved(&self) -> bool {
        self.trainer.is_whole() && self.record.is_unsaved(self.trainer.steps())
    }

    /// The last evaluation, checkpoint and result.
    fn finish(&mut self, lua: &Lua, end: &Result<End>) -> Result<()> {
        let whole = matches!(end, Ok(End::Complete));
        if whole {
            self.evaluate_if_due(lua)?;
        }
        if self.is_unsaved() {
            self.checkpoint(Some(lua), None)?;
        }
        let end = match end {
            Ok(End::Complete) => End::Complete,
            Ok(End::Stopped) => End::Stopped,
            Ok(_) => End::Interrupted,
            // What stopped the run is the news, whether or not the rest can be saved.
            Err(error) => End::Failed(error),
        };
        self.record.finish(lua, &self.trainer, end);
        Ok(())
    }
}

thread_local! {
    static MADE: Cell<u64> = const { Cell::new(0) };
}

/// How many steps trainers of this thread have made.
pub fn steps_made() -> u64 {
    MADE.get()
}

/// `steps` of `trainer:run`.
fn steps_asked(lua: &Lua, options: Value) -> mlua::Result<Option<u64>> {
    let o = Options::new("trainer:run", options)?;
    let steps: Option<i64> = o.get(lua, "steps")?;
    if let Some(steps) = steps.filter(|steps| *steps < 1) {
        return Err(o.error(format!("'steps' must be at least 1, not {steps}")));
    }
    o.finish()?;
    Ok(steps.map(|steps| steps as u64))
}

/// Whether the session is there to evaluate a run.
fn evaluates(lua: &Lua) -> bool {
    let session = lua.app_data_ref::<Session>();
    session.is_some_and(|session| session.again.as_ref().is_some_and(|a| a.evaluation.is_some()))
}

const INTERRUPTED: &str = "interrupted";

/// A step of `metrics.jsonl` as `step` gave it: JSON has no NaN.
fn recorded(lua: &Lua, line: &serde_json::Value) -> mlua::Result<Value> {
    let report: Table = lua.unpack(lua.to_value(line)?)?;
    for key in ["loss", "grad_norm"] {
        if line[key].is_null() {
            report.set(key, f64::NAN)?;
        }
    }
    Ok(Value::Table(report))
}

impl Drop for LuaTrainer {
    /// A script that ends between two steps leaves the last one on the disk.
    fn drop(&mut self) {
        if self.is_unsaved() {
            let _ = self.checkpoint(None, None);
        }
    }
}
