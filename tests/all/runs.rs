//! What a run leaves in its folder, and what it leaves when it is stopped or cannot start.

use crate::program::{Study, compt, read};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

const TRAINED: &str = r#"
local compt, small = require "compt", require "small"
local trainer = compt.trainer {
  backbone = small.backbone(), tasks = small.tasks(), control = compt.args.control,
  method = compt.methods.ssum { sources = 2, length = 3 },
  steps = 6, batch_size = 4, progress = false,
}
trainer:run()
print(trainer:evaluate "test")
trainer:evaluate("test", { only = "src0", limit = 2 })
print(trainer.out)
"#;

const CONTROL: &str =
    "local s = require 'compt.schedule'\nreturn { temperature = s.linear(2, 1) }\n";

/// Name and shape of every tensor in a safetensors file.
fn shapes(path: &Path) -> Vec<(String, Vec<usize>)> {
    let bytes = fs::read(path).unwrap();
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let mut shapes: Vec<_> =
        file.iter().map(|(name, view)| (name.to_string(), view.shape().to_vec())).collect();
    shapes.sort();
    shapes
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_run_leaves_its_record() {
    let study = Study::small(TRAINED);
    fs::write(study.path("control.lua"), CONTROL).unwrap();
    let arguments = ["run", "study.lua", "--out", "out", "--seed", "7"];
    let (code, out, err) = study.run(&[&arguments[..], &["--set", "control=control.lua"]].concat());
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(out.ends_with("out\n"), "{out}");

    let config = study.json("out/config.json");
    assert_eq!(config["method"]["name"], "ssum");
    assert_eq!(config["args"], json!({ "control": "control.lua" }));
    let other = &study.json("out/result.json")["evaluations"];
    assert_eq!((&other[0]["only"], &other[0]["limit"]), (&json!("src0"), &json!(2)));
    assert!(other[0]["average"].is_number() && other[1].is_null(), "{other}");
    assert_eq!(config["method"]["lr"], json!({ "private": 0.02, "router": 0.1, "source": 0.05 }));
    for (key, value) in [
        ("steps", json!(6)),
        ("batch_size", json!(4)),
        ("seed", json!(7)),
        ("placement", json!("append")),
        ("clip", json!(1.0)),
        ("dropout", json!(0.0)),
        ("optimizer", json!("adamw")),
    ] {
        assert_eq!(config[key], value, "{key}");
    }
    assert_eq!(config["backbone"]["config"]["d_model"], 16);
    assert_eq!(config["tasks"]["names"], json!(["nli2", "sentiment", "similarity"]));
    let environment = study.json("out/environment.json");
    assert_eq!(environment["compt"], env!("CARGO_PKG_VERSION"));
    assert!(environment["libtorch"].is_string() && environment["seed"] == 7);
    assert_eq!(study.text("out/script.lua"), TRAINED);

    let metrics = lines(&study.text("out/metrics.jsonl"));
    assert_eq!(metrics.len(), 6);
    for (i, line) in metrics.iter().enumerate() {
        assert_eq!(line["step"], i + 1);
        for group in ["router", "source", "private"] {
            assert!(line["lr"][group].is_number(), "{line}");
        }
        for key in ["loss", "temperature", "grad_norm", "seconds"] {
            assert!(line[key].is_number(), "{key}: {line}");
        }
        let rows = line["tasks"].as_object().unwrap().values().map(|n| n.as_u64().unwrap());
        assert_eq!(rows.sum::<u64>(), 4);
    }
    assert_eq!(metrics[0]["temperature"], 2.0);

    let controls = lines(&study.text("out/control.jsonl"));
    assert_eq!(controls.len(), 1);
    assert_eq!((&controls[0]["step"], &controls[0]["file"]), (&json!(1), &json!("control.lua")));
    let sha256 = controls[0]["sha256"].as_str().unwrap();
    assert_eq!(study.text(&format!("out/control/{sha256}.lua")), CONTROL);

    let result = study.json("out/result.json");
    assert_eq!((&result["method"], &result["backbone"]), (&json!("ssum"), &json!("random")));
    assert_eq!((&result["shots"], &result["per"]), (&json!(8), &json!("task")));
    assert_eq!((&result["seed"], &result["steps"]), (&json!(7), &json!(6)));
    assert_eq!(result["interrupted"], false);
    assert!(result["seconds"].as_f64().unwrap() > 0.0);
    assert_eq!(result["counts"], json!({ "nli2": 6, "sentiment": 6, "similarity": 6 }));
    let main = ["accuracy", "accuracy", "spearman"];
    let scores = ["nli2", "sentiment", "similarity"].iter().zip(main).map(|(task, metric)| {
        let score = &result["scores"][task][metric];
        score.as_f64().unwrap_or_else(|| panic!("{task}: {metric}: {score}"))
    });
    let average = scores.sum::<f64>() / 3.0;
    assert!((result["average"].as_f64().unwrap() - average).abs() < 1e-9);

    let found = shapes(&study.path("out/prompts.safetensors"));
    let mut wanted: Vec<(String, Vec<usize>)> = vec![("router.logits".into(), vec![3, 2])];
    wanted.extend((0..2).map(|i| (format!("source.{i}"), vec![3, 16])));
    for task in ["nli2", "sentiment", "similarity"] {
        wanted.extend(["private", "target"].map(|part| (format!("{part}.{task}"), vec![3, 16])));
    }
    wanted.sort();
    assert_eq!(found, wanted);
}

#[test]
fn without_out_a_script_s_runs_go_below_runs() {
    let study = Study::small(TRAINED);
    assert_eq!(study.run(&["run", "study.lua"]).0, 0);
    assert_eq!(study.json("runs/study/result.json")["seed"], 0);
    assert!(!study.path("runs/study/control").exists());
    assert_eq!(study.text("runs/study/control.jsonl"), "");
}

#[test]
fn a_seed_gives_the_same_numbers_in_every_process() {
    let study = Study::small(
        r#"
        local compt, small = require "compt", require "small"
        for _ = 1, 2 do
          local trainer = compt.trainer {
            backbone = small.backbone { dropout_rate = 0.1 }, tasks = small.tasks(),
            method = compt.methods.ssum { sources = 2, length = 3 },
            steps = 6, batch_size = 4, progress = false,
          }
          local losses = {}
          for i = 1, 6 do losses[i] = ("%.17g"):format(trainer:step().loss) end
          print(table.concat(losses, " "), ("%.17g"):format(trainer:prompt(1):sum():item()))
        end"#,
    );
    let run = |seed: &str, out: &str| {
        let (code, out, err) = study.run(&["run", "study.lua", "--seed", seed, "--out", out]);
        assert_eq!(code, 0, "{err}");
        let [first, second] = out.lines().collect::<Vec<_>>()[..] else { panic!("{out}") };
        assert_eq!(first, second, "in one process");
        first.to_string()
    };
    let numbers = run("5", "a");
    assert_eq!(numbers, run("5", "b"), "in another process");
    assert_ne!(numbers, run("6", "c"), "another seed");
}

#[test]
fn trainers_of_one_script_have_folders_of_their_own() {
    let study = Study::small(
        r#"
        local compt, small = require "compt", require "small"
        for _, name in ipairs { "pt", "ssum", false, false } do
          local method = compt.methods.ssum { sources = 1, length = 2 }
          small.trainer({ name = name or nil, method = method, steps = 1 }):run()
        end"#,
    );
    let (code, _, err) = study.run(&["run", "study.lua", "--out", "out"]);
    assert_eq!((code, err.as_str()), (0, ""));
    for folder in ["out/pt", "out/ssum", "out", "out-2"] {
        assert_eq!(study.json(&format!("{folder}/result.json"))["steps"], 1, "{folder}");
    }
    assert_eq!(study.names(), ["out", "out-2", "small.lua", "study.lua"]);
}

#[test]
fn a_result_tells_of_the_prompts_as_they_are() {
    let study = Study::small(
        r#"
        local small = require "small"
        local trainer = small.trainer()
        trainer:step()
        trainer:evaluate "test"
        if require "compt".args.go_on then trainer:run() end"#,
    );
    assert_eq!(study.run(&["run", "study.lua", "--out", "a"]).0, 0);
    let result = study.json("a/result.json");
    assert!(result["steps"] == 1 && result["average"].is_number(), "{result}");
    assert!(study.path("a/prompts.safetensors").is_file());
    assert_eq!(study.run(&["run", "study.lua", "--out", "b", "--set", "go_on=true"]).0, 0);
    let result = study.json("b/result.json");
    assert!(result["steps"] == 6 && result["average"].is_null(), "{result}");
}

#[test]
#[cfg(unix)]
fn ctrl_c_ends_a_run_after_its_step_and_saves_it() {
    let study = Study::small(
        r#"
        local compt, small = require "compt", require "small"
        local trainer = compt.trainer {
          backbone = small.backbone(), tasks = small.tasks(), steps = 1000000, batch_size = 4,
          method = compt.methods.ssum { sources = 2, length = 3 },
        }
        trainer:run()
        print "not reached""#,
    );
    let mut child = compt(&["run", "study.lua", "--out", "out"])
        .current_dir(study.0.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut progress = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    progress.read_line(&mut line).unwrap();
    assert_eq!(line, "ssum  cpu (1 thread), float32  -> out\n");
    line.clear();
    progress.read_line(&mut line).unwrap();
    assert!(line.contains("step 1/1000000  loss "), "{line}");
    // SAFETY: a signal to our own child.
    unsafe { libc::kill(child.id() as i32, libc::SIGINT) };
    let rest: Vec<String> = progress.lines().map(|line| line.unwrap()).collect();
    let (code, out, _) = read(child.wait_with_output().unwrap());
    assert_eq!((code, out.as_str()), (130, ""));
    assert_eq!(rest.last().unwrap(), "interrupted at study.lua:7");

    let result = study.json("out/result.json");
    assert_eq!(result["interrupted"], true);
    let steps = result["steps"].as_u64().unwrap();
    assert!((1..1000000).contains(&steps));
    assert_eq!(lines(&study.text("out/metrics.jsonl")).len() as u64, steps);
    assert!(shapes(&study.path("out/prompts.safetensors")).len() > 3);
}

#[test]
fn nothing_is_left_of_a_run_that_cannot_start() {
    let study = Study::small(
        r#"
        local compt, small = require "compt", require "small"
        small.trainer({ out = compt.args.own, method = compt.methods[compt.args.method or "ssum"]() }):run()"#,
    );
    let fresh = ["small.lua", "study.lua"];
    let (code, _, err) = study.run(&["run", "study.lua", "--out", "out", "--set", "method=sssum"]);
    assert_eq!(code, 1);
    assert!(err.contains("did you mean 'ssum'?"), "{err}");
    assert_eq!(study.names(), fresh);
    for (arguments, code) in [
        (&["--out", "study.lua/out"][..], 2),
        (&["--out", "/proc/compt/out"], 2),
        (&["--set", "own=study.lua/out"], 1),
        (&["--set", "own=/proc/compt/out"], 1),
    ] {
        let (found, out, err) = study.run(&[&["run", "study.lua"], arguments].concat());
        assert_eq!((found, out.as_str()), (code, ""), "{err}");
        assert!(err.contains("not a folder") || err.contains("cannot write in /proc"), "{err}");
        assert_eq!(study.names(), fresh);
    }
}
