//! The specification of a run as data: `config.json` in its folder.

use crate::{Error, Result};
use compt_base::data::{Part, Task, TaskSet};
use compt_base::files::json::read_json;
use compt_base::files::source::sha256;
use compt_error::{Context, nearest};
use compt_study::records::folder::{CONFIG, ENVIRONMENT};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// The version of this format; records of compt 0.1.0 have no version and read as 0.
pub const FORMAT: u32 = 2;

/// Every setting of a run, resolved. Unknown keys are refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Specification {
    #[serde(default)]
    pub format: u32,
    /// The library method that created it; `None` for methods of the user.
    #[serde(default)]
    pub library: Option<String>,
    /// The method's table: `name`, and its options, with functions and objects as text.
    pub method: Map<String, Value>,
    pub backbone: BackboneSpec,
    /// `None` if the batches come from a stream.
    pub tasks: Option<TasksSpec>,
    pub name: String,
    pub epochs: Option<u64>,
    /// The option `steps`, if it was set.
    #[serde(default)]
    pub asked_steps: Option<u64>,
    pub batch_size: usize,
    pub seed: u64,
    pub stages: Vec<StageSpec>,
    /// The method's source tasks.
    pub from: Option<TasksSpec>,
    /// The number of optimizer steps of all stages.
    pub steps: u64,
    /// Whether the sources begin with the prefixes of their tasks.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub prefix: bool,
    /// "append" or "prepend".
    pub placement: String,
    /// The maximum source length in tokens.
    pub max_source_length: usize,
    /// The number of batches per optimizer step.
    pub accumulate: usize,
    /// The maximum norm of the gradient; null in JSON means infinity.
    #[serde(deserialize_with = "infinite")]
    pub clip: f64,
    pub dropout: f64,
    pub weight_decay: f64,
    pub length_buckets: bool,
    /// A sampler over rows: a table `{ kind, options of that kind }`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sampler: Option<Value>,
    /// "auto", "padded" or "grouped".
    pub attention: String,
    /// true, false or "auto".
    #[serde(default = "never", skip_serializing_if = "is_never")]
    pub recompute: Value,
    /// A name, or a table `{ kind, options of that kind }`.
    pub optimizer: Value,
    /// "stop", "skip" or "rollback".
    pub non_finite: String,
    /// The evaluation interval in steps; 0: never.
    pub evaluate_every: u64,
    pub evaluate_limit: Option<usize>,
    /// The parameters of each group.
    pub parameters: Map<String, Value>,
    /// A user-defined operator with parameters: `{ name, parameters = { name = shape } }`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<Value>,
    /// A router that is defined in Lua, with parameters: `{ parameters = { name = shape } }`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub router: Option<Value>,
    /// The values of `--set`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub args: Option<Map<String, Value>>,
    /// When checkpoints are written and which are kept; `None` in records of compt 0.1.0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoints: Option<CheckpointSpec>,
    /// How many times a batch may be skipped or the run rolled back; see `non_finite`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub non_finite_tries: Option<u32>,
    /// The path of the control file, or the place where a control table was passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control: Option<ControlSpec>,
    /// The parts that only the script can create: the reasons why a run cannot be rebuilt from this data.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub script: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackboneSpec {
    /// A built-in name, a folder, or a model on the Hub.
    pub name: String,
    pub dtype: String,
    pub device: String,
    /// The model's own configuration, as in its `config.json`.
    pub config: Value,
    /// The commit of a model on the Hub.
    pub revision: Option<String>,
    /// A hash of the weights; `None` for random ones.
    pub fingerprint: Option<String>,
}

/// Task sets: their tasks, how rows were sampled, and findings in the rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TasksSpec {
    pub set: String,
    pub names: Vec<String>,
    pub shots: Option<usize>,
    pub per: Option<String>,
    pub seed: Option<u64>,
    /// The seed of the splits; `None` in records of compt 0.2.0, which used `seed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split_seed: Option<u64>,
    /// Task -> SHA-256 of its rows.
    pub rows: BTreeMap<String, String>,
    /// Of task sets that were added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parts: Option<Vec<PartSpec>>,
    /// Task -> how its rows are converted to text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forms: Option<Map<String, Value>>,
    /// Task -> split -> files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<Map<String, Value>>,
    /// Task -> split -> number of rows without a label or text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipped: Option<Map<String, Value>>,
    /// Task -> number of test rows that are also training rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared: Option<Map<String, Value>>,
    /// The arguments of `compt.tasks` for each part; `None` if they cannot be stored as data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sources: Option<Vec<TaskSource>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartSpec {
    pub set: String,
    pub names: Vec<String>,
    pub shots: Option<usize>,
    pub per: String,
    pub seed: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split_seed: Option<u64>,
}

impl TasksSpec {
    /// The names of the tasks, how their rows were sampled, and a hash of each task's rows.
    pub fn drawn(tasks: &TaskSet) -> TasksSpec {
        let name = |task: &Task| task.name.clone();
        let part = |(part, of): (&Part, &[Task])| PartSpec {
            set: part.name.clone(),
            names: of.iter().map(name).collect(),
            shots: part.shots,
            per: part.per.name().into(),
            seed: part.seed,
            split_seed: Some(part.split_seed),
        };
        let hash = |task: &Task| (task.name.clone(), sha256(task.text().as_bytes()));
        let source = |(part, _): (&Part, &[Task])| {
            part.source.clone().and_then(|source| serde_json::from_value(source).ok())
        };
        TasksSpec {
            set: tasks.name.clone(),
            names: tasks.tasks.iter().map(name).collect(),
            shots: tasks.shared(|part| part.shots).flatten(),
            per: tasks.shared(|part| part.per.name().to_string()),
            seed: tasks.shared(|part| part.seed),
            split_seed: tasks.shared(|part| part.split_seed),
            rows: tasks.tasks.iter().map(hash).collect(),
            parts: (tasks.parts().count() > 1).then(|| tasks.parts().map(part).collect()),
            forms: None,
            files: None,
            skipped: None,
            shared: None,
            sources: tasks.parts().map(source).collect(),
        }
    }

    /// Like [`TasksSpec::drawn`], with the tasks' templates and files, and the findings in their rows.
    pub fn of(tasks: &TaskSet) -> TasksSpec {
        let by_task = |of: &dyn Fn(&Task) -> Option<Value>| -> Option<Map<String, Value>> {
            let some = tasks.tasks.iter().filter_map(|task| Some((task.name.clone(), of(task)?)));
            Some(some.collect())
        };
        TasksSpec {
            forms: by_task(&|task| {
                task.form.as_ref().filter(|form| form.is_plain()).map(|form| json!(form))
            }),
            files: by_task(&|task| (!task.origins.is_empty()).then(|| json!(task.origins))),
            skipped: by_task(&|task| {
                (!task.remarks.skipped.is_empty()).then(|| json!(task.remarks.skipped))
            }),
            shared: by_task(&|task| (task.remarks.shared > 0).then(|| json!(task.remarks.shared))),
            ..TasksSpec::drawn(tasks)
        }
    }
}

/// The arguments of one call of `compt.tasks`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskSource {
    /// A name, a list of names, or definitions by name.
    pub what: Value,
    pub options: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageSpec {
    pub name: String,
    pub steps: u64,
    /// The parameter groups that it trains.
    pub trains: Vec<String>,
}

/// When checkpoints are written, and which are kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckpointSpec {
    /// The interval in steps; 0: one minute.
    pub every: u64,
    /// The number of newest checkpoints to keep.
    pub keep: usize,
    /// The score that selects the best checkpoint: "average", or a task.
    pub best: String,
}

impl Default for CheckpointSpec {
    fn default() -> Self {
        CheckpointSpec { every: 0, keep: 2, best: "average".into() }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum ControlSpec {
    File(String),
    /// A control table of the script, by the place where it was passed.
    Table(String),
}

fn infinite<'de, D: serde::Deserializer<'de>>(value: D) -> std::result::Result<f64, D::Error> {
    Ok(Option::<f64>::deserialize(value)?.unwrap_or(f64::INFINITY))
}

fn never() -> Value {
    Value::Bool(false)
}

fn is_never(recompute: &Value) -> bool {
    *recompute == never()
}

impl Specification {
    /// Reads `config.json` of a run's folder.
    ///
    /// # Errors
    /// The file is missing or is not JSON; a key is unknown (the nearest known one is named), missing or of a
    /// wrong type; the record was written by a later version.
    pub fn read(run: &Path) -> Result<Specification> {
        let path = run.join(CONFIG);
        let value = read_json(&path).map_err(|e| {
            e.hint("the run cannot be opened without it: put the file back, or run the study again")
        })?;
        let format = value["format"].as_u64().unwrap_or(0);
        if format > FORMAT.into() {
            let environment = read_json(&run.join(ENVIRONMENT)).unwrap_or_default();
            let here = env!("CARGO_PKG_VERSION");
            let what = format!("its format is {format}; compt {here} reads formats up to {FORMAT}");
            let hint = match environment["compt"].as_str() {
                Some(version) if version != here => {
                    format!("the run was made by compt {version}: use that version or a later one")
                }
                _ => "the file was edited, or a later build of compt made the run".into(),
            };
            return Err(Error::new(what).at(path.display()).hint(hint));
        }
        if format >= FORMAT.into() && value.get("checkpoints").is_none() {
            return Err(Error::new("the key 'checkpoints' is missing").at(path.display()));
        }
        serde_json::from_value(value).map_err(|e| in_words(&e.to_string())).at(path.display())
    }

    pub fn to_json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// The method's name.
    pub fn method_name(&self) -> &str {
        self.method.get("name").and_then(Value::as_str).unwrap_or("custom")
    }

    /// Why the trainer cannot be rebuilt from this data alone, if so.
    pub fn needs_script(&self) -> Option<String> {
        if self.format < FORMAT {
            return Some("its record is of compt 0.1.0, which does not hold all settings".into());
        }
        if self.library.is_none() {
            return Some(format!("the method '{}' is defined in the script", self.method_name()));
        }
        (!self.script.is_empty()).then(|| self.script.join("; "))
    }

    /// The same for its steps: a control table also needs the script.
    pub fn needs_script_to_step(&self) -> Option<String> {
        let table = || match &self.control {
            Some(ControlSpec::Table(place)) => {
                Some(format!("its control is a table of the script ({place})"))
            }
            _ => None,
        };
        self.needs_script().or_else(table)
    }

    pub fn checkpoints(&self) -> CheckpointSpec {
        self.checkpoints.clone().unwrap_or_default()
    }
}

/// serde's error about a key, with the nearest known key.
fn in_words(message: &str) -> Error {
    let Some(rest) = message.strip_prefix("unknown field `") else {
        return Error::new(message.replace('`', "'"));
    };
    let mut names = rest.split('`').step_by(2);
    let unknown = names.next().unwrap_or_default();
    let known: Vec<&str> = rest.split('`').skip(2).step_by(2).collect();
    let error = Error::new(format!("unknown key '{unknown}'"));
    match nearest(unknown, &known) {
        Some(near) => error.hint(format!("did you mean '{near}'? The file was edited")),
        None => error.hint("the file was edited; remove the key"),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use serde_json::json;

    pub fn example() -> Value {
        json!({
            "format": FORMAT, "library": "ssum", "method": { "name": "ssum" },
            "backbone": { "name": "micro", "dtype": "float32", "device": "cpu", "config": {},
                "revision": null, "fingerprint": "x" },
            "tasks": null, "name": "a", "epochs": null, "batch_size": 4, "seed": 1,
            "stages": [{ "name": "", "steps": 3, "trains": ["router"] }], "from": null, "steps": 3,
            "placement": "append", "max_source_length": 256, "accumulate": 1, "clip": null,
            "dropout": 0.1, "weight_decay": 0.01, "length_buckets": false, "attention": "auto",
            "optimizer": "adamw", "non_finite": "stop", "evaluate_every": 0,
            "evaluate_limit": null, "parameters": { "router": 6 },
            "checkpoints": { "every": 0, "keep": 2, "best": "average" },
        })
    }

    fn read(value: &Value) -> Result<Specification> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(CONFIG), value.to_string()).unwrap();
        Specification::read(folder.path())
    }

    #[test]
    fn a_specification_survives_its_file() {
        let specification = read(&example()).unwrap();
        assert!(!specification.prefix);
        assert_eq!(specification.clip, f64::INFINITY);
        assert_eq!(read(&specification.to_json()).unwrap(), specification);
        assert_eq!(specification.needs_script(), None);
    }

    #[test]
    fn an_edited_record_is_refused_by_key() {
        let mut value = example();
        value["bach_size"] = 4.into();
        let text = read(&value).unwrap_err().to_string();
        assert!(text.contains("unknown key 'bach_size'"), "{text}");
        assert!(text.contains("did you mean 'batch_size'?"), "{text}");
        let mut value = example();
        value.as_object_mut().unwrap().remove("placement");
        let text = read(&value).unwrap_err().to_string();
        assert!(text.contains("config.json: missing field 'placement'"), "{text}");
        let mut value = example();
        value["backbone"]["dytpe"] = "float32".into();
        assert!(read(&value).unwrap_err().to_string().contains("unknown key 'dytpe'"));
    }

    #[test]
    fn records_of_other_versions_are_read_or_named() {
        let mut value = example();
        value.as_object_mut().unwrap().remove("format");
        let old = read(&value).unwrap();
        assert!(old.needs_script().unwrap().contains("compt 0.1.0"));
        value["format"] = 99.into();
        let text = read(&value).unwrap_err().to_string();
        assert!(text.contains("its format is 99") && text.contains("was edited"), "{text}");
    }
}
