//! What a script or somebody at the prompt changes about a run under way: knobs by hand, another
//! control file, another state.

use super::LuaTrainer;
use super::earlier::Earlier;
use crate::control::{ControlFile, Origin};
use crate::options::{Options, kind};
use crate::{Error, Result};
use compt_core::nn::{Named, named};
use compt_core::train::control::Setting;
use compt_core::train::knobs;
use compt_study::run::checkpoints::Saved;
use mlua::{Lua, Value};
use std::path::Path;

impl LuaTrainer {
    /// `t:set(name, value)`; nil gives the knob back to the control.
    pub(super) fn set(&mut self, name: &str, value: Value) -> Result<String> {
        let value = match value {
            Value::Nil => None,
            Value::Boolean(flag) => Some(knobs::Value::Flag(flag)),
            Value::Integer(i) => Some(knobs::Value::Number(i as f64)),
            Value::Number(x) => Some(knobs::Value::Number(x)),
            Value::String(word) => Some(knobs::Value::Word(word.to_string_lossy())),
            other => {
                let got = kind(&other);
                return Err(Error::new(format!("a {got} is no setting"))
                    .at(format!("trainer:set: {name}"))
                    .hint(
                        "a number, true, false or a name; nil gives the knob back to the control",
                    ));
            }
        };
        self.live.borrow_mut().set(name, value).map_err(|e| e.at("trainer:set"))
    }

    /// `t:control(path)`: another control file from the next step on.
    pub(super) fn use_control(&mut self, path: &str) -> Result<()> {
        // What it was then is recorded; the file may be another by now.
        if self.is_past() {
            return Ok(());
        }
        let stages = self.trainer.parts().stages.iter();
        let stages: Vec<Setting> = stages.map(|stage| stage.setting.clone()).collect();
        let control = ControlFile::load(Path::new(path), Origin::Disk, &stages)?;
        self.live.borrow_mut().use_file(control);
        Ok(())
    }

    /// Whether the next step was made before.
    fn is_past(&self) -> bool {
        let next = self.trainer.at().attempts + 1;
        let recorded =
            |earlier: &Earlier| earlier.first_version().is_some() && !earlier.steps.is_empty();
        match &self.earlier {
            Some(earlier) => recorded(earlier),
            None => !self.given.is_empty() || self.live.borrow().remembers(next),
        }
    }

    /// `t:save(path)`: a checkpoint in a file.
    pub(super) fn save(&mut self, lua: &Lua, path: &str) -> Result<()> {
        self.refuse_behind("saves its state")?;
        self.saved(Some(lua))?.write(Path::new(path))
    }

    /// `t:load(path, { best = false, only = nil })`: the state of a checkpoint's file, or of the
    /// newest in a run's folder.
    pub(super) fn load(&mut self, lua: &Lua, path: &str, options: Value) -> mlua::Result<String> {
        const CALL: &str = "trainer:load";
        let o = Options::new(CALL, options)?;
        let best: bool = o.get_or(lua, "best", false)?;
        let only: Option<String> = o.get(lua, "only")?;
        o.finish()?;
        if !self.given.is_empty() {
            return Ok(format!("{path}: taken over before"));
        }
        let saved = Saved::find(Path::new(path), best).map_err(|e| e.at(CALL))?;
        match only.as_deref() {
            None => {
                self.restore(saved).map_err(|e| e.at(path).at(CALL))?;
                Ok(format!("{path}: goes on after step {}", self.trainer.steps()))
            }
            Some("parameters") => Ok(self.take_fitting(&saved).map_err(|e| e.at(path).at(CALL))?),
            Some(other) => Err(Error::unknown("part", other, ["parameters"]).at(CALL).into()),
        }
    }

    /// Takes over the parameters that this trainer has by name and shape, and says which.
    fn take_fitting(&mut self, saved: &Saved) -> Result<String> {
        let mine: Named = (self.trainer.parts().groups.iter().flat_map(|group| &group.parameters))
            .map(|(name, tensor)| (name.clone(), tensor.shallow_clone()))
            .collect();
        let all = mine.len();
        let values: Named = (saved.tensors.iter())
            .filter_map(|(name, t)| {
                Some((name.strip_prefix("parameter.")?.to_string(), t.shallow_clone()))
            })
            .collect();
        let fits = |(name, t): &(String, _)| -> bool {
            let t: &tch::Tensor = t;
            values.iter().any(|(n, value)| n == name && value.size() == t.size())
        };
        let (fitting, other): (Named, Named) = mine.into_iter().partition(fits);
        if fitting.is_empty() {
            return Err(Error::new("none of its parameters has the name and shape of one here"));
        }
        named::assign(&fitting, &values)?;
        let left: Vec<&str> = other.iter().map(|(name, _)| name.as_str()).collect();
        let left =
            if left.is_empty() { String::new() } else { format!("; fresh: {}", left.join(", ")) };
        Ok(format!("{} of {all} parameters taken over{left}", fitting.len()))
    }
}
