//! The data of the page, in parts of JSON.

use super::controls;
use super::curves::{curves, points};
use super::live::Parts;
use super::predictions::Predictions;
use super::texts::Texts;
use crate::records::catalog::Entry;
use crate::records::environment::environment_of;
use crate::records::events;
use compt_base::notice;
use compt_base::stop;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The data of the page for these runs: settings, scores, curves, controls, environments and predictions. Incomplete if
/// work should stop.
pub fn data(title: &str, made: &str, entries: &[Entry]) -> Parts {
    let mut environments: Vec<Map<String, Value>> = Vec::new();
    let (mut texts, mut predictions) = (Texts::default(), Predictions::default());
    let configs: Vec<_> = entries.iter().map(|entry| entry.config().ok()).collect();
    let whole = configs.iter().flatten().count();
    // A cell's settings take precedence over the resolved configuration.
    let merged = |(entry, config): (&Entry, Option<Map<String, Value>>)| {
        let mut all = config.unwrap_or_default();
        all.extend(entry.cell_settings().cloned().unwrap_or_default());
        all
    };
    let all: Vec<Map<String, Value>> = entries.iter().zip(configs).map(merged).collect();
    let (common, differing) = split(&all, whole);
    let short: BTreeSet<&String> = entries
        .iter()
        .zip(&all)
        .flat_map(|(entry, all)| entry.cell_settings().unwrap_or(all).keys())
        .collect();
    let (ids, points) = (ids(entries), points(entries.len()));
    let mut runs = Vec::new();
    for ((entry, settings), id) in entries.iter().zip(&all).zip(ids) {
        if stop::due() {
            break;
        }
        predictions.add(&id, &entry.path);
        let environment = environment_of(&entry.path);
        let known = environments.iter().position(|known| *known == environment);
        let environment = match (environment.is_empty(), known) {
            (true, _) => None,
            (false, Some(place)) => Some(place),
            (false, None) => {
                environments.push(environment);
                Some(environments.len() - 1)
            }
        };
        let events = events::read(&entry.path).unwrap_or_else(|e| {
            notice::say_once(&format!("note: the control events of a run are omitted: {e}"));
            Vec::new()
        });
        let own: Map<String, Value> = settings
            .iter()
            .filter(|(key, _)| differing.contains(*key))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        let run = json!({
            "id": id, "path": entry.path.display().to_string(), "state": entry.state.name(), "error": entry.error,
            "settings": own, "scores": object(entry.scores()), "average": entry.average,
            "steps": entry.steps, "seconds": entry.seconds, "environment": environment,
            "controls": events.iter().map(|e| controls::to_json(e, &mut texts)).collect::<Vec<_>>(),
            "curves": curves(entry, points),
        });
        runs.push((id, run.to_string()));
    }
    let (predictions, omitted) = predictions.into_json();
    let varying: Vec<&String> = differing.iter().filter(|key| short.contains(*key)).collect();
    let head = json!({
        "title": title, "compt": env!("CARGO_PKG_VERSION"), "varying": varying,
        "common": common, "environments": environments, "omitted": omitted,
    });
    let rest = [
        ("head", head),
        ("made", made.into()),
        ("texts", texts.0.into()),
        ("predictions", predictions),
    ];
    Parts { rest: rest.map(|(name, part)| (name.into(), part.to_string())).into(), runs }
}

fn object(value: Value) -> Value {
    if value.is_object() { value } else { json!({}) }
}

/// A name of each run that no other one has: its folder's, or else its path.
fn ids(entries: &[Entry]) -> Vec<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    entries.iter().for_each(|entry| *counts.entry(entry.name()).or_default() += 1);
    let id = |entry: &Entry| match counts[&entry.name()] {
        1 => entry.name(),
        _ => entry.path.display().to_string(),
    };
    entries.iter().map(id).collect()
}

/// The settings that all runs share, and the names of the others. A run that failed before its first step
/// has few settings: `whole` is the number of runs with all settings.
fn split(all: &[Map<String, Value>], whole: usize) -> (Map<String, Value>, BTreeSet<String>) {
    let mut seen: BTreeMap<&String, (usize, &Value, bool)> = BTreeMap::new();
    for (key, value) in all.iter().flatten() {
        let known = seen.entry(key).or_insert((0, value, true));
        known.0 += 1;
        known.2 &= known.1 == value;
    }
    let mut common = Map::new();
    let mut differing = BTreeSet::new();
    for (key, (count, value, same)) in seen {
        if same && count >= whole.max(1) {
            common.insert(key.clone(), value.clone());
        } else {
            differing.insert(key.clone());
        }
    }
    (common, differing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_split_into_common_and_differing() {
        let of = |value: Value| value.as_object().unwrap().clone();
        let all = [of(json!({ "a": 1, "b": 2, "c": 3 })), of(json!({ "a": 1, "b": 3 }))];
        let (common, differing) = split(&all, 2);
        assert_eq!(Value::Object(common), json!({ "a": 1 }));
        assert_eq!(differing, BTreeSet::from(["b".to_string(), "c".to_string()]));
    }
}
