//! Scores as Lua sees them: a table that prints itself.

use comfy_table::{CellAlignment, Table as Grid, presets};
use compt_core::data::predictions::Predictions;
use compt_core::train::evaluate::{Prediction, Scores, TaskScores};
use mlua::{Lua, LuaSerdeExt, Table};
use serde_json::{Map, Value, json};

/// { split, scores = { task = { metric = percent } }, counts = { task = rows }, average,
/// predictions = { task = { { source, label, prediction } } } }
pub fn to_lua(lua: &Lua, scores: &Scores) -> mlua::Result<Table> {
    let out = lua.create_table()?;
    out.set("split", scores.split.name())?;
    out.set("average", scores.average())?;
    out.set("scores", lua.to_value(&by_task(scores))?)?;
    out.set("counts", lua.to_value(&counts(scores))?)?;
    let predictions = lua.create_table()?;
    for task in &scores.tasks {
        let rows = lua.create_table()?;
        for p in &task.predictions {
            let row = lua.create_table()?;
            row.set("source", p.source.as_str())?;
            row.set("label", p.label.as_str())?;
            row.set("prediction", p.prediction.as_str())?;
            rows.raw_push(row)?;
        }
        predictions.set(task.task.as_str(), rows)?;
    }
    out.set("predictions", predictions)?;
    let text = printed(scores);
    let meta = lua.create_table()?;
    meta.set("__tostring", lua.create_function(move |_, _: mlua::Value| Ok(text.clone()))?)?;
    out.set_metatable(Some(meta))?;
    Ok(out)
}

/// Task -> metric -> percent.
pub fn by_task(scores: &Scores) -> Value {
    let metrics = |task: &TaskScores| -> Map<String, Value> {
        task.metrics.iter().map(|(m, value)| (m.name().to_string(), json!(value))).collect()
    };
    scores.tasks.iter().map(|t| (t.task.clone(), metrics(t).into())).collect::<Map<_, _>>().into()
}

/// Task -> rows evaluated.
pub fn counts(scores: &Scores) -> Value {
    let rows = scores.tasks.iter().map(|t| (t.task.clone(), t.predictions.len().into()));
    rows.collect::<Map<_, _>>().into()
}

/// A task's single answers, as they are kept.
pub fn answered(task: &TaskScores) -> Predictions {
    let all = |of: fn(&Prediction) -> &String| task.predictions.iter().map(of).cloned().collect();
    Predictions {
        task: task.task.clone(),
        labels: task.labels.clone(),
        text: all(|p| &p.source),
        label: all(|p| &p.label),
        prediction: all(|p| &p.prediction),
    }
}

fn printed(scores: &Scores) -> String {
    let mut grid = Grid::new();
    grid.load_style(presets::NOTHING);
    grid.set_header(["task", "metric", "score", "rows"]);
    for task in &scores.tasks {
        for (i, (metric, value)) in task.metrics.iter().enumerate() {
            let (name, rows) = match i {
                0 => (task.task.clone(), task.predictions.len().to_string()),
                _ => (String::new(), String::new()),
            };
            grid.add_row([name, metric.name().to_string(), format!("{value:.1}"), rows]);
        }
    }
    grid.add_row([
        "average".into(),
        String::new(),
        format!("{:.1}", scores.average()),
        String::new(),
    ]);
    for column in [2, 3] {
        if let Some(column) = grid.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    grid.trim_fmt()
}
