//! Runs of tasks of free text and of metrics of the user, opened again.

use crate::predict::predict;
use crate::program::Study;
use serde_json::Value;
use std::fs;

const STUDY: &str = r#"
local compt = require "compt"
local rows = {
  { question = "who has a dog ?", label = { "bob", "Bob Smith" } }, { question = "where is ann ?", label = "the park" },
}
local task = {
  fields = { "question" }, labels = "text", max_target_length = 6, rows = { train = rows, test = rows },
  generation = { num_beams = 2, min_new_tokens = 2 },
}
local metrics = compt.args.own and require("metrics") or { "token_f1", "rougeL" }
task.metrics = metrics
local t = compt.trainer {
  backbone = compt.backbone "micro", steps = 2, progress = false, name = "qa",
  tasks = compt.tasks { qa = task }, method = compt.methods.pt { length = 3 },
}
t:run()
t:evaluate "test"
"#;

const METRICS: &str = r#"
local compt = require "compt"
compt.metric.define("own", {
  scores = { "letters", "f1" },
  compute = function(predictions, references, rows)
    local letters = 0
    for i, said in ipairs(predictions) do letters = letters + #said + #rows[i].question end
    return { letters = letters, f1 = compt.metric.score("token_f1", predictions, references) }
  end,
})
return { "own", "exact_match" }
"#;

fn made(own: bool) -> (Study, Value) {
    let study = Study::small(STUDY);
    fs::write(study.path("metrics.lua"), METRICS).unwrap();
    let set = if own { "own=true" } else { "own=false" };
    let (code, _, err) = study.run(&["run", "study.lua", "--out", "out", "--set", set]);
    assert_eq!(code, 0, "{err}");
    let result = serde_json::from_str(&study.text("out/qa/result.json")).unwrap();
    (study, result)
}

fn evaluated(study: &Study) -> (Value, String) {
    let (code, out, err) = study.run(&["eval", "out/qa", "--json"]);
    assert_eq!(code, 0, "{out}{err}");
    (serde_json::from_str(&out).unwrap(), err)
}

#[test]
fn a_run_of_free_text_is_opened_without_its_script() {
    let (study, result) = made(false);
    fs::remove_file(study.path("study.lua")).unwrap();
    let (found, err) = evaluated(&study);
    assert!(!err.contains("is run again"), "{err}");
    assert_eq!(found["scores"], result["scores"]);
    assert!(found["scores"]["qa"]["rougeL"].is_number(), "{found}");
    let rows = r#"{ "question": "who has a dog ?" }"#;
    let (code, out, err) = predict(&study, &["out/qa"], rows);
    let answer: Value = serde_json::from_str(&out).unwrap_or_else(|e| panic!("{e}: {out}{err}"));
    assert!(code == 0 && answer["scores"].is_null(), "{out}{err}");
    let recorded = study.text("out/qa/config.json");
    assert!(recorded.contains("\"max_target_length\""), "{recorded}");
}

#[test]
fn a_metric_of_the_user_comes_with_the_script_of_its_run() {
    let (study, result) = made(true);
    let names: Vec<&String> = result["scores"]["qa"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["letters", "f1", "exact_match"]);
    assert_eq!(result["average"], result["scores"]["qa"]["letters"]);
    for name in ["study.lua", "metrics.lua"] {
        fs::remove_file(study.path(name)).unwrap();
    }
    let (found, err) = evaluated(&study);
    assert!(err.contains("the metric 'own' is a function of the script"), "{err}");
    assert_eq!(found["scores"], result["scores"]);
}
