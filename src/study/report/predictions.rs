//! Predictions of many runs; each text is stored once.

use super::texts::Texts;
use crate::records::folder::PREDICTIONS;
use compt_base::data::predictions;
use compt_base::notice;
use compt_base::stop;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::Path;

/// The maximum number of predictions and bytes of text of a page, which must open quickly.
const MOST_PREDICTIONS: usize = 2_000_000;
const MOST_TEXT: usize = 24 << 20;

/// Collects predictions.
#[derive(Default)]
pub struct Predictions {
    sets: Vec<Value>,
    /// Task, split, texts and labels of each set -> its index.
    known: HashMap<(String, String, Vec<String>, Vec<String>), usize>,
    runs: Vec<Value>,
    count: usize,
    bytes: usize,
    /// The number of runs left out because the page is full.
    left_out: usize,
    /// The number of files that could not be read.
    damaged: usize,
}

impl Predictions {
    /// Adds the predictions of a run with its id on the page.
    pub fn add(&mut self, id: &str, run: &Path) {
        let folder = run.join(PREDICTIONS);
        let files = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        let mut names: Vec<String> =
            files.filter_map(|file| file.file_name().into_string().ok()).collect();
        // The evaluation of the full composition comes first.
        names.sort_by_key(|name| (name.matches('.').count(), name.clone()));
        let mut left_out = false;
        for name in names {
            let Some(look) = name.strip_suffix(".jsonl.gz") else { continue };
            if stop::due() {
                break;
            }
            if self.count >= MOST_PREDICTIONS || self.bytes >= MOST_TEXT {
                left_out = true;
                break;
            }
            let (split, look) = look.split_once('.').unwrap_or((look, "total"));
            match predictions::read(&folder.join(&name)) {
                Ok(tasks) => {
                    tasks.into_iter().for_each(|task| self.add_task(id, split, look, task));
                }
                Err(e) => {
                    notice::say_once(&format!("note: predictions are omitted: {e}"));
                    self.damaged += 1;
                }
            }
        }
        self.left_out += usize::from(left_out);
    }

    fn add_task(&mut self, id: &str, split: &str, look: &str, task: predictions::Predictions) {
        let predictions::Predictions { task, labels, text, label, prediction, .. } = task;
        self.count += prediction.len();
        let mut words = Texts::default();
        let answer: Vec<usize> = prediction.into_iter().map(|word| words.index(&word)).collect();
        let key = (task, split.to_string(), text, label);
        let set = match self.known.get(&key) {
            Some(set) => *set,
            None => {
                let (task, split, text, label) = &key;
                self.bytes += text.iter().map(String::len).sum::<usize>();
                let mut words = Texts(labels);
                let label: Vec<usize> = label.iter().map(|l| words.index(l)).collect();
                self.sets.push(json!({
                    "task": task, "split": split, "texts": text, "labels": words.0, "label": label,
                }));
                self.known.insert(key, self.sets.len() - 1);
                self.sets.len() - 1
            }
        };
        let look = look.replacen('-', " ", 1);
        self.runs.push(json!({
            "run": id, "set": set, "look": look, "answers": words.0, "answer": answer,
        }));
    }

    /// `{ sets, runs }`, and a note on missing predictions, if any.
    pub fn into_json(self) -> (Value, Option<String>) {
        let mut missing = Vec::new();
        if self.left_out > 0 {
            missing.push(format!(
                "the predictions of {} runs, or some of them, are omitted: a page has at most \
                 {MOST_PREDICTIONS} predictions",
                self.left_out
            ));
        }
        if self.damaged > 0 {
            missing.push(format!("{} files of predictions cannot be read", self.damaged));
        }
        let missing = (!missing.is_empty()).then(|| missing.join("; "));
        (json!({ "sets": self.sets, "runs": self.runs }), missing)
    }
}
