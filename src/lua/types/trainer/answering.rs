//! `trainer:predict { ... }` and `trainer:generate { ... }`

use super::LuaTrainer;
use crate::Error;
use crate::options::Options;
use crate::types::answering::{batch, decoding, part, predictions, question, texts};
use crate::types::index;
use compt_base::data::Form;
use compt_core::train::NewRows;
use compt_study::interrupt::Interrupted;
use mlua::{Lua, Table, Value};

impl LuaTrainer {
    /// `call` is the method's name for the user.
    pub fn predict(&self, lua: &Lua, call: &str, options: Value) -> mlua::Result<Table> {
        let o = Options::new(call, options)?;
        let (task, form) = self.asked(lua, &o)?;
        let asked = question(lua, &o, &form)?;
        let (part, batch) = (part(lua, &o)?, batch(lua, &o)?);
        o.finish()?;
        let rows = NewRows { task, sources: &asked.sources, batch };
        let found = self.run.predict(&rows, &part).map_err(|e| e.at(call))?;
        let found = found.ok_or_else(|| mlua::Error::external(Interrupted))?;
        predictions(lua, asked, &found)
    }

    /// `call` is the method's name for the user.
    pub fn generate(&self, lua: &Lua, call: &str, options: Value) -> mlua::Result<Table> {
        let o = Options::new(call, options)?;
        let (task, form) = self.asked(lua, &o)?;
        let asked = question(lua, &o, &form)?;
        let (part, batch) = (part(lua, &o)?, batch(lua, &o)?);
        let decoding = decoding(lua, &o, &form)?;
        o.finish()?;
        let rows = NewRows { task, sources: &asked.sources, batch };
        let found = self.run.generate(&rows, &part, decoding).map_err(|e| e.at(call))?;
        let found = found.ok_or_else(|| mlua::Error::external(Interrupted))?;
        texts(lua, asked, &found)
    }

    /// The task of the option `task`, or the only one, and its form.
    fn asked(&self, lua: &Lua, o: &Options) -> mlua::Result<(usize, Form)> {
        let Some(set) = &self.run.trainer().parts().tasks else {
            let what = Error::new("this trainer reads a stream: it has no tasks");
            return Err(o.error_of(what.hint("trainer.backbone:generate takes embeddings")));
        };
        let names: Vec<String> = set.names().into_iter().map(String::from).collect();
        let task = match (o.get::<Value>(lua, "task")?, names.len()) {
            (Some(task), _) => index(&task, "task", &names).map_err(|e| o.error_of(e))?,
            (None, 1) => 0,
            (None, _) => {
                let hint = format!("set 'task' to one of: {}", names.join(", "));
                return Err(o.error_of(Error::new("the run has several tasks").hint(hint)));
            }
        };
        match &set.tasks[task].form {
            Some(form) => Ok((task, form.clone())),
            None => {
                Err(o.error(format!("task '{}' has no conversion of rows to text", names[task])))
            }
        }
    }
}
