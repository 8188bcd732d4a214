//! The model card of an exported folder, `README.md`: the metadata that the hub reads, as `peft` writes it, the
//! tasks, and how to load the folder.

use crate::exchange::{Base, Note};
use compt_base::notice;
use std::fmt::Write;
use std::path::Path;

pub(super) const CARD: &str = "README.md";

/// Marks cards that this program wrote and may replace.
const MARK: &str = "<!-- This model card was written by compt. Remove this line to keep your own version of it. -->";

/// What a folder has.
pub struct Card<'a> {
    /// The tag of the adapter's type on the hub, and a line on the content.
    pub tag: String,
    pub content: String,
    pub base: &'a Base,
    /// The tasks in the order of their ids, with the method and the scores of the run.
    pub tasks: Vec<(&'a str, &'a Note)>,
}

impl Card<'_> {
    /// The text of a folder's card; nothing if the folder has one that this program did not write: it is kept, with a
    /// note.
    pub(super) fn text(&self, folder: &Path) -> Option<String> {
        let path = folder.join(CARD);
        let is_own = match std::fs::read(&path) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).contains(MARK),
            Err(e) => e.kind() == std::io::ErrorKind::NotFound,
        };
        match is_own {
            false => {
                let path = path.display();
                notice::say(&format!("note: {path} is kept: it was not written by compt"));
                None
            }
            true => Some(format!("{}{MARK}\n\n{}{}", self.metadata(), self.tables(), self.usage())),
        }
    }

    /// The name of the backbone on the hub; one of another origin has no commit.
    fn on_hub(&self) -> Option<&str> {
        self.base.revision.as_ref().map(|_| self.base.name.as_str())
    }

    fn metadata(&self) -> String {
        let base = self.on_hub().map(|name| format!("base_model: {name}\n")).unwrap_or_default();
        let mut tags = vec!["compt".to_string(), self.tag.clone()];
        tags.extend(self.on_hub().map(|name| format!("base_model:adapter:{name}")));
        tags.sort();
        let tags: String = tags.iter().map(|tag| format!("- {tag}\n")).collect();
        format!("---\n{base}library_name: peft\ntags:\n{tags}---\n\n")
    }

    fn tables(&self) -> String {
        let names: Vec<&str> = self.tasks.iter().map(|task| task.0).collect();
        let title = if names.is_empty() { "adapter".to_string() } else { names.join(", ") };
        let mut text = format!("# {title}\n\n{}\n\n", self.content);
        if let Some(method) = self.tasks.iter().find_map(|task| task.1.method.as_ref()) {
            let _ = writeln!(text, "Trained with the method `{method}` of compt.\n");
        }
        if !names.is_empty() {
            text.push_str("| task id | task | test scores, percent |\n| --- | --- | --- |\n");
        }
        for (id, (name, note)) in self.tasks.iter().enumerate() {
            let scores = note.scores.get(*name).and_then(|found| found.as_object());
            let scores: Vec<String> = scores
                .into_iter()
                .flatten()
                .filter_map(|(metric, value)| Some(format!("{metric} {:.1}", value.as_f64()?)))
                .collect();
            let scores = if scores.is_empty() { "not measured".into() } else { scores.join(", ") };
            let name = name.replace('|', "\\|");
            let _ = writeln!(text, "| {id} | {name} | {scores} |");
        }
        if self.tasks.iter().any(|task| task.1.placement.as_deref() == Some("append")) {
            text.push_str(
                "\nThe prompts were trained after the input. `peft` places them before it, where scores differ.\n",
            );
        }
        text
    }

    fn usage(&self) -> String {
        let name = self.on_hub().unwrap_or("BACKBONE");
        let which = match self.on_hub() {
            Some(_) => String::new(),
            None => format!("`BACKBONE` is `{}`.\n\n", self.base.name),
        };
        let ids = match self.tasks.len() {
            0 | 1 => "model.generate(**inputs)",
            _ => "model.generate(**inputs, task_ids=torch.tensor([0]))  # the task id of each row",
        };
        let import = if self.tasks.len() > 1 { "import torch\n" } else { "" };
        format!(
            "\n## Use\n\n{which}```python\n{import}from peft import PeftModel\n\
             from transformers import AutoModelForSeq2SeqLM, AutoTokenizer\n\n\
             tokenizer = AutoTokenizer.from_pretrained(\"{name}\")\n\
             inputs = tokenizer(\"INPUT, in the form of the task\", return_tensors=\"pt\")\n\
             model = AutoModelForSeq2SeqLM.from_pretrained(\"{name}\")\n\
             model = PeftModel.from_pretrained(model, \"THIS_FOLDER\")\n{ids}\n```\n"
        )
    }
}
