//! `compt runs compare A B`

use super::choose::{one, text};
use super::knobs;
use crate::{Error, Result};
use clap::Args;
use compt_base::output;
use compt_study::records::catalog::Entry;
use compt_study::records::environment::environment_of;
use compt_study::records::events::{self, Change};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

#[derive(Args)]
pub struct RunsCompareOptions {
    /// Folder of the first run
    #[arg(value_name = "A")]
    first: PathBuf,

    /// Folder of the second run
    #[arg(value_name = "B")]
    second: PathBuf,

    /// Print all differences as one JSON value
    #[arg(long)]
    json: bool,
}

pub fn compare(options: &RunsCompareOptions) -> Result<()> {
    let found = differences(options)?;
    if options.json {
        output::json(format!("{found:#}"));
        return Ok(());
    }
    output::line(format!("A  {}\nB  {}", options.first.display(), options.second.display()));
    print("settings", &found["settings"], "they are the same");
    print("schedules", &found["schedules"], "the same control files, tables and settings by hand");
    knobs::print(&found["knobs"]);
    print("scores", &found["scores"], "neither run has scores");
    Ok(())
}

fn differences(options: &RunsCompareOptions) -> Result<Value> {
    let (a, b) = (whole(&options.first)?, whole(&options.second)?);
    if std::fs::canonicalize(&a.path).ok() == std::fs::canonicalize(&b.path).ok() {
        return Err(Error::new("both are the same run").at(a.path.display()));
    }
    let settings = pairs(&all_of(&a), &all_of(&b));
    Ok(json!({
        "settings": settings,
        "schedules": pairs(&schedules(&a)?, &schedules(&b)?),
        "knobs": knobs::differences(&a, &b)?,
        "scores": scores(&a, &b),
    }))
}

/// The run in a folder, with records that can be read.
fn whole(folder: &Path) -> Result<Entry> {
    let entry = one(folder)?;
    if let Some(why) = entry.damage() {
        return Err(Error::new(format!("its record is damaged: {why}")).at(folder.display()));
    }
    Ok(entry)
}

fn all_of(entry: &Entry) -> Map<String, Value> {
    let mut all = entry.config().unwrap_or_default();
    all.extend(entry.settings());
    all.extend(environment_of(&entry.path));
    all
}

/// The control settings of a run, by step.
fn schedules(entry: &Entry) -> Result<Map<String, Value>> {
    let mut found = Map::new();
    for event in events::read(&entry.path)? {
        let (what, value) = match &event.change {
            Change::Version { sources, .. } => {
                ("control".to_string(), json!(sources[0].sha256[..12]))
            }
            Change::Table { knobs, .. } => ("control".to_string(), knobs.clone()),
            Change::Set { name, value } => (name.clone(), value.clone()),
            Change::Hold { because, .. } => ("held".to_string(), json!(because)),
            Change::Part { name, source, .. } => (name.clone(), json!(source.sha256[..12])),
        };
        found.insert(format!("step {}: {what}", event.step), value);
    }
    Ok(found)
}

/// name -> { a, b } for values that differ.
fn pairs(a: &Map<String, Value>, b: &Map<String, Value>) -> Map<String, Value> {
    let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    let same = |x: Option<&Value>, y: Option<&Value>| {
        x == y || x.zip(y).is_some_and(|(x, y)| x.is_number() && x.as_f64() == y.as_f64())
    };
    names
        .into_iter()
        .filter(|name| !same(a.get(*name), b.get(*name)))
        .map(|name| (name.clone(), json!({ "a": a.get(name), "b": b.get(name) })))
        .collect()
}

/// task.metric -> { a, b, difference }, and the averages.
fn scores(a: &Entry, b: &Entry) -> Map<String, Value> {
    let (one, other) = (flat(a), flat(b));
    let names: Vec<&String> =
        one.keys().chain(other.keys().filter(|name| !one.contains_key(*name))).collect();
    let difference = |name: &str| Some(other.get(name)?.as_f64()? - one.get(name)?.as_f64()?);
    names
        .into_iter()
        .map(|name| {
            let pair =
                json!({ "a": one.get(name), "b": other.get(name), "difference": difference(name) });
            (name.clone(), pair)
        })
        .collect()
}

fn flat(entry: &Entry) -> Map<String, Value> {
    let mut found = Map::new();
    for (task, metrics) in entry.scores().as_object().into_iter().flatten() {
        for (metric, value) in metrics.as_object().into_iter().flatten() {
            found.insert(format!("{task} {metric}"), value.clone());
        }
    }
    if let Some(average) = entry.average {
        found.insert("average".into(), average.into());
    }
    found
}

fn print(title: &str, found: &Value, none: &str) {
    output::line(format!("\n{title}"));
    let Some(map) = found.as_object().filter(|map| !map.is_empty()) else {
        output::line(format!("  {none}"));
        return;
    };
    let width = map.keys().map(|key| key.chars().count()).max().unwrap_or(0);
    for (key, pair) in map {
        let shown = |value: &Value| match value {
            Value::Null => "-".to_string(),
            Value::Number(n) if n.is_f64() => n.as_f64().map_or(String::new(), knobs::number),
            other => text(other),
        };
        let change = pair["difference"].as_f64().map_or(String::new(), |d| format!("  {d:+.1}"));
        output::row(format!(
            "  {key:width$}  {}  ->  {}{change}",
            shown(&pair["a"]),
            shown(&pair["b"])
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_the_same_is_left_out() {
        let of = |value: Value| value.as_object().unwrap().clone();
        let found = pairs(&of(json!({ "a": 1, "b": 2, "c": 3 })), &of(json!({ "a": 1.0, "b": 4 })));
        let wanted = json!({ "b": { "a": 2, "b": 4 }, "c": { "a": 3, "b": null } });
        assert_eq!(Value::Object(found), wanted);
    }
}
