//! The pages of docs/reference name everything that the program has: commands, knobs, keys, variables.

use crate::program::pages::Page;
use crate::program::{Study, compt, read, root};
use compt_core::train::knobs::KNOBS;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

#[test]
fn every_command_is_in_the_overview() {
    let page = Page::read("docs/reference/command-line.md").text;
    let (_, help, _) = read(compt(&["--help"]).output().unwrap());
    let list = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let names: Vec<&str> = list.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(names.len() > 15, "{help}");
    for name in names {
        assert!(page.contains(&format!("| `compt {name}`")), "{name}");
    }
}

#[test]
fn every_knob_is_in_the_table() {
    let page = Page::read("docs/reference/knobs.md").text;
    for knob in &KNOBS {
        assert!(page.contains(&format!("| `{}`", knob.name)), "{}", knob.name);
    }
}

/// The part of a page below a heading.
fn part<'a>(page: &'a str, title: &str) -> &'a str {
    let heading = format!("\n## {title}\n");
    let part = page.split(heading.as_str()).nth(1).unwrap_or_else(|| panic!("no part '{title}'"));
    part.split("\n## ").next().unwrap()
}

#[track_caller]
fn names_keys(page: &str, file: &str, record: &Value) {
    let part = part(page, file);
    for key in record.as_object().unwrap().keys() {
        assert!(part.contains(&format!("`{key}`")), "{file}: {key}");
    }
}

#[test]
fn every_file_and_key_of_a_run_is_named() {
    let study = Study::small(
        r#"
local compt, small = require "compt", require "small"
compt.ablate {
  name = "g", grid = { seed = { 1 } },
  run = function(s)
    local t = compt.trainer {
      backbone = small.backbone(), tasks = small.tasks(), method = compt.methods.ssum { sources = 2, length = 3 },
      steps = 2, batch_size = 4, progress = false, control = { clip = 1 }, checkpoint_every = 1,
    }
    t:run()
    return t:evaluate "test"
  end,
}
"#,
    );
    let (code, _, err) = study.run(&["run", "study.lua", "--out", "runs"]);
    assert_eq!(code, 0, "{err}");
    let page = Page::read("docs/reference/run-folder.md").text;
    let cells: Vec<_> =
        fs::read_dir(study.path("runs")).unwrap().map(|e| e.unwrap().path()).collect();
    let cell = cells.iter().find(|path| path.join("cell.json").is_file()).unwrap();
    for entry in fs::read_dir(cell).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let name = if entry.path().is_dir() { format!("{name}/") } else { name };
        assert!(page.contains(&format!("`{name}`")), "{name}");
    }
    let record = |name: &str| -> Value {
        let text = fs::read_to_string(cell.join(name)).unwrap();
        let text = if name.ends_with(".jsonl") { text.lines().next().unwrap() } else { &text };
        serde_json::from_str(text).unwrap()
    };
    for name in [
        "config.json",
        "metrics.jsonl",
        "result.json",
        "environment.json",
        "session.json",
        "control.jsonl",
        "cell.json",
    ] {
        names_keys(&page, name, &record(name));
    }
    for (key, within) in
        [("backbone", "config.json"), ("tasks", "config.json"), ("cpu", "environment.json")]
    {
        names_keys(&page, within, &record(within)[key]);
    }
}

/// The variables of compt's own in the sources.
fn variables(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            variables(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let words = text.split('"').filter(|word| word.starts_with("COMPT_"));
            found.extend(
                words.filter(|word| word.len() > 6 && !word.contains(' ')).map(String::from),
            );
        }
    }
}

#[test]
fn every_variable_is_named() {
    let page = Page::read("docs/reference/environment.md").text;
    let mut found = BTreeSet::new();
    variables(&root().join("src"), &mut found);
    assert!(found.len() > 5, "{found:?}");
    for name in found {
        assert!(page.contains(&format!("`{name}`")), "{name}");
    }
}
