//! `compt.load_run`: a run answers new rows, and is evaluated again, in a session of another process.

use crate::predict::predict;
use crate::program::Study;
use serde_json::Value;
use std::fs;

const STUDY: &str = r#"
local compt = require "compt"
local t = compt.trainer {
  backbone = compt.backbone "micro", tasks = compt.tasks({
    own = { fields = { "text" }, labels = { "bad", "good" }, files = { train = "data/train.jsonl", test = "data/test.jsonl" } },
    pair = { fields = { "a", "b" }, labels = { "no", "yes" }, files = { train = "data/train.jsonl", test = "data/test.jsonl" } },
  }, { validation_size = 0 }),
  method = METHOD, steps = 6, batch_size = 4, progress = false, evaluate_every = compt.args.every or 0,
}
t:run()
local evaluated = t:evaluate "test"
local texts = {}
for i, p in ipairs(evaluated.predictions.own) do texts[i] = p.source:match "^text : (.*)$" or p.source:match "^text: (.*)$" end
for _, one in ipairs(t:predict { task = "own", text = texts, batch = 3 }) do
  print(one.row.text, one.prediction, ("%.17g %.17g"):format(one.scores.bad, one.scores.good))
end
"#;

/// The study with data of its own.
fn study(method: &str) -> Study {
    let study = Study::small(&STUDY.replace("METHOD", method));
    fs::create_dir(study.path("data")).unwrap();
    let row = |i: usize| {
        let (text, label) = if i.is_multiple_of(2) { ("likes", 1) } else { ("hates", 0) };
        let name = ["bob", "mia", "ann", "carl", "the old dog"][i % 5];
        format!(
            "{{\"text\": \"{name} {text} song {i} .\", \"a\": \"{name}\", \"b\": \"{text}\", \"label\": {label}}}\n"
        )
    };
    fs::write(study.path("data/train.jsonl"), (0..12).map(row).collect::<String>()).unwrap();
    fs::write(study.path("data/test.jsonl"), (12..19).map(row).collect::<String>()).unwrap();
    study
}

/// Prints the predictions of a loaded run for the texts that the script printed.
const LOADED: &str = r#"
local compt = require "compt"
local run, texts = compt.load_run "out", {}
for line in io.lines "texts.txt" do texts[#texts + 1] = line end
for _, one in ipairs(run:predict { task = "own", text = texts, batch = 3 }) do
  print(one.row.text, one.prediction, ("%.17g %.17g"):format(one.scores.bad, one.scores.good))
end
"#;

#[test]
fn a_trainer_a_loaded_run_and_the_command_give_the_same_numbers() {
    let study = study("compt.methods.ssum { sources = 2, length = 3 }");
    let (code, told, err) = study.run(&["run", "study.lua", "--out", "out"]);
    assert_eq!(code, 0, "{err}");
    let lines: Vec<Vec<&str>> = told.lines().map(|line| line.split('\t').collect()).collect();
    assert_eq!(lines.len(), 7);
    let texts: String = lines.iter().map(|line| format!("{}\n", line[0])).collect();
    fs::write(study.path("texts.txt"), &texts).unwrap();
    let (code, out, err) = predict(&study, &["out", "--task", "own", "--batch", "3"], &texts);
    assert_eq!(code, 0, "{err}");
    let answers: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for (line, answer) in lines.iter().zip(&answers) {
        assert_eq!(
            (line[0], line[1]),
            (answer["text"].as_str().unwrap(), answer["prediction"].as_str().unwrap())
        );
        let scores: Vec<f64> = line[2].split(' ').map(|score| score.parse().unwrap()).collect();
        assert_eq!(answer["scores"]["bad"].as_f64().unwrap(), scores[0]);
        assert_eq!(answer["scores"]["good"].as_f64().unwrap(), scores[1]);
    }
    // Neither the data nor the script is needed, and none of it is run.
    fs::rename(study.path("data"), study.path("moved")).unwrap();
    fs::remove_file(study.path("study.lua")).unwrap();
    fs::write(study.path("loaded.lua"), LOADED).unwrap();
    let (code, out, err) = study.run(&["run", "loaded.lua"]);
    assert_eq!((code, &out, err.contains("note:")), (0, &told, false), "{err}");
    // Where the trainer is needed, what it lacks is named.
    for asked in [
        "run:evaluate()",
        "run:trainer()",
        "run:predict { task = 'own', text = 'a', only = 'private' }",
    ] {
        let code = format!("local run = require('compt').load_run 'out' print({asked})");
        let (code, _, err) = study.run(&["-e", &code]);
        assert!(
            code == 1 && err.contains("tasks") && err.contains("train.jsonl"),
            "{asked}: {err}"
        );
    }
    fs::rename(study.path("moved"), study.path("data")).unwrap();
    let code = "local run = require('compt').load_run('out', { device = 'cpu' })
        local t = run:trainer()
        print(run:evaluate('test', { limit = 3 }).counts.own, t.steps, t:prompt('own').shape[1], #run.history.loss:tolist())
        print(run:predict({ task = 'own', text = 'a', only = 'src0' })[1].prediction == t:predict({ task = 'own', text = 'a', only = 'src0' })[1].prediction)
        print(pcall(t.step, t))";
    let (code, out, err) = study.run(&["-e", code]);
    assert_eq!(code, 0, "{err}");
    assert!(out.starts_with("3\t6\t3\t6\ntrue\nfalse\t"), "{out}");
    assert!(out.contains("was loaded to look at it: it makes no steps"), "{out}");
}

#[test]
fn a_method_of_changes_is_rebuilt_to_answer() {
    let study = study("compt.methods.lora { rank = 1 }");
    let (code, told, err) = study.run(&["run", "study.lua", "--out", "out"]);
    assert_eq!(code, 0, "{err}");
    let texts: String =
        told.lines().map(|line| format!("{}\n", line.split('\t').next().unwrap())).collect();
    fs::write(study.path("texts.txt"), texts).unwrap();
    fs::write(study.path("loaded.lua"), LOADED).unwrap();
    // Relative paths start from the folder in which the run was started.
    let elsewhere = study.path("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    for name in ["texts.txt", "loaded.lua"] {
        fs::rename(study.path(name), elsewhere.join(name)).unwrap();
    }
    let moved = LOADED.replace("\"out\"", "\"../out\"");
    fs::write(elsewhere.join("loaded.lua"), moved).unwrap();
    let mut command = crate::program::compt(&["run", "loaded.lua"]);
    let output = command.current_dir(&elsewhere).output().unwrap();
    let (code, out, err) = crate::program::read(output);
    assert_eq!((code, out), (0, told), "{err}");
}

#[test]
fn a_script_that_loads_a_run_goes_on_as_before() {
    let study = study("compt.methods.ssum { sources = 2, length = 3 }");
    let (code, _, err) = study.run(&["run", "study.lua", "--out", "out"]);
    assert_eq!(code, 0, "{err}");
    let losses = r#"
local compt, small = require "compt", require "small"
local looks = compt.args.looks
if looks then compt.load_run("out"):evaluate() end
local t = small.trainer { steps = 4, out = looks and "with" or "without" }
t:step()
if looks then compt.load_run("out"):evaluate "test" end
for i = 1, 3 do t:step() end
print(table.concat(t.history.loss:tolist(), " "), math.random(1000000))
"#;
    fs::write(study.path("study.lua"), losses).unwrap();
    let (code, plain, err) = study.run(&["run", "study.lua"]);
    assert_eq!(code, 0, "{err}");
    let (code, with, err) = study.run(&["run", "study.lua", "--set", "looks=true"]);
    assert_eq!((code, &with), (0, &plain), "{err}");
    let record = |run: &str| study.json(&format!("{run}/session.json"))["trainer"].clone();
    assert_eq!(record("with"), record("without"), "a loaded run is no trainer of the script");
}

/// A run with a router of its own from a file is rebuilt with it; the script's router of that name stays.
#[test]
fn definitions_of_the_script_hold_after_a_run_was_loaded() {
    let study = study(
        "(function() compt.router.define('mine', 'mine.lua') \
         return compt.methods.ssum { sources = 2, router = 'mine' } end)()",
    );
    let router = |first: f64| {
        format!(
            "local torch = require 'compt.torch' return function(context) \
             return torch.tensor({{ {{ {first}, {} }} }}):expand(#context.task, 2) end",
            1.0 - first
        )
    };
    fs::write(study.path("mine.lua"), router(0.75)).unwrap();
    let (code, _, err) = study.run(&["run", "study.lua", "--out", "out"]);
    assert_eq!(code, 0, "{err}");
    fs::write(study.path("other.lua"), router(0.25)).unwrap();
    let code = "local compt = require 'compt'
        compt.router.define('mine', 'other.lua')
        local run = compt.load_run 'out'
        print(run:evaluate('test', { limit = 2 }).counts.own)
        local method = compt.methods.ssum { sources = 2, router = 'mine' }
        local t = compt.trainer { backbone = compt.backbone 'micro', method = method, steps = 1, progress = false,
          tasks = compt.tasks('micro', { shots = 2, tasks = { 'nli2', 'nli3' } }) }
        print(run:trainer().router:weights()[1][1]:item(), t.router:weights()[1][1]:item())";
    let (code, out, err) = study.run(&["-e", code]);
    assert_eq!((code, out.as_str()), (0, "2\n0.75\t0.25\n"), "{err}");
}

#[test]
fn what_is_no_run_or_cannot_be_rebuilt_is_refused() {
    let study = study(
        "{ name = 'mine', lr = { p = 0.1 }, build = function(setup)
        local p = setup:parameter('p', 'p', setup:prompt(3))
        return { give = function(batch) return batch:each(function() return p * 1 end) end }
    end }",
    );
    let (code, _, err) = study.run(&["run", "study.lua", "--out", "out"]);
    assert_eq!(code, 0, "{err}");
    let refused = |code: &str, words: &[&str]| {
        let (code_, _, err) = study.run(&["-e", &format!("local compt = require 'compt' {code}")]);
        assert!(code_ == 1 && words.iter().all(|words| err.contains(words)), "{code}: {err}");
    };
    refused(
        "compt.load_run '.'",
        &["this is not the folder of a run", "there are runs in it: ./out"],
    );
    refused("compt.load_run 'nowhere'", &["nowhere: this is not the folder of a run"]);
    refused("compt.load_run('out', { devise = 'cpu' })", &["unknown option 'devise'"]);
    refused(
        "compt.load_run('out'):evaluate()",
        &[
            "cannot be rebuilt in this session",
            "the method 'mine' is defined in the script",
            "compt eval RUN",
        ],
    );
    refused("compt.load_run('out'):predict { text = 'a' }", &["the run has several tasks"]);
    refused("compt.load_run('out'):predict { task = 'onw', text = 'a' }", &["did you mean 'own'?"]);
    refused(
        "compt.load_run('out', { backbone = 'nowhere' }):predict { task = 'own', text = 'a' }",
        &["nowhere"],
    );
    fs::remove_dir_all(study.path("out/checkpoints")).unwrap();
    let config = study.text("out/config.json").replace("\"epochs\"", "\"epoks\"");
    fs::write(study.path("out/config.json"), config).unwrap();
    refused("compt.load_run 'out'", &["config.json", "epoks"]);
}
