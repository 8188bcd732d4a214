//! A row for each evaluation of a run, and one for each of its scores.

use super::{Row, number};
use crate::Result;
use crate::records::catalog::Entry;
use compt_base::frame::{Cell, Kind};
use serde_json::{Map, Value};

/// The options of an evaluation that have a column in any case.
const OPTIONS: [(&str, Kind); 6] = [
    ("only", Kind::Text),
    ("without", Kind::Text),
    ("weights", Kind::Text),
    ("normalise", Kind::Text),
    ("decoding", Kind::Text),
    ("limit", Kind::Whole),
];
const WHICH: [(&str, Kind); 3] =
    [("evaluation", Kind::Text), ("split", Kind::Text), ("step", Kind::Whole)];
const VALUES: [(&str, Kind); 3] =
    [("average", Kind::Number), ("rows", Kind::Whole), ("tasks", Kind::Text)];
const SCORE: [(&str, Kind); 5] = [
    ("task", Kind::Text),
    ("metric", Kind::Text),
    ("main", Kind::Flag),
    ("score", Kind::Number),
    ("rows", Kind::Whole),
];

pub const EVALUATIONS: [(&str, Kind); 12] = joined(WHICH, OPTIONS, VALUES);
pub const SCORES: [(&str, Kind); 14] = joined(WHICH, OPTIONS, SCORE);

const fn joined<const A: usize, const B: usize, const C: usize, const N: usize>(
    a: [(&'static str, Kind); A],
    b: [(&'static str, Kind); B],
    c: [(&'static str, Kind); C],
) -> [(&'static str, Kind); N] {
    assert!(N == A + B + C);
    let mut all = [("", Kind::Text); N];
    let mut i = 0;
    while i < N {
        all[i] = if i < A {
            a[i]
        } else if i < A + B {
            b[i - A]
        } else {
            c[i - A - B]
        };
        i += 1;
    }
    all
}

/// An evaluation of a run.
struct Evaluation {
    /// Name and options.
    which: Row,
    average: Option<Cell>,
    /// Task -> metric -> percent, or task -> percent of the main metric.
    scores: Map<String, Value>,
    /// The number of evaluated rows by task.
    counts: Value,
}

impl Evaluation {
    fn new(name: &str, split: &str, step: Cell) -> Evaluation {
        let text = |name: &str, text: &str| (name.to_string(), Cell::from(text));
        let which = vec![text("evaluation", name), text("split", split), ("step".into(), step)];
        Evaluation { which, average: None, scores: Map::new(), counts: Value::Null }
    }

    /// Takes scores and options from a record.
    fn read(mut self, record: &Value) -> Evaluation {
        for (key, value) in record.as_object().into_iter().flatten() {
            match key.as_str() {
                "step" | "tasks" => {}
                "average" => self.average = Some(number(value)),
                "scores" => self.scores = value.as_object().cloned().unwrap_or_default(),
                "counts" => self.counts = value.clone(),
                // The router's weights, which are no option: figures of curves show them.
                "weights" if value.is_object() => {}
                _ if value.is_null() => {}
                option => self.which.push((option.to_string(), value.into())),
            }
        }
        self
    }
}

/// The run's scores on test rows, its evaluations during training, and further ones of the test rows.
fn all(entry: &Entry) -> Result<Vec<Evaluation>> {
    let (result, scores) = (entry.result(), entry.scores());
    let steps = Cell::from(&result["steps"]);
    let mut found = Vec::new();
    let is_scored = scores.as_object().is_some_and(|scores| !scores.is_empty());
    if is_scored || entry.average.is_some() {
        // A cell may return scores on other rows than the run's own.
        let values = entry.values();
        let split = values["split"].as_str().unwrap_or("test");
        let mut own = Evaluation::new("result", split, steps.clone());
        // An average that is not finite is recorded as null.
        own.average = Some(entry.average.map_or(Cell::Number(f64::NAN), Cell::Number));
        own.scores = in_order(&scores, &result["scores"]);
        own.counts = if values["counts"].is_object() {
            values["counts"].clone()
        } else {
            result["counts"].clone()
        };
        found.push(own);
    }
    for line in entry.evaluations()? {
        let step = Cell::from(&line["step"]);
        found.push(Evaluation::new("training", "validation", step).read(&line));
    }
    for look in result["evaluations"].as_array().into_iter().flatten() {
        found.push(Evaluation::new("further", "test", steps.clone()).read(look));
    }
    Ok(found)
}

/// The scores with the tasks in the order of the run's own record: Lua tables, which cells return, have none.
fn in_order(scores: &Value, own: &Value) -> Map<String, Value> {
    let mut left = scores.as_object().cloned().unwrap_or_default();
    let tasks = own.as_object().into_iter().flatten();
    let mut found: Map<String, Value> =
        tasks.filter_map(|(task, _)| left.shift_remove_entry(task)).collect();
    left.sort_keys();
    found.extend(left);
    found
}

pub fn evaluations(entry: &Entry) -> Result<Vec<Row>> {
    let row = |evaluation: Evaluation| {
        let mut row = evaluation.which;
        row.push(("average".into(), evaluation.average.unwrap_or(Cell::Missing)));
        let mut counts = evaluation.counts.as_object().into_iter().flatten();
        let add = |sum: u64, count: &Value| Some(sum.saturating_add(count.as_u64()?));
        let counts = counts.try_fold(0, |sum, (_, count)| add(sum, count));
        row.push(("rows".into(), counts.filter(|count| *count > 0).into()));
        let tasks: Vec<&str> = evaluation.scores.keys().map(String::as_str).collect();
        let tasks = if tasks.is_empty() { Cell::Missing } else { Cell::from(&Value::from(tasks)) };
        row.push(("tasks".into(), tasks));
        row
    };
    Ok(all(entry)?.into_iter().map(row).collect())
}

pub fn scores(entry: &Entry) -> Result<Vec<Row>> {
    let (own, recorded) = (entry.scores(), entry.result());
    let main = |task: &str| own[task].as_object().and_then(|metrics| metrics.keys().next());
    let mut rows = Vec::new();
    for evaluation in all(entry)? {
        for (task, scores) in &evaluation.scores {
            let mut push = |metric: Option<&String>, is_main: Option<bool>, score: &Value| {
                let mut row = evaluation.which.clone();
                row.extend([
                    ("task".into(), Cell::from(task.as_str())),
                    ("metric".into(), metric.map_or(Cell::Missing, |name| name.as_str().into())),
                    ("main".into(), is_main.map_or(Cell::Missing, Cell::Flag)),
                    ("score".into(), number(score)),
                    ("rows".into(), Cell::from(&evaluation.counts[task])),
                ]);
                rows.push(row);
            };
            match scores.as_object() {
                Some(metrics) => metrics.iter().enumerate().for_each(|(i, (metric, score))| {
                    // The order of what a cell returned is not known; the run's own record has it.
                    let known = metrics.len() == 1 || recorded["scores"][task.as_str()].is_object();
                    push(Some(metric), known.then_some(i == 0), score);
                }),
                // Evaluations during training record the main metric only, without its name.
                None => push(main(task), Some(true), scores),
            }
        }
    }
    Ok(rows)
}
