//! The metadata of a prompt file.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The key of the note in a file's header.
pub(crate) const NOTE: &str = "compt.prompts";
/// The version of the note; a later one may have fields that this program does not know.
pub(crate) const VERSION: u32 = 1;

/// The metadata of prompts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Note {
    pub version: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The name of the trainer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<String>,
    /// "append" or "prepend".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub placement: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backbone: Option<Base>,
    /// Task -> metric -> score in percent, on the test rows; a task's main metric is the first.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub scores: Map<String, Value>,
}

/// The backbone that prompts are for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Base {
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub d_model: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub num_layers: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub num_heads: Option<i64>,
}

impl Note {
    /// Reads it from a run's settings (`config.json`) and result (`result.json`).
    pub fn of_run(config: &Value, result: &Value) -> Note {
        let text = |value: &Value| value.as_str().map(String::from);
        let backbone = &config["backbone"];
        let number = |key: &str| backbone["config"][key].as_i64();
        let tasks = config["tasks"]["names"].as_array().into_iter().flatten();
        Note {
            version: VERSION,
            method: text(&config["method"]["name"]),
            name: text(&config["name"]),
            tasks: tasks.filter_map(text).collect(),
            placement: text(&config["placement"]),
            backbone: text(&backbone["name"]).map(|name| Base {
                name,
                revision: text(&backbone["revision"]),
                fingerprint: text(&backbone["fingerprint"]),
                d_model: number("d_model"),
                num_layers: number("num_layers"),
                num_heads: number("num_heads"),
            }),
            scores: result["scores"].as_object().cloned().unwrap_or_default(),
        }
    }

    /// Of some prompts: that of the first, with the tasks and scores of all.
    pub(crate) fn of_all<'a>(notes: impl Iterator<Item = &'a Note>) -> Note {
        let mut whole: Option<Note> = None;
        for note in notes {
            match &mut whole {
                None => whole = Some(note.clone()),
                Some(whole) => {
                    whole.tasks.extend(note.tasks.clone());
                    whole.scores.extend(note.scores.clone());
                }
            }
        }
        Note { version: VERSION, ..whole.unwrap_or_default() }
    }

    /// The part that applies to one prompt.
    pub fn of_one(&self, prompt: &str) -> Note {
        let mut note = self.clone();
        note.scores.retain(|task, _| task == prompt);
        note.tasks.retain(|task| task == prompt);
        note
    }

    /// The score of a task by its main metric.
    pub fn score(&self, task: &str) -> Option<f64> {
        self.scores.get(task)?.as_object()?.values().next()?.as_f64()
    }

    /// The display name of the backbone.
    pub fn backbone_name(&self) -> Option<&str> {
        self.backbone.as_ref().map(|base| base.name.as_str())
    }
}
