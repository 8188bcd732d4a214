//! What steered runs, as it is recorded and compared, and how runs are found by their settings.

use crate::program::Study;
use serde_json::{Value, json};
use std::fs;

const STUDY: &str = r#"
local compt, small = require "compt", require "small"
local s = compt.schedule
local clip = compt.args.clip
local t = small.trainer {
  method = compt.methods.ssum { sources = 2, length = 2 }, steps = 8, name = compt.args.name,
  control = {
    temperature = s.linear(5, compt.args.low or 1),
    lr = { router = 0.1, source = 0.1, private = 0.1 },
    clip = clip and function(step) return step > 4 and clip or 1 end or nil,
    task_weights = compt.args.weights and { nli2 = 1, sentiment = 1 } or nil,
  },
}
t:run()
"#;

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_table_is_recorded_as_a_file_is() {
    let study = Study::small(STUDY);
    let (code, _, err) = study.run(&["run", "study.lua", "--out", "out", "--set", "clip=0.5"]);
    assert_eq!((code, err.as_str()), (0, ""));
    let events = lines(&study.text("out/control.jsonl"));
    assert_eq!((events.len(), &events[0]["step"]), (1, &json!(1)));
    let place = events[0]["table"].as_str().unwrap();
    assert!(place.starts_with("small.lua:") || place.starts_with("study.lua:"), "{place}");
    let knobs = &events[0]["knobs"];
    assert_eq!(knobs["temperature"], "linear(5, 1)");
    assert_eq!(knobs["clip"], "a function (study.lua:10)");
    let sources = events[0]["sources"].as_array().unwrap();
    let script = sources.iter().find(|source| source["file"] == "study.lua").expect("the script");
    let copy = format!("out/control/{}.lua", script["sha256"].as_str().unwrap());
    assert_eq!(study.text(&copy), STUDY);
    let metrics = lines(&study.text("out/metrics.jsonl"));
    assert_eq!(
        (&metrics[3]["knobs"]["clip"], &metrics[4]["knobs"]["clip"]),
        (&json!(1.0), &json!(0.5))
    );
    let (code, out, err) = study.run(&["replay", "out"]);
    assert!(code == 0 && out.contains("8 steps repeated, every loss identical"), "{out}{err}");
    let (code, _, err) = study.run(&["resume", "out"]);
    assert_eq!(code, 0, "{err}");
    assert_eq!(lines(&study.text("out/control.jsonl")).len(), 1, "once");
}

#[test]
fn knobs_that_differ_in_any_step_are_told() {
    let study = Study::small(STUDY);
    let run = |out: &str, set: &[&str]| {
        let mut all = vec!["run", "study.lua", "--out", out];
        set.iter().for_each(|set| all.extend(["--set", set]));
        let (code, _, err) = study.run(&all);
        assert_eq!(code, 0, "{err}");
    };
    run("a", &[]);
    run("again", &[]);
    run("low", &["low=2"]);
    run("late", &["clip=0.5"]);
    run("weights", &["weights=true"]);
    let compared = |b: &str| {
        let (code, out, err) = study.run(&["runs", "compare", "a", b]);
        assert_eq!(code, 0, "{err}");
        out
    };
    assert!(
        compared("again").contains("the same in all 8 steps of both runs"),
        "{}",
        compared("again")
    );
    let low = compared("low");
    assert!(
        low.contains("temperature  from step 2 on: 4.4286  ->  4.5714  (7 steps differ"),
        "{low}"
    );
    assert!(low.contains("A 1 to 4.4286") && !low.contains("alike"), "{low}");
    let late = compared("late");
    assert!(late.contains("clip  from step 5 on: 1  ->  0.5  (4 steps differ)"), "{late}");
    let weights = compared("weights");
    assert!(weights.contains("task_weights.nli2  from step 1 on: not set  ->  1"), "{weights}");
    let (_, out, _) = study.run(&["runs", "compare", "a", "late", "--json"]);
    let found: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(found["knobs"]["differ"]["clip"]["first_step"], 5);
    let (code, _, err) = study.run(&["runs", "compare", "a", "./a"]);
    assert!(code == 2 && err.contains("both are the same run"), "{err}");
}

#[test]
fn cells_are_found_by_their_method_whoever_named_it() {
    let grid = r#"
        local compt, small = require "compt", require "small"
        compt.ablate {
          grid = { length = { 1, 2 }, seed = { 1, 2 } },
          run = function(s)
            local named = s.length == 2
            local t = small.trainer {
              method = compt.methods.ssum { sources = 1, length = s.length }, steps = 1, seed = s.seed,
              name = named and "first" or nil,
            }
            t:run()
            return t:evaluate "test"
          end,
        }"#;
    let study = Study::small(grid);
    let (code, _, err) = study.run(&["run", "study.lua"]);
    assert_eq!(code, 0, "{err}");
    let found = |set: &[&str]| {
        let mut all = vec!["runs", "--json"];
        set.iter().for_each(|set| all.extend(["--where", set]));
        let (code, out, err) = study.run(&all);
        assert_eq!(code, 0, "{err}");
        out.lines().count()
    };
    assert_eq!(found(&["method=ssum"]), 4);
    assert_eq!(found(&["method=ssum", "seed=2"]), 2);
    assert_eq!(found(&["length=1.0"]), 2);
    assert_eq!(found(&["method=pt"]), 0);
    let (_, out, _) = study.run(&["runs", "runs"]);
    assert!(out.contains("length"), "{out}");
    for (wanted, words) in [
        ("mehtod=ssum", "did you mean 'method'?"),
        ("shots=", "'shots=' has no value"),
        ("nothing=1", "no run here has a setting 'nothing'"),
    ] {
        let (code, _, err) = study.run(&["runs", "--where", wanted]);
        assert!(code == 2 && err.contains(words), "{wanted}: {err}");
    }
    let (code, _, err) = study.run(&["report", "runs", "--out", "page.html"]);
    assert_eq!(code, 0, "{err}");
    let page = fs::read_to_string(study.path("page.html")).unwrap();
    assert!(page.contains("\"method\":\"ssum\""), "the page names the method");
}
