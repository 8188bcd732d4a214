//! Which runs are meant.

use crate::run::catalog::{Entry, State, find};
use crate::{Error, Result};
use clap::Args;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// What narrows a list of runs.
#[derive(Args)]
pub struct Filter {
    /// Only runs with this setting; may be given again. `method=pt,ssum` is one or the other
    #[arg(long = "where", value_name = "KEY=VALUE", value_parser = pair)]
    wanted: Vec<(String, String)>,

    /// Only runs in this state: finished, running, unfinished, failed, damaged or foreign
    #[arg(long, value_parser = state)]
    state: Option<State>,

    /// Only runs with this tag
    #[arg(long)]
    tag: Option<String>,
}

fn pair(text: &str) -> Result<(String, String)> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_string(), value.to_string())),
        _ => Err(Error::new(format!("expected key=value, got '{text}'"))),
    }
}

fn state(text: &str) -> Result<State> {
    let found = State::ALL.into_iter().find(|state| state.name() == text);
    found.ok_or_else(|| Error::unknown("state", text, State::ALL.map(State::name)))
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
        // The result alone says what is asked for most; the configuration is a file more.
        let told = entry.told();
        let known = self.wanted.iter().all(|(key, _)| told.contains_key(key));
        let settings = if known { told.clone() } else { entry.settings() };
        self.wanted.iter().all(|(key, wanted)| {
            let value = settings.get(key).map_or("null".to_string(), text);
            wanted.split(',').any(|wanted| wanted == value)
        })
    }
}

/// A setting as it is typed.
pub fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), String::from)
}

/// The runs at or below some folders.
pub fn chosen(folders: &[PathBuf], filter: &Filter) -> Result<Vec<Entry>> {
    let runs = find(folders)?;
    Ok(runs.into_iter().filter(|entry| filter.accepts(entry)).collect())
}

/// The run in this very folder.
pub fn one(folder: &Path) -> Result<Entry> {
    Entry::read(folder).ok_or_else(|| {
        Error::new("this is no run's folder").at(folder.display()).hint("`compt runs` lists runs")
    })
}
