//! A trainer as text, and its parameters as a table.

use crate::torch::LuaTensor;
use compt_run::Run;
use mlua::{Lua, Table, Value};

/// One line per parameter group: its parameters and its learning rate at the last step.
pub fn summary(run: &Run) -> String {
    let trainer = run.trainer();
    let (made, total) = (trainer.steps(), trainer.total_steps());
    let mut text = format!("trainer({}: step {made} of {total}", run.name());
    let last = trainer.last();
    if let Some(last) = last {
        text.push_str(&format!(", loss {:.4}", last.loss));
        let temperature = last.temperature.map(|t| format!(", temperature {t:.4}"));
        text.push_str(&temperature.unwrap_or_default());
    }
    text.push(')');
    let groups = &trainer.parts().groups;
    let width = groups.iter().map(|group| group.name.len()).max().unwrap_or(0);
    for group in groups {
        let count: usize = group.parameters.iter().map(|p| p.1.numel()).sum();
        let rate = last.and_then(|last| last.lr.get(&group.name));
        let rate = rate.map_or(String::new(), |rate| format!("  lr {rate:.6}"));
        text.push_str(&format!("\n  {:width$}  {count} parameters{rate}", group.name));
    }
    text
}

/// One row per trained parameter: name, shape, count, group, its last learning rate, and itself.
pub fn parameters(lua: &Lua, run: &Run) -> mlua::Result<Table> {
    let rows = lua.create_table()?;
    let last = run.trainer().last();
    for group in &run.trainer().parts().groups {
        for (name, tensor) in &group.parameters {
            let row = lua.create_table()?;
            row.set("name", name.as_str())?;
            row.set("group", group.name.as_str())?;
            row.set("shape", tensor.size())?;
            row.set("count", tensor.numel())?;
            row.set("lr", last.and_then(|last| last.lr.get(&group.name)).copied())?;
            row.set("value", LuaTensor::new(tensor.shallow_clone()))?;
            rows.raw_push(row)?;
        }
    }
    let text = parameter_table(run);
    let meta = lua.create_table()?;
    meta.set("__tostring", lua.create_function(move |_, _: Value| Ok(text.clone()))?)?;
    rows.set_metatable(Some(meta))?;
    Ok(rows)
}

/// One line per parameter, and one for the total.
fn parameter_table(run: &Run) -> String {
    let last = run.trainer().last();
    let mut lines = vec![["parameter", "shape", "count", "group", "lr"].map(String::from)];
    let mut total = 0;
    for group in &run.trainer().parts().groups {
        let rate = last.and_then(|last| last.lr.get(&group.name));
        let rate = rate.map_or("-".to_string(), |rate| format!("{rate:.6}"));
        for (name, tensor) in &group.parameters {
            total += tensor.numel();
            let shape = format!("{:?}", tensor.size());
            let count = tensor.numel().to_string();
            lines.push([name.clone(), shape, count, group.name.clone(), rate.clone()]);
        }
    }
    lines.push(["in all", "", &total.to_string(), "", ""].map(String::from));
    let width = |column: usize| lines.iter().map(|line| line[column].len()).max().unwrap_or(0);
    let [n, s, c, g] = [0, 1, 2, 3].map(width);
    let line = |[name, shape, count, group, rate]: &[String; 5]| {
        format!("{name:n$}  {shape:s$}  {count:>c$}  {group:g$}  {rate}").trim_end().to_string()
    };
    lines.iter().map(line).collect::<Vec<_>>().join("\n")
}
