//! The script's side of a run: its random numbers, its router, and the watch of the first steps.

use super::watching::Watching;
use crate::Result;
use crate::random;
use crate::session::Session;
use crate::torch::leaves::Watch;
use crate::types::LuaRouter;
use compt_core::train::Trainer;
use compt_core::train::report::StepReport;
use compt_run::Host;
use mlua::WeakLua;
use serde_json::Value;

pub struct LuaHost {
    pub lua: WeakLua,
    pub router: Option<LuaRouter>,
    pub watching: Watching,
    /// The current step, if it is watched.
    pub watch: Option<(usize, Watch)>,
}

impl Host for LuaHost {
    fn state(&self) -> Value {
        self.lua.try_upgrade().map_or(Value::Null, |lua| random::state(&lua))
    }

    fn restore(&self, state: &Value) {
        if let Some(lua) = self.lua.try_upgrade() {
            random::restore(&lua, state);
        }
    }

    fn moved(&self, trainer: &Trainer) {
        let temperature = trainer.last().and_then(|last| last.temperature);
        if let (Some(router), Some(temperature)) = (&self.router, temperature) {
            router.temperature.set(temperature);
        }
    }

    fn before_step(&mut self, trainer: &Trainer) -> Result<()> {
        self.watch = self.watching.begin(trainer)?;
        Ok(())
    }

    fn step_failed(&mut self) {
        self.watch = None;
    }

    fn after_step(&mut self, trainer: &Trainer, report: &StepReport) -> Result<()> {
        match self.watch.take() {
            Some(watch) => self.watching.look(trainer, report, watch),
            None => Ok(()),
        }
    }

    fn unrecorded(&self, what: String) {
        if let Some(lua) = self.lua.try_upgrade()
            && let Some(mut session) = lua.app_data_mut::<Session>()
        {
            session.unrecorded.push(what);
        }
    }
}
