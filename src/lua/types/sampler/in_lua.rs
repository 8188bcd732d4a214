//! A sampler written in Lua. It is called at the first step of an epoch, or of an interval, between two steps.

use super::define::Rows;
use super::row::{Texts, row_class};
use crate::failure::error_of;
use crate::options::kind;
use crate::torch::LuaTensor;
use crate::types::defined::{InUse, NO_FIELD, seal};
use crate::{Error, Result};
use compt_core::train::by_row::{Asked, Chosen, RowSampler, Stages};
use mlua::{Function, Lua, LuaSerdeExt, Table, Value};
use serde_json::Map;
use std::cell::OnceCell;
use std::rc::Rc;
use tch::{Device, Kind};

pub struct InLua {
    pub in_use: Rc<InUse>,
    pub says: Rows,
    /// Its options, with their defaults.
    pub options: Map<String, serde_json::Value>,
    pub texts: Rc<Texts>,
    /// The rows of the run, on which new versions of its file are tried.
    pub stages: Rc<OnceCell<Rc<Stages>>>,
}

impl InLua {
    /// The tables that its function receives: `compt.SamplerRow` and `compt.SamplerContext` in `stdlib/doc`.
    fn rows(&self, lua: &Lua, asked: &Asked) -> mlua::Result<Table> {
        let picks = &asked.stage.picks;
        let class = row_class(lua, self.texts.clone(), self.says.losses)?;
        let names = self.texts.names.iter().map(|name| lua.create_string(name));
        let names = names.collect::<mlua::Result<Vec<_>>>()?;
        let rows = lua.create_table_with_capacity(picks.len(), 0)?;
        for (i, pick) in picks.iter().enumerate() {
            let tokens = &asked.all.rows[pick.task][pick.row];
            let row = lua.create_table_with_capacity(0, 5)?;
            row.raw_set("task", &names[pick.task])?;
            row.raw_set("index", pick.row + 1)?;
            row.raw_set("tokens", tokens.source.len())?;
            row.raw_set("target_tokens", tokens.target.len())?;
            if self.says.losses {
                row.raw_set("loss", asked.losses[i])?;
            }
            row.set_metatable(Some(class.clone()))?;
            rows.raw_set(i + 1, row)?;
        }
        Ok(rows)
    }

    fn context(&self, lua: &Lua, asked: &Asked) -> mlua::Result<Table> {
        let fields = lua.create_table()?;
        let (tasks, sizes) = (lua.create_table()?, lua.create_table()?);
        for of_task in asked.stage.picks.chunk_by(|a, b| a.task == b.task) {
            let name = self.texts.names[of_task[0].task].as_str();
            tasks.raw_push(name)?;
            sizes.raw_set(name, of_task.len())?;
        }
        fields.raw_set("tasks", tasks)?;
        fields.raw_set("task_sizes", sizes)?;
        fields.raw_set("stage", asked.stage.name.as_str())?;
        fields.raw_set("step", asked.step)?;
        fields.raw_set("total_steps", asked.stage.steps)?;
        fields.raw_set("epoch", asked.epoch())?;
        fields.raw_set("progress", asked.progress())?;
        let options: Table = match self.options.is_empty() {
            true => lua.create_table()?,
            false => lua.unpack(lua.to_value(&self.options)?)?,
        };
        fields.raw_set("options", seal(lua, options, "there is no option", |_| Ok(false))?)?;
        seal(lua, fields, NO_FIELD, |_| Ok(false))
    }

    fn chosen(&self, asked: &Asked) -> Result<Chosen> {
        let numbers = self.in_use.run(|lua, function: Function| {
            let found: Value =
                function.call((self.rows(lua, asked)?, self.context(lua, asked)?))?;
            Ok(numbers(lua, found))
        })?;
        let count = asked.stage.picks.len();
        let chosen = numbers.and_then(|numbers| match self.says.order {
            false => Chosen::weights(numbers, count),
            true => {
                let whole = |x: &f64| match x.fract() == 0.0 && x.abs() < 1e15 {
                    true => Ok(*x as i64),
                    false => Err(Error::new(format!("{x} is no row number"))),
                };
                let order = numbers.iter().map(whole).collect::<Result<Vec<i64>>>()?;
                Chosen::order(&order, count)
            }
        });
        chosen.map_err(|e| e.at(self.place()))
    }
}

/// The numbers of a list, or of a tensor `[n]`.
fn numbers(lua: &Lua, value: Value) -> Result<Vec<f64>> {
    let wrong =
        |got: String| Error::new(format!("it returned {got} where a list of numbers is expected"));
    match &value {
        Value::Table(list) => {
            let length = list.raw_len();
            let mut numbers = Vec::with_capacity(length);
            for i in 1..=length {
                match list.raw_get::<Value>(i).map_err(|e| error_of(&e))? {
                    Value::Integer(x) => numbers.push(x as f64),
                    Value::Number(x) => numbers.push(x),
                    other => return Err(wrong(format!("a {} for row {i}", kind(&other)))),
                }
            }
            Ok(numbers)
        }
        other => {
            let got = kind(other);
            let Ok(tensor) = lua.unpack::<LuaTensor>(value) else {
                return Err(wrong(format!("a {got}")));
            };
            let tensor = tensor.get()?.f_detach()?;
            if tensor.dim() != 1 {
                return Err(wrong(format!("a tensor of shape {:?}", tensor.size())));
            }
            let tensor = tensor.f_to_device(Device::Cpu)?.f_to_kind(Kind::Double)?;
            Ok(Vec::<f64>::try_from(&tensor)?)
        }
    }
}

impl RowSampler for InLua {
    fn place(&self) -> String {
        let line = self.in_use.line().map(|line| format!(" ({line})")).unwrap_or_default();
        format!("{}{line}", self.in_use.place())
    }

    fn version(&self) -> String {
        self.in_use.version()
    }

    fn every(&self) -> Option<u64> {
        self.says.every
    }

    fn reads_losses(&self) -> bool {
        self.says.losses
    }

    fn mixes_tasks(&self) -> bool {
        self.says.mixes_tasks
    }

    fn choose(&self, asked: &Asked) -> Result<Chosen> {
        self.in_use.noted(self.chosen(asked))
    }

    fn begin(&self, stages: Rc<Stages>) {
        let _ = self.stages.set(stages);
    }
}
