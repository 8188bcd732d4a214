//! `compt predict`: a run's prompt answers new rows as its evaluation did.

mod program;

use program::{Study, compt};
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

fn predict(study: &Study, arguments: &[&str], input: impl AsRef<[u8]>) -> (i32, String, String) {
    let mut command = compt(&[&["predict"], arguments].concat());
    command.current_dir(study.0.path()).stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // It may end before it has read everything.
    let _ = child.stdin.take().unwrap().write_all(input.as_ref());
    program::read(child.wait_with_output().unwrap())
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
    assert_eq!((code, err.contains("say which: --task ")), (1, true), "{err}");
    let (code, _, err) = predict(&study, &["out", "--task", "sentimnt"], "");
    assert_eq!((code, err.contains("did you mean 'sentiment'?")), (1, true), "{err}");
    let (code, _, err) = predict(&study, &["out", "--task", "nli3"], "one\n");
    assert_eq!(code, 1);
    assert!(err.contains("line 1 of the input: the task reads "), "{err}");
    let (code, out, err) = predict(&study, &["out", "--task", "nli3"], "\n{\"premis\": 1}\n");
    assert_eq!((code, &out[..]), (1, ""));
    assert!(err.contains("line 2 of the input: no field '"), "{err}");
    let (code, _, err) = predict(&study, &["nowhere", "--task", "nli3"], "");
    assert_eq!((code, err.contains("nowhere: this is no run's folder")), (1, true), "{err}");
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
