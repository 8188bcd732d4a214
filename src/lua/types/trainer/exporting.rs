//! `trainer:export_peft(folder, options)`: exports the changes of the backbone for a task as LoRA.

use super::LuaTrainer;
use crate::options::Options;
use crate::types::index;
use crate::{Error, Result};
use compt_core::backbone::Change;
use compt_run::exchange::peft::LowRank;
use mlua::{Lua, Value};
use std::collections::BTreeMap;
use std::path::Path;

const CALL: &str = "trainer:export_peft";

impl LuaTrainer {
    pub(super) fn export_peft(&self, lua: &Lua, folder: &str, options: Value) -> mlua::Result<()> {
        let o = Options::new(CALL, options)?;
        let task: Value = o.get_or(lua, "task", Value::Integer(1))?;
        let overwrite: bool = o.get_or(lua, "overwrite", false)?;
        o.finish()?;
        self.run.refuse_behind("exports")?;
        let names = &self.run.trainer().parts().task_names;
        let task = index(&task, "task", names)?;
        let found = self.low_rank(task).map_err(|e| e.at(CALL))?;
        Ok(found.write(Path::new(folder), &names[task], &self.run.note(), overwrite)?)
    }

    fn low_rank(&self, task: usize) -> Result<LowRank> {
        let changes = match self.run.trainer().learner() {
            Some(learner) => learner.changes(task)?,
            None => Default::default(),
        };
        if changes.is_empty() {
            return Err(Error::new("this method does not change the backbone for a task")
                .hint("prompts are exported by trainer:prompts():get(TASK):export_peft(DIR)"));
        }
        let (mut places, mut scales) = (BTreeMap::new(), Vec::new());
        for (place, list) in changes.0 {
            for change in list {
                let Change::LowRank { a, b, scale } = change else {
                    return Err(Error::new(format!(
                        "the change of '{place}' is not a LoRA update"
                    ))
                    .hint("LoRA in peft supports only low-rank updates of matrices"));
                };
                scales.push(scale);
                places.insert(place.clone(), (a, b));
            }
        }
        match scales.iter().all(|scale| *scale == scales[0]) && scales.len() == places.len() {
            true => Ok(LowRank { places, scale: scales[0] }),
            false => Err(Error::new("the updates have different scales")),
        }
    }
}
