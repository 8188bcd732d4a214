//! Scores as a record and a table.

use compt_base::data::predictions::Predictions;
use compt_base::shown::one_line;
use compt_base::text_table::text_table;
use compt_core::train::evaluate::{Prediction, Scores, TaskScores};
use serde_json::{Map, Value, json};

/// Task -> metric -> percent.
pub fn by_task(scores: &Scores) -> Value {
    let metrics = |task: &TaskScores| -> Map<String, Value> {
        task.metrics.iter().map(|(name, value)| (name.clone(), json!(value))).collect()
    };
    scores.tasks.iter().map(|t| (t.task.clone(), metrics(t).into())).collect::<Map<_, _>>().into()
}

/// Task -> rows evaluated.
pub fn counts(scores: &Scores) -> Value {
    let rows = scores.tasks.iter().map(|t| (t.task.clone(), t.predictions.len().into()));
    rows.collect::<Map<_, _>>().into()
}

/// The predictions of a task.
pub fn predictions(task: &TaskScores) -> Predictions {
    let all = |of: fn(&Prediction) -> &String| task.predictions.iter().map(of).cloned().collect();
    Predictions {
        task: task.task.clone(),
        labels: task.labels.clone(),
        text: all(|p| &p.source),
        label: all(|p| &p.label),
        prediction: all(|p| &p.prediction),
        references: match task.predictions.iter().any(|p| !p.references.is_empty()) {
            true => task.predictions.iter().map(right).collect(),
            false => Vec::new(),
        },
    }
}

/// The texts that are right for a row.
fn right(p: &Prediction) -> Vec<String> {
    match &p.references[..] {
        [] => vec![p.label.clone()],
        several => several.to_vec(),
    }
}

/// The names of the columns of [`lines`].
pub const COLUMNS: [&str; 4] = ["task", "metric", "score", "rows"];

/// The lines of a table: task, metric, score, rows; the last one has the average.
pub fn lines(scores: &Scores) -> Vec<[String; 4]> {
    let mut lines = Vec::new();
    for task in &scores.tasks {
        for (i, (metric, value)) in task.metrics.iter().enumerate() {
            let (name, rows) = match i {
                0 => (one_line(&task.task).into_owned(), task.predictions.len().to_string()),
                _ => (String::new(), String::new()),
            };
            lines.push([name, metric.clone(), format!("{value:.1}"), rows]);
        }
    }
    let average = format!("{:.1}", scores.average());
    lines.push(["average".into(), String::new(), average, String::new()]);
    lines
}

/// The table as text.
pub fn table(scores: &Scores) -> String {
    let mut table = text_table(COLUMNS.map(String::from).to_vec(), 2..4);
    for line in lines(scores) {
        table.add_row(line);
    }
    table.trim_fmt()
}
