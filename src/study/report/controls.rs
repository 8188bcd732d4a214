//! The control changes of a run, for the marks of its curves.

use super::texts::Texts;
use crate::records::events::{Change, Event};
use serde_json::{Value, json};

/// `{ step, file, sha256, what, text }` of a change; `text` is an index into `texts`.
pub fn to_json(event: &Event, texts: &mut Texts) -> Value {
    let source = event.sources().first();
    let what = match &event.change {
        Change::Version { because: None, .. } => "version".to_string(),
        Change::Version { because: Some(why), .. } => format!("back to this version: {why}"),
        Change::Table { place, knobs, .. } => {
            let knobs = knobs.as_object().into_iter().flatten();
            let texts: Vec<String> = knobs
                .map(|(name, text)| format!("{name} = {}", text.as_str().unwrap_or_default()))
                .collect();
            format!("the table of {place}: {}", texts.join(", "))
        }
        Change::Set { name, value } if value.is_null() => {
            format!("{name} is set by the control again")
        }
        Change::Set { name, value } => format!("set {name} = {value}"),
        Change::Hold { because, .. } => format!("held: {because}"),
        Change::Part { role, name, .. } => format!("{} {name}", role.name()),
    };
    json!({
        "step": event.step,
        "file": source.map(|source| source.path.display().to_string()),
        "sha256": source.map(|source| &source.sha256),
        "what": what,
        "text": source.map(|source| texts.index(&source.text)),
    })
}
