//! Changes of a run in progress by a script or the prompt: knobs by hand, another control file, another
//! state.

use super::LuaTrainer;
use crate::control::ControlFile;
use crate::options::{Options, kind};
use crate::{Error, Result};
use compt_core::train::control::Setting;
use compt_core::train::knobs;
use compt_run::checkpoints::Saved;
use compt_run::steering::Origin;
use mlua::{Lua, Value};
use std::path::Path;

impl LuaTrainer {
    /// `t:set(name, value)`; nil releases the knob to the control.
    pub(super) fn set(&mut self, name: &str, value: Value) -> Result<String> {
        let value = match value {
            Value::Nil => None,
            Value::Boolean(flag) => Some(knobs::Value::Flag(flag)),
            Value::Integer(i) => Some(knobs::Value::Number(i as f64)),
            Value::Number(x) => Some(knobs::Value::Number(x)),
            Value::String(word) => Some(knobs::Value::Word(word.to_string_lossy())),
            other => {
                let got = kind(&other);
                return Err(Error::new(format!("a {got} is not a setting"))
                    .at(format!("trainer:set: {name}"))
                    .hint(
                        "a number, true, false or a name; nil restores the value of the control",
                    ));
            }
        };
        self.run.steering().set(name, value).map_err(|e| e.at("trainer:set"))
    }

    /// `t:control(path)`: another control file from the next step on.
    pub(super) fn use_control(&mut self, path: &str) -> Result<()> {
        // A recorded step uses the recorded version; the file may have changed since.
        if self.run.is_past() {
            return Ok(());
        }
        let stages = self.run.trainer().parts().stages.iter();
        let stages: Vec<Setting> = stages.map(|stage| stage.setting.clone()).collect();
        let control = ControlFile::load(Path::new(path), Origin::Disk, &stages).program?;
        self.run.steering().use_file(control);
        Ok(())
    }

    /// `t:save(path)`: a checkpoint in a file.
    pub(super) fn save(&mut self, path: &str) -> Result<()> {
        self.run.refuse_behind("saves its state")?;
        self.run.saved_apart()?.write(Path::new(path))
    }

    /// `t:load(path, { best = false, only = nil })`: the state of a checkpoint file, or of the
    /// newest checkpoint in a run's folder.
    pub(super) fn load(&mut self, lua: &Lua, path: &str, options: Value) -> mlua::Result<String> {
        const CALL: &str = "trainer:load";
        let o = Options::new(CALL, options)?;
        let best: bool = o.get_or(lua, "best", false)?;
        let only: Option<String> = o.get(lua, "only")?;
        o.finish()?;
        if self.run.steps() != self.run.trainer().steps() {
            return Ok(format!("{path}: loaded before"));
        }
        let saved = Saved::find(Path::new(path), best).map_err(|e| e.at(CALL))?;
        let place = |e: Error| e.at(path).at(CALL);
        match only.as_deref() {
            None => {
                self.run.check_shapes(&saved).map_err(place)?;
                self.run.restore_from(Path::new(path), saved).map_err(place)?;
                Ok(format!("{path}: resumes after step {}", self.run.trainer().steps()))
            }
            Some("parameters") => Ok(self.run.take_parameters(&saved).map_err(place)?),
            Some(other) => Err(Error::unknown("part", other, ["parameters"]).at(CALL).into()),
        }
    }
}
