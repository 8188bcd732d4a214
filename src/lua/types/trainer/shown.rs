//! A trainer as text, and its parameters as a table.

use crate::rich::{self, html};
use crate::torch::LuaTensor;
use compt_run::Run;
use mlua::{Lua, Table};

/// One line per parameter group: its parameters and its learning rate at the last step.
pub fn summary(run: &Run) -> String {
    let mut text = headline(run);
    let groups = groups(run);
    let width = groups.iter().map(|group| group.0.len()).max().unwrap_or(0);
    for (name, count, rate) in groups {
        let rate = rate.map_or(String::new(), |rate| format!("  lr {rate:.6}"));
        text.push_str(&format!("\n  {name:width$}  {count} parameters{rate}"));
    }
    text
}

/// The same as a table.
pub fn html(run: &Run) -> String {
    let row = |(name, count, rate): (String, usize, Option<f64>)| {
        vec![name, count.to_string(), rate.map_or("-".into(), |rate| format!("{rate:.6}"))]
    };
    let rows: Vec<Vec<String>> = groups(run).into_iter().map(row).collect();
    html::table(&headline(run), &["group", "parameters", "lr"], &rows, 1)
}

fn headline(run: &Run) -> String {
    let trainer = run.trainer();
    let (made, total) = (trainer.steps(), trainer.total_steps());
    let mut text = format!("trainer({}: step {made} of {total}", run.name());
    if let Some(last) = trainer.last() {
        text.push_str(&format!(", loss {:.4}", last.loss));
        let temperature = last.temperature.map(|t| format!(", temperature {t:.4}"));
        text.push_str(&temperature.unwrap_or_default());
    }
    text.push(')');
    text
}

/// The name, the parameters and the last learning rate of each group.
fn groups(run: &Run) -> Vec<(String, usize, Option<f64>)> {
    let last = run.trainer().last();
    let groups = run.trainer().parts().groups.iter();
    let line = groups.map(|group| {
        let count = group.parameters.iter().map(|p| p.1.numel()).sum();
        (group.name.clone(), count, last.and_then(|last| last.lr.get(&group.name)).copied())
    });
    line.collect()
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
    let lines = parameter_lines(run);
    let body: Vec<Vec<String>> = lines[1..].iter().map(|line| line.to_vec()).collect();
    let head = lines[0].each_ref().map(String::as_str);
    rich::printed(lua, &rows, parameter_table(&lines), html::table("", &head, &body, 1))?;
    Ok(rows)
}

/// A head, one line per parameter, and one for the total.
fn parameter_lines(run: &Run) -> Vec<[String; 5]> {
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
    lines
}

fn parameter_table(lines: &[[String; 5]]) -> String {
    let width = |column: usize| lines.iter().map(|line| line[column].len()).max().unwrap_or(0);
    let [n, s, c, g] = [0, 1, 2, 3].map(width);
    let line = |[name, shape, count, group, rate]: &[String; 5]| {
        format!("{name:n$}  {shape:s$}  {count:>c$}  {group:g$}  {rate}").trim_end().to_string()
    };
    lines.iter().map(line).collect::<Vec<_>>().join("\n")
}
