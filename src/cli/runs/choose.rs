//! Selects runs.

use crate::{Error, Result};
use clap::Args;
use compt_error::nearest;
use compt_study::records::catalog::{Entry, State, find};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What narrows a list of runs.
#[derive(Args)]
pub struct Filter {
    /// Only runs with this setting, of a cell or of the configuration (`method.length`); can be repeated.
    /// `method=pt,ssum` matches both values, `shots=null` runs without the setting
    #[arg(long = "where", value_name = "KEY=VALUE", value_parser = pair)]
    wanted: Vec<(String, String)>,

    /// Only runs in this state: finished, running, unfinished, failed, damaged or foreign
    #[arg(long, value_parser = State::parse)]
    state: Option<State>,

    /// Only runs with this tag
    #[arg(long)]
    tag: Option<String>,
}

fn pair(text: &str) -> Result<(String, String)> {
    match text.split_once('=') {
        Some((key, "")) if !key.is_empty() => Err(Error::new(format!("'{key}=' has no value"))
            .hint(format!("{key}=null for runs without it, {key}='\"\"' for an empty string"))),
        Some((key, value)) if !key.is_empty() => Ok((key.to_string(), value.to_string())),
        _ => Err(Error::new(format!("expected key=value, got '{text}'"))),
    }
}

impl Filter {
    pub fn accepts(&self, entry: &Entry) -> bool {
        self.state.is_none_or(|state| state == entry.state)
            && self.tag.as_ref().is_none_or(|tag| entry.tags.contains(tag))
            && self.has_settings(entry)
    }

    fn has_settings(&self, entry: &Entry) -> bool {
        if self.wanted.is_empty() {
            return true;
        }
        let settings = self.settings(entry);
        let is_wanted = |(key, wanted): &(String, String)| {
            let value = settings.get(key).unwrap_or(&Value::Null);
            is(value, wanted) || wanted.split(',').any(|wanted| is(value, wanted))
        };
        self.wanted.iter().all(is_wanted)
    }

    /// The settings of a run that the filter needs.
    fn settings(&self, entry: &Entry) -> Map<String, Value> {
        // The result has the most common settings; the configuration is another file to read.
        let told = entry.told();
        let is_plain = |key: &String| told.get(key).is_some_and(|value| !value.is_object());
        match self.wanted.iter().all(|(key, _)| is_plain(key)) {
            true => told.clone(),
            false => entry.all_settings(),
        }
    }

    /// An error if a key is a setting of none of the runs.
    fn check(&self, runs: &[Entry]) -> Result<()> {
        let has = |key: &String| runs.iter().any(|entry| self.settings(entry).contains_key(key));
        let Some((key, _)) = self.wanted.iter().find(|(key, _)| !has(key)) else { return Ok(()) };
        let runs = runs.iter().filter(|e| !matches!(e.state, State::Damaged | State::Foreign));
        let known: BTreeSet<String> =
            runs.flat_map(|entry| entry.all_settings()).map(|s| s.0).collect();
        if known.is_empty() {
            return Ok(());
        }
        let names: Vec<&str> = known.iter().map(String::as_str).collect();
        let near = nearest(key, &names).map(|near| format!("did you mean '{near}'? "));
        let shown: Vec<&str> = names.into_iter().filter(|name| !name.contains('.')).collect();
        Err(Error::new(format!("no run here has a setting '{key}'")).at("--where").hint(format!(
            "{}known: {}",
            near.unwrap_or_default(),
            shown.join(", ")
        )))
    }
}

/// Whether a setting equals the typed text; for a list, one element suffices.
fn is(value: &Value, wanted: &str) -> bool {
    let same_number = |x: f64| wanted.parse::<f64>().is_ok_and(|wanted| wanted == x);
    match value {
        Value::Array(list) => text(value) == wanted || list.iter().any(|value| is(value, wanted)),
        Value::Number(n) => text(value) == wanted || n.as_f64().is_some_and(same_number),
        Value::String(value) => value == wanted || format!("\"{value}\"") == wanted,
        value => text(value) == wanted,
    }
}

/// A setting as it is typed.
pub fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), String::from)
}

/// The runs at or below some folders.
pub fn chosen(folders: &[PathBuf], filter: &Filter) -> Result<Vec<Entry>> {
    let runs = find(folders)?;
    filter.check(&runs)?;
    Ok(runs.into_iter().filter(|entry| filter.accepts(entry)).collect())
}

/// The run in exactly this folder.
pub fn one(folder: &Path) -> Result<Entry> {
    Entry::read(folder).ok_or_else(|| {
        Error::new("this is not the folder of a run")
            .at(folder.display())
            .hint("`compt runs` lists runs")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_setting_is_compared_as_it_is_typed() {
        assert!(is(&json!(8.0), "8") && is(&json!(0.001), "1e-3") && is(&json!("a"), "a"));
        assert!(is(&json!(["pt", "x"]), "x") && is(&json!([1, 2]), "[1,2]"));
        assert!(is(&json!(""), "\"\"") && is(&Value::Null, "null") && is(&json!(true), "true"));
        assert!(!is(&json!(8), "16") && !is(&json!("8a"), "8") && !is(&json!("a"), "A"));
    }

    #[test]
    fn a_value_is_needed() {
        let text = pair("method=").unwrap_err().to_string();
        assert!(text.contains("'method=' has no value") && text.contains("method=null"), "{text}");
        assert_eq!(pair("a=b=c").unwrap(), ("a".into(), "b=c".into()));
        assert!(pair("=x").is_err() && pair("x").is_err());
    }
}
