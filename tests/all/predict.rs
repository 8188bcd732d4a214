//! `compt predict`: a run's prompt answers new rows as its evaluation did.

use crate::program::{Study, compt, read};
use serde_json::Value;
use std::io::Write;
use std::process::Stdio;

const STUDY: &str = r#"
local compt, small = require "compt", require "small"
local t = compt.trainer {
  backbone = compt.backbone "micro", tasks = compt.tasks("micro", {
    tasks = { "sentiment", "nli3" }, shots = 8, seed = 1, max_test = 40 }),
  method = compt.methods.ssum { sources = 2, length = 3, lr = { router = 0.05, source = 0.05, private = 0.05 } },
  steps = 20, progress = false,
}
t:run()
local found = t:evaluate "test"
for _, task in ipairs { "sentiment", "nli3" } do
  for _, p in ipairs(found.predictions[task]) do
    print(task, p.source, p.prediction)
  end
end
"#;

pub fn predict(
    study: &Study,
    arguments: &[&str],
    input: impl AsRef<[u8]>,
) -> (i32, String, String) {
    let mut command = compt(&[&["predict"], arguments].concat());
    command.current_dir(study.0.path()).stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // It may end before it has read everything.
    let _ = child.stdin.take().unwrap().write_all(input.as_ref());
    read(child.wait_with_output().unwrap())
}

#[test]
fn without_an_output_the_rest_is_not_predicted() {
    let study = Study::small(STUDY);
    assert_eq!(study.run(&["run", "study.lua", "--out", "out"]).0, 0);
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let mut command = compt(&["predict", "out", "--task", "sentiment", "--batch", "1"]);
    command.current_dir(study.0.path()).stdin(Stdio::piped()).stdout(full).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // The pipe stays open: it ends without waiting for more.
    let mut input = child.stdin.take().unwrap();
    input.write_all(b"a fine story\na dull story\n").unwrap();
    let (code, _, err) = read(child.wait_with_output().unwrap());
    drop(input);
    assert!(code == 1 && err.starts_with("compt: standard output could not be written"), "{err}");
}

#[test]
fn a_run_answers_as_it_was_evaluated() {
    let study = Study::small(STUDY);
    let (code, told, err) = study.run(&["run", "study.lua", "--out", "out"]);
    assert_eq!(code, 0, "{err}");
    let rows: Vec<Vec<&str>> = told.lines().map(|line| line.split('\t').collect()).collect();
    let of = |task: &str| rows.iter().filter(|row| row[0] == task).cloned().collect::<Vec<_>>();
    let text = |source: &str| source.split_once(" : ").unwrap().1.to_string();
    let sentiment = of("sentiment");
    assert!(sentiment.len() == 40 && of("nli3").len() == 40);

    let lines: String = sentiment.iter().map(|row| text(row[1]) + "\n").collect();
    let (code, out, err) = predict(&study, &["out", "--task", "sentiment", "--batch", "7"], &lines);
    assert_eq!(code, 0, "{err}");
    let answers: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), 40);
    for (answer, row) in answers.iter().zip(&sentiment) {
        assert_eq!(answer["prediction"], row[2], "{answer}");
        let scores: Vec<(&String, f64)> = answer["scores"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(word, share)| (word, share.as_f64().unwrap()))
            .collect();
        assert!((scores.iter().map(|s| s.1).sum::<f64>() - 1.0).abs() < 1e-9);
        let best = scores.iter().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
        assert_eq!(answer["prediction"], **best.0, "one of two words: {answer}");
    }

    let (code, _, err) = predict(&study, &["out"], "");
    assert_eq!((code, err.contains("specify one: --task ")), (2, true), "{err}");
    let (code, _, err) = predict(&study, &["out", "--task", "sentimnt"], "");
    assert_eq!((code, err.contains("did you mean 'sentiment'?")), (2, true), "{err}");
    let (code, _, err) = predict(&study, &["out", "--task", "nli3"], "one\n");
    assert_eq!(code, 1);
    assert!(err.contains("line 1 of the input: the task reads "), "{err}");
    let (code, out, err) = predict(&study, &["out", "--task", "nli3"], "\n{\"premis\": 1}\n");
    assert_eq!((code, &out[..]), (1, ""));
    assert!(err.contains("line 2 of the input: no field '"), "{err}");
    let (code, _, err) = predict(&study, &["nowhere", "--task", "nli3"], "");
    assert_eq!(
        (code, err.contains("nowhere: this is not the folder of a run")),
        (2, true),
        "{err}"
    );
    // Lines keep step, and what comes before a bad one is answered.
    let (code, out, _) = predict(&study, &["out", "--task", "sentiment"], "a\n\nb\n");
    assert_eq!((code, out.lines().count()), (0, 3));
    let (code, out, err) = predict(&study, &["out", "--task", "sentiment"], "a\n{\"x\": 1}\nb\n");
    assert_eq!((code, out.lines().count()), (1, 1));
    assert!(err.contains("line 2 of the input: no field"), "{err}");

    // What tasks read is read: marks, carriage returns, NaN, an array.
    let answered = |input: &[u8]| {
        let (code, out, err) = predict(&study, &["out", "--task", "sentiment"], input);
        assert_eq!(code, 0, "{err}");
        let answers = out.lines().map(|line| serde_json::from_str(line).unwrap());
        answers.map(|row: Value| row["prediction"].clone()).collect::<Vec<_>>()
    };
    let field = if told.contains("sentence : ") { "sentence" } else { "text" };
    let row = |text: &str| format!("{{\"{field}\": \"{text}\", \"score\": NaN}}");
    let (a, b) = (row("the dog is good"), row("the dog is bad"));
    let plain = answered(format!("{a}\n{b}\n").as_bytes());
    assert_eq!(answered(format!("\u{feff}{a}\r\n{b}\r\n").as_bytes()), plain);
    assert_eq!(answered(format!("[\n{a},\n{b}\n]").as_bytes()), plain);
    assert_eq!(answered("\u{feff}the dog is good\r\nthe dog is bad".as_bytes()), plain);

    let refused = |input: &[u8], lines: usize, expected: &str| {
        let (code, out, err) = predict(&study, &["out", "--task", "sentiment"], input);
        assert_eq!((code, out.lines().count()), (1, lines), "{err}");
        assert!(err.contains(expected), "{err}");
    };
    let null = format!("{a}\n\n{{\"{field}\": null}}\n");
    refused(null.as_bytes(), 2, &format!("line 3 of the input: no text: '{field}' is null"));
    let list = format!("{{\"{field}\": [1]}}\n");
    refused(list.as_bytes(), 0, &format!("line 1 of the input: field '{field}' holds a list"));
    refused(b"a\ncaf\xe9\n", 1, "line 2 of the input: not UTF-8 (byte 0xE9)");
    refused(b"\xff\xfea\0\n\0", 0, "the input: it is UTF-16, not UTF-8");
}

/// The recorded form of the only task, changed.
fn with_labels(study: &Study, labels: Value) {
    let path = study.0.path().join("out/config.json");
    let mut config: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    config["tasks"]["forms"]["sentiment"]["labels"]["words"] = labels;
    std::fs::write(&path, config.to_string()).unwrap();
}

#[test]
fn label_words_are_those_of_the_task_or_refused() {
    let study = Study::small(&STUDY.replace("\"sentiment\", \"nli3\"", "\"sentiment\""));
    let (code, _, err) = study.run(&["run", "study.lua", "--out", "out"]);
    assert_eq!(code, 0, "{err}");
    let answers = || {
        let (code, out, err) =
            predict(&study, &["out"], "a warm and funny story .\nbob hates it .\n");
        assert_eq!(code, 0, "{err}");
        out.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<Value>>()
    };
    let plain = answers();
    // White space is no part of a word, but the task's word is what is told.
    with_labels(&study, serde_json::json!([" positive", "negative\u{a0}"]));
    for (answer, was) in answers().iter().zip(&plain) {
        let wanted = match was["prediction"].as_str().unwrap() {
            "positive" => " positive",
            _ => "negative\u{a0}",
        };
        assert_eq!(answer["prediction"], wanted);
        assert_eq!(answer["scores"][wanted], was["scores"][wanted.trim()]);
    }
    with_labels(&study, serde_json::json!(["👍", "👎"]));
    let (code, out, err) = predict(&study, &["out"], "a\n");
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.contains("the label words '👍' and '👎' have the same tokens"), "{err}");
}

#[test]
fn sets_that_are_added_up_are_recorded_each_and_answered_by_task() {
    let study = Study::small(
        r#"
local compt = require "compt"
local a = compt.tasks("micro", { tasks = { "sentiment" }, shots = 8, seed = 1, max_test = 4 })
local b = compt.tasks({ "nli3" }, { shots = 2, per = "class", seed = 5, max_test = 4 })
local t = compt.trainer { backbone = compt.backbone "micro", tasks = a + b,
  method = compt.methods.ssum { sources = 2, length = 3 }, steps = 4, batch_size = 4, progress = false }
t:run()
print(t:evaluate("test").counts.nli3)
"#,
    );
    let (code, out, err) = study.run(&["run", "study.lua", "--out", "out"]);
    assert_eq!((code, out.as_str()), (0, "4\n"), "{err}");
    let config = std::fs::read_to_string(study.0.path().join("out/config.json")).unwrap();
    let tasks = serde_json::from_str::<Value>(&config).unwrap()["tasks"].clone();
    assert_eq!(tasks["set"], "micro+nli3");
    assert_eq!(tasks["names"], serde_json::json!(["sentiment", "nli3"]));
    assert!(tasks["shots"].is_null() && tasks["per"].is_null() && tasks["seed"].is_null());
    let parts = serde_json::json!([
        { "set": "micro", "names": ["sentiment"], "shots": 8, "per": "task", "seed": 1, "split_seed": 0 },
        { "set": "nli3", "names": ["nli3"], "shots": 2, "per": "class", "seed": 5, "split_seed": 0 },
    ]);
    assert_eq!(tasks["parts"], parts);
    let (code, _, err) = study.run(&["replay", "out"]);
    assert_eq!(code, 0, "{err}");
    let (code, out, err) = predict(
        &study,
        &["out", "--task", "nli3"],
        "{\"premise\": \"a\", \"hypothesis\": \"b\"}\n",
    );
    assert_eq!((code, out.lines().count()), (0, 1), "{err}");
    let (code, _, err) = study.run(&["eval", "out", "--task", "sentiment"]);
    assert_eq!(code, 0, "{err}");
}
