//! The differences between the knobs of two runs, step by step.

use super::choose::text;
use crate::Result;
use compt_base::output;
use compt_study::records::catalog::Entry;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Knobs that take the trainer's value if the control does not set them.
const OWN: [&str; 4] = ["clip", "dropout", "weight_decay", "evaluate_every"];

/// The knobs of a step by their full names.
type Step = BTreeMap<String, Value>;

/// A knob that differs between the runs.
struct Difference {
    /// The first step at which it differs, and both values there.
    first: (u64, Value, Value),
    steps: u64,
    /// The ranges of both runs, if the values are numbers.
    ranges: [Option<(f64, f64)>; 2],
}

/// { compared, a, b, differ }: the number of compared steps, the number of each run's steps, and by knob the
/// first step at which it differs, the number of such steps, and its values.
pub fn differences(a: &Entry, b: &Entry) -> Result<Value> {
    let (first, second) = (steps(a)?, steps(b)?);
    let mut found: BTreeMap<String, Difference> = BTreeMap::new();
    let mut compared = 0u64;
    for (step, a) in &first {
        let Some(b) = second.get(step) else { continue };
        compared += 1;
        for name in a.keys().chain(b.keys()).collect::<BTreeSet<_>>() {
            let values = [a, b].map(|knobs| knobs.get(name).cloned().unwrap_or_default());
            if !is_same(&values[0], &values[1]) {
                note(&mut found, name, *step, values);
            }
        }
    }
    let differ: Map<String, Value> =
        found.into_iter().map(|(name, difference)| (name, difference.json())).collect();
    Ok(json!({ "compared": compared, "a": first.len(), "b": second.len(), "differ": differ }))
}

fn is_same(a: &Value, b: &Value) -> bool {
    a == b || a.as_f64().zip(b.as_f64()).is_some_and(|(a, b)| a == b)
}

fn note(found: &mut BTreeMap<String, Difference>, name: &str, step: u64, values: [Value; 2]) {
    let numbers = values.each_ref().map(Value::as_f64);
    let [a, b] = values;
    let difference = found.entry(name.to_string()).or_insert_with(|| Difference {
        first: (step, a, b),
        steps: 0,
        ranges: [None, None],
    });
    difference.steps += 1;
    for (range, number) in difference.ranges.iter_mut().zip(numbers) {
        let Some(x) = number else { continue };
        let (low, high) = range.get_or_insert((x, x));
        (*low, *high) = (low.min(x), high.max(x));
    }
}

impl Difference {
    fn json(self) -> Value {
        let (step, a, b) = self.first;
        let [of_a, of_b] = self.ranges;
        json!({
            "first_step": step, "steps": self.steps, "a": a, "b": b, "a_range": of_a, "b_range": of_b,
        })
    }
}

/// The knobs at each step of a run, by step number.
fn steps(entry: &Entry) -> Result<BTreeMap<u64, Step>> {
    let config = entry.config().unwrap_or_default();
    let own: Step = OWN
        .into_iter()
        .filter_map(|name| Some((name.to_string(), config.get(name)?.clone())))
        .collect();
    let knobs = |line: &Value| {
        let mut knobs = own.clone();
        for (group, rate) in line["lr"].as_object().into_iter().flatten() {
            knobs.insert(format!("lr.{group}"), rate.clone());
        }
        for (name, value) in line["knobs"].as_object().into_iter().flatten() {
            knobs.insert(name.clone(), value.clone());
        }
        if !line["temperature"].is_null() {
            knobs.insert("temperature".into(), line["temperature"].clone());
        }
        Some((line["step"].as_u64()?, knobs))
    };
    Ok(entry.metrics()?.iter().filter_map(knobs).collect())
}

/// Prints the differences as text.
pub fn print(found: &Value) {
    output::line("\nknobs in the steps");
    lines(found).iter().for_each(|line| output::row(format!("  {line}")));
}

fn lines(found: &Value) -> Vec<String> {
    let count = |key: &str| found[key].as_u64().unwrap_or(0);
    let (compared, a, b) = (count("compared"), count("a"), count("b"));
    if compared == 0 {
        return vec![format!("not known: A has {a} recorded steps, B {b}, and none in common")];
    }
    let differ = found["differ"].as_object().into_iter().flatten();
    let mut lines: Vec<String> = differ
        .map(|(name, of)| {
            let (first, steps) = (of["first_step"].clone(), of["steps"].clone());
            let (x, y) = (shown(&of["a"]), shown(&of["b"]));
            let mut line = format!("{name}  from step {first} on: {x}  ->  {y}");
            if steps != 1 {
                let ranges = [range("A", &of["a_range"]), range("B", &of["b_range"])];
                let ranges: Vec<String> = ranges.into_iter().flatten().collect();
                line.push_str(&format!("  ({steps} steps differ"));
                if !ranges.is_empty() {
                    line.push_str(&format!(": {}", ranges.join(", ")));
                }
                line.push(')');
            }
            line
        })
        .collect();
    if lines.is_empty() {
        lines.push(format!("the same in all {compared} steps of both runs"));
    }
    if a != b {
        lines.push(format!("A made {a} steps, B {b}: {compared} were compared"));
    }
    lines
}

/// `A 0.001 to 5`; `None` for a constant.
fn range(name: &str, range: &Value) -> Option<String> {
    let (low, high) = (range[0].as_f64()?, range[1].as_f64()?);
    (low != high).then(|| format!("{name} {} to {}", number(low), number(high)))
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "not set".to_string(),
        Value::Number(n) if n.is_f64() => n.as_f64().map_or(String::new(), number),
        other => text(other),
    }
}

/// At most four digits.
pub fn number(x: f64) -> String {
    let plain = x.to_string();
    match plain.len() > 8 {
        true if x != 0.0 && x.abs() < 1e-3 => format!("{x:.3e}"),
        true => format!("{x:.4}"),
        false => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn run(folder: &std::path::Path, name: &str, clip: f64, lines: &[Value]) -> Entry {
        let path = folder.join(name);
        fs::create_dir_all(&path).unwrap();
        fs::write(path.join("config.json"), json!({ "clip": clip }).to_string()).unwrap();
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        fs::write(path.join("metrics.jsonl"), text).unwrap();
        Entry::read(&path).unwrap()
    }

    #[test]
    fn knobs_are_compared_step_by_step() {
        let folder = tempfile::tempdir().unwrap();
        let line = |step: u64, temperature: f64, knobs: Value| json!({ "step": step, "lr": { "a": 0.1 }, "temperature": temperature, "knobs": knobs });
        let plain: Vec<Value> = (1..=4).map(|i| line(i, 2.0, json!({}))).collect();
        let late: Vec<Value> = (1..=5)
            .map(|i| line(i, if i < 3 { 2.0 } else { i as f64 }, json!({ "clip": 1.0 })))
            .collect();
        let a = run(folder.path(), "a", 1.0, &plain);
        let b = run(folder.path(), "b", 0.5, &late);
        let found = differences(&a, &b).unwrap();
        assert_eq!(
            lines(&found),
            [
                "temperature  from step 3 on: 2  ->  3  (2 steps differ: B 3 to 4)",
                "A made 4 steps, B 5: 4 were compared"
            ],
            "a clip of the control is the trainer's own of the other"
        );
        let c = run(folder.path(), "c", 0.5, &plain);
        let of_c = lines(&differences(&a, &c).unwrap());
        assert_eq!(of_c, ["clip  from step 1 on: 1  ->  0.5  (4 steps differ)"]);
        let same = run(folder.path(), "d", 1.0, &plain);
        assert_eq!(
            lines(&differences(&a, &same).unwrap()),
            ["the same in all 4 steps of both runs"]
        );
        let none = run(folder.path(), "e", 1.0, &[]);
        assert!(lines(&differences(&a, &none).unwrap())[0].starts_with("not known: A has 4"));
        fs::write(none.path.join("metrics.jsonl"), "{\"step\":1}\n{nope\n").unwrap();
        let text = differences(&a, &none).unwrap_err().to_string();
        assert!(text.contains("metrics.jsonl:2: "), "{text}");
    }
}
