//! `trainer:step()` and `trainer:run { steps }`.

use super::LuaTrainer;
use crate::Error;
use crate::hook;
use crate::options::Options;
use crate::paths;
use crate::session::{Session, Trial, again, refuse_trials, trial};
use compt_run::{Ended, Step};
use compt_study::interrupt::Interrupted;
use mlua::{Lua, LuaSerdeExt, Table, Value};

impl LuaTrainer {
    /// Before steps: opens the run, and evaluates it if the session is for that.
    fn ready(&mut self, lua: &Lua) -> mlua::Result<()> {
        let session =
            |of: fn(&Session) -> bool| lua.app_data_ref::<Session>().is_some_and(|s| of(&s));
        if session(Session::only_looks) {
            return Err(Error::new(
                "the script trains outside of a grid, which this command cannot list or plan; \
                 nothing was trained",
            )
            .hint(
                "only the 'run' function of compt.ablate or compt.search can be listed and planned",
            )
            .into());
        }
        if session(Session::evaluates) && !self.run.has_earlier() {
            return Err(Error::new(format!(
                "the run '{}', which the script makes before the run to evaluate, is not in the \
                 same folder",
                self.run.name()
            ))
            .hint("nothing is trained: run the script, or put the folders of its runs into one folder")
            .into());
        }
        self.run.begin()?;
        if self.run.replayed().is_some()
            && let Some(again) = again(lua)
        {
            again.begun.set(true);
        }
        self.evaluate_if_asked(lua)
    }

    pub(super) fn step(&mut self, lua: &Lua) -> mlua::Result<Value> {
        refuse_in_parts(lua, "trainer:step")?;
        self.ready(lua)?;
        match self.run.step()? {
            Step::Recorded(line) => recorded(lua, &line),
            Step::Made(report) => lua.to_value(&report),
            Step::Interrupted => Err(mlua::Error::external(Interrupted)),
            Step::Replayed => Err(self.end_replay(lua)),
        }
    }

    /// Makes all steps, or the given number: { steps, seconds, out }.
    pub(super) fn run(&mut self, lua: &Lua, options: Value) -> mlua::Result<Value> {
        let asked = steps_asked(lua, options)?;
        self.refuse_more(lua, asked)?;
        let pause = self.end_of_part(lua, asked)?;
        let steps = pause.map(|pause| pause.saturating_sub(self.run.steps())).or(asked);
        if steps.is_none() && self.run.is_untouched() {
            self.run.annotate("made_by", "run".into());
            self.run.annotate("ends_script", ends_script(lua).into());
        }
        self.ready(lua)?;
        match self.run.run(steps)? {
            Ended::Complete => {}
            Ended::Interrupted => return Err(mlua::Error::external(Interrupted)),
            Ended::Replayed => return Err(self.end_replay(lua)),
        }
        // A control may have stopped it before.
        let total = self.run.trainer().total_steps();
        if pause.is_some_and(|pause| pause < total && pause == self.run.steps()) {
            self.run.pause()?;
        }
        let report = lua.create_table()?;
        report.set("steps", self.run.steps())?;
        report.set("seconds", self.run.trainer().at().seconds)?;
        let out = self.run.path().map(|path| paths::to_lua(lua, path));
        report.set("out", out.transpose()?)?;
        Ok(Value::Table(report))
    }

    /// Refuses more steps than the run has; a run that is repeated makes them as it did before.
    fn refuse_more(&self, lua: &Lua, steps: Option<u64>) -> mlua::Result<()> {
        let total = self.run.trainer().total_steps();
        match steps.filter(|steps| *steps > total && again(lua).is_none()) {
            Some(steps) => Err(Error::new(format!(
                "trainer:run: 'steps' = {steps}, and the whole run has {total} steps"
            ))
            .hint("compt.trainer { steps = N } or { epochs = N } sets the steps of the whole run")
            .into()),
            None => Ok(()),
        }
    }

    /// The step at which a part of a search's trial ends, unless it is the last one.
    fn end_of_part(&self, lua: &Lua, asked: Option<u64>) -> mlua::Result<Option<u64>> {
        let Some(Trial { share, in_parts: true }) = trial(lua) else { return Ok(None) };
        if asked.is_some() {
            refuse_in_parts(lua, "trainer:run { steps = N }")?;
        }
        let refuse =
            |what: String| Err(refuse_trials(lua, Error::new(what).at("trainer:run").hint(WHOLE)));
        if lua.app_data_ref::<Session>().is_some_and(|session| session.trainers > 1) {
            let what = "a trial that is made in parts trains one trainer, and this is another one";
            return refuse(what.into());
        }
        // A task that a part does not come to would decide by chance.
        let stages = &self.run.trainer().parts().stages;
        if let [first, second, ..] = &stages[..] {
            return refuse(format!(
                "the method trains in {} stages, one after another ('{}', '{}' ...): a part of the steps says \
                 nothing about the later ones",
                stages.len(),
                first.name,
                second.name
            ));
        }
        let total = self.run.trainer().total_steps();
        let end = (share * total as f64).round().clamp(1.0, total as f64) as u64;
        Ok((share < 1.0).then_some(end))
    }

    /// Passes the result of a replay to the session, and ends the script.
    fn end_replay(&self, lua: &Lua) -> mlua::Error {
        if let Some(again) = again(lua) {
            *again.replayed.borrow_mut() = self.run.replayed();
        }
        hook::stop(lua)
    }
}

const WHOLE: &str = "scheduler = \"random\" makes each trial in one part";

/// Refuses steps by hand in a trial that is made in parts.
fn refuse_in_parts(lua: &Lua, call: &str) -> mlua::Result<()> {
    if !trial(lua).is_some_and(|trial| trial.in_parts) {
        return Ok(());
    }
    let what = "the search decides how many steps this part of the trial makes: t:run() makes them";
    Err(refuse_trials(lua, Error::new(what).at(call).hint(WHOLE)))
}

/// Whether the call is the last code of the script's main chunk and there is no earlier trainer.
fn ends_script(lua: &Lua) -> bool {
    let Some(session) = lua.app_data_ref::<Session>() else { return false };
    let Some(script) = session.script.as_ref().filter(|_| session.trainers == 1) else {
        return false;
    };
    let name = format!("@{}", script.path.display());
    let line = (0..16).find_map(|level| {
        lua.inspect_stack(level, |debug| {
            let is_main = debug.source().what == "main";
            let is_script = debug.source().source.is_some_and(|source| source == name);
            debug.current_line().filter(|_| is_main && is_script)
        })
        .flatten()
    });
    let is_code = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with("--");
    line.is_some_and(|line| !script.source.lines().skip(line).any(is_code))
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

/// A line of `metrics.jsonl` as `step` returned it: JSON has no NaN.
fn recorded(lua: &Lua, line: &serde_json::Value) -> mlua::Result<Value> {
    let report: Table = lua.unpack(lua.to_value(line)?)?;
    for key in ["loss", "grad_norm"] {
        if line[key].is_null() {
            report.set(key, f64::NAN)?;
        }
    }
    Ok(Value::Table(report))
}
