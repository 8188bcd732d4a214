//! The history of a run as Lua sees it: tensors by step.

use crate::torch::LuaTensor;
use compt_run::RunHistory;
use mlua::{Function, Lua, Table};
use std::collections::BTreeMap;
use tch::Tensor;

/// See `compt.History`; `stdlib/history.lua` has its methods.
pub fn to_lua(lua: &Lua, history: &RunHistory) -> mlua::Result<Table> {
    let RunHistory { columns, evaluations } = history;
    let table = lua.create_table()?;
    table.set("steps", LuaTensor::new(Tensor::from_slice(&columns.steps)))?;
    for (name, column) in &columns.numbers {
        table.set(*name, numbers(column))?;
    }
    for family in ["lr", "task_losses", "grad_norms"] {
        let own = lua.create_table()?;
        for (name, column) in columns.named.get(family).into_iter().flatten() {
            own.set(name.as_str(), numbers(column))?;
        }
        table.set(family, own)?;
    }
    let steps: Vec<i64> = evaluations.iter().map(|found| found.step as i64).collect();
    table.set("evaluated", LuaTensor::new(Tensor::from_slice(&steps)))?;
    let average: Vec<f64> = evaluations.iter().map(|found| found.average).collect();
    table.set("average", numbers(&average))?;
    let mut scores: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for task in evaluations.iter().flat_map(|found| found.scores.keys()) {
        scores.entry(task).or_insert_with(|| {
            let of = |found: &compt_core::train::history::Evaluated| {
                found.scores.get(task).copied().unwrap_or(f64::NAN)
            };
            evaluations.iter().map(of).collect()
        });
    }
    let by_task = lua.create_table()?;
    for (task, scores) in scores {
        by_task.set(task, numbers(&scores))?;
    }
    table.set("scores", by_task)?;
    let require: Function = lua.globals().get("require")?;
    let methods: Table = require.call("compt.history")?;
    table.set_metatable(Some(methods))?;
    Ok(table)
}

fn numbers(values: &[f64]) -> LuaTensor {
    LuaTensor::new(Tensor::from_slice(values))
}
