//! A row as a sampler sees it: `compt.SamplerRow` in `stdlib/doc`.

use crate::object::no_such;
use crate::{Error, Result};
use compt_base::data::{Example, TaskSet};
use mlua::{Lua, Table, Value};
use std::rc::Rc;

/// The texts of the rows, for samplers that read them.
pub struct Texts {
    /// The names of all tasks.
    pub names: Vec<String>,
    pub tasks: Rc<TaskSet>,
    /// The method's source tasks.
    pub from: Option<Rc<TaskSet>>,
}

impl Texts {
    /// A training row, by the name of its task and its number from 1.
    fn row(&self, task: &str, number: usize) -> Option<&Example> {
        let task = self.names.iter().position(|name| name == task)?;
        let from = self.from.iter().flat_map(|from| &from.tasks);
        self.tasks.tasks.iter().chain(from).nth(task)?.train.get(number.checked_sub(1)?)
    }
}

const FIELDS: [&str; 7] = ["task", "index", "source", "target", "tokens", "target_tokens", "loss"];

/// The metatable of rows: texts are read when they are needed, and an unknown name is an error.
pub fn row_class(lua: &Lua, texts: Rc<Texts>, has_losses: bool) -> mlua::Result<Table> {
    let class = lua.create_table()?;
    let index = move |_: &Lua, (row, key): (Table, Value)| -> mlua::Result<Option<String>> {
        let name = key.to_string()?;
        let text = |of: fn(&Example) -> &String| -> mlua::Result<Option<String>> {
            let (task, number): (String, usize) = (row.raw_get("task")?, row.raw_get("index")?);
            Ok(texts.row(&task, number).map(|row| of(row).clone()))
        };
        match name.as_str() {
            "source" => text(|row| &row.source),
            "target" => text(|row| &row.target),
            "loss" => Ok(allowed(has_losses).map(|()| None)?),
            _ => Err(no_such("a row has no field", &name, &FIELDS).into()),
        }
    };
    class.raw_set("__index", lua.create_function(index)?)?;
    Ok(class)
}

fn allowed(has_losses: bool) -> Result<()> {
    match has_losses {
        true => Ok(()),
        false => Err(Error::new("the sampler reads 'loss' and does not say so")
            .hint("put `losses = true` beside its function: losses are kept only for samplers that read them")),
    }
}
