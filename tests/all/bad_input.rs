//! Bad input: one clear error that names the file or option and what to do, and nothing left
//! behind.

use crate::program::{Study, root};
use std::fs;
use std::path::Path;

/// Files of a checkpoint that loads.
fn checkpoint(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    for name in ["config.json", "model.safetensors"] {
        fs::copy(root().join("tests/golden/t5/v1_0").join(name), folder.join(name)).unwrap();
    }
}

/// Runs the study; it must fail with `code`, saying all of `texts` and nothing of Rust, and leave
/// no file that was not there before.
fn fails(study: &Study, arguments: &[&str], code: i32, texts: &[&str]) {
    let before = study.names();
    let (found, _, err) = study.run(&[&["run", "study.lua"], arguments].concat());
    assert_eq!(found, code, "{err}");
    for text in texts {
        assert!(err.contains(text), "no '{text}' in: {err}");
    }
    for text in ["panicked", "RUST_BACKTRACE", "an internal error of compt", ".rs:", "frame #"] {
        assert!(!err.contains(text), "'{text}' in: {err}");
    }
    assert_eq!(study.names(), before);
}

/// A script of one statement in which `compt`, `torch` and `small` are known.
fn refused(statement: &str, texts: &[&str]) {
    let script = format!(
        "local compt, torch, small = require 'compt', require 'compt.torch', require 'small'\n\
         {statement}"
    );
    fails(&Study::small(&script), &["--out", "out"], 1, &[&["study.lua:2: "], texts].concat());
}

#[test]
fn checkpoints_that_are_missing_or_broken() {
    let load = "require('compt').backbone 'model'";
    let broken = |spoil: &dyn Fn(&Path), texts: &[&str]| {
        let study = Study::new(&[("study.lua", load)]);
        checkpoint(&study.path("model"));
        spoil(&study.path("model"));
        fails(&study, &[], 1, &[&["study.lua:1: "], texts].concat());
    };
    let weights = |edit: fn(&mut Vec<u8>)| {
        move |folder: &Path| {
            let path = folder.join("model.safetensors");
            let mut bytes = fs::read(&path).unwrap();
            edit(&mut bytes);
            fs::write(path, bytes).unwrap();
        }
    };
    let config = |from: &'static str, to: &'static str| {
        move |folder: &Path| {
            let path = folder.join("config.json");
            let text = fs::read_to_string(&path).unwrap();
            assert!(text.contains(from), "{text}");
            fs::write(path, text.replace(from, to)).unwrap();
        }
    };
    let remove =
        |name: &'static str| move |folder: &Path| fs::remove_file(folder.join(name)).unwrap();

    broken(&|folder| fs::remove_dir_all(folder).unwrap(), &["no backbone 'model'", "help: "]);
    broken(&remove("config.json"), &["model: no config.json", "help: a backbone folder has"]);
    let adapter = |folder: &Path| {
        fs::rename(folder.join("config.json"), folder.join("adapter_config.json")).unwrap()
    };
    broken(&adapter, &["model: no config.json", "help: this is an adapter of peft"]);
    broken(
        &remove("model.safetensors"),
        &["model: no model.safetensors", "help: a backbone folder"],
    );
    let truncated = &["model/model.safetensors: damaged or truncated", "help: download or copy"];
    broken(&weights(|bytes| bytes.truncate(bytes.len() - 10)), truncated);
    broken(&weights(|bytes| bytes.truncate(5)), truncated);
    broken(&weights(|bytes| bytes.clear()), &["model/model.safetensors: "]);
    let nan = |bytes: &mut Vec<u8>| {
        let end = bytes.len();
        bytes[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    };
    broken(&weights(nan), &["model/model.safetensors: '", "NaN or infinite", "help: "]);
    broken(&config("\"d_ff\": ", "\"d_ff\": 1"), &["model: ", "wi", "config.json"]);
    broken(&config("\"num_layers\": ", "\"num_layers\": 1"), &["model: ", "block."]);
    broken(&config("\"d_model\": 16", "\"d_model\": null"), &["config.json: 'd_model' must be"]);
    broken(&config("\"d_model\": ", "\"d_mdl\": "), &["model: ", "config.json requires [64, 512]"]);
    broken(
        &config("\"model_type\": \"t5\"", "\"model_type\": \"bert\""),
        &["model/config.json: this is a model of type 'bert'", "help: backbones are T5, mT5"],
    );
    broken(&config("{", "{{"), &["model/config.json: not a T5 configuration"]);
}

#[test]
fn tokenizers_that_are_broken() {
    let study = Study::new(&[("study.lua", "require('compt').backbone 'model'")]);
    checkpoint(&study.path("model"));
    fs::write(study.path("model/tokenizer.json"), "{}").unwrap();
    fails(&study, &[], 1, &["model/tokenizer.json"]);
    let study = Study::small(
        "local small = require 'small'\n\
         local b = require('compt').backbone('model', { dtype = 'float32' })\n\
         small.trainer { backbone = b }",
    );
    checkpoint(&study.path("model"));
    fails(&study, &[], 1, &["backbone 'model' has no tokenizer", "help: put tokenizer.json"]);
}

#[test]
fn names_that_nobody_knows() {
    refused("small.trainer { batchsize = 4 }", &["unknown option 'batchsize'", "'batch_size'"]);
    refused("compt.backbone('micro', { dytpe = 'bf16' })", &["did you mean 'dtype'?"]);
    refused(
        "compt.methods.msun {}",
        &["unknown method 'msun'", "did you mean 'msum'?", "Known: adapters, adept,"],
    );
    refused("compt.methods.ssum { source = 3 }", &["did you mean 'sources'?"]);
    refused("compt.tasks('micor')", &["unknown task or task set 'micor'", "did you mean 'micro'?"]);
    refused("small.tasks { tasks = { 'nli4' } }", &["unknown task 'nli4'", "did you mean 'nli"]);
    refused("small.tasks { shot = 3 }", &["did you mean 'shots'?"]);
    refused("small.trainer():evaluate('tset')", &["unknown split 'tset'", "did you mean 'test'?"]);
    refused("compt.router.free { tasks = 2, sources = 2, evl = 'sum' }", &["did you mean 'eval'?"]);
    refused("compt.trianer {}", &["trianer"]);
    refused("small.trainer { control = { temprature = 1 } }", &["did you mean 'temperature'?"]);
}

#[test]
fn rows_that_do_not_fit_their_task() {
    let mood = |train: &str, test: &str, options: &str| {
        format!(
            "compt.tasks({{ mood = {{ fields = {{ 'text' }}, labels = {{ 'bad', 'good' }}, \
             rows = {{ train = {train}, test = {test} }} }} }}, {{ {options} }})"
        )
    };
    let rows = "{ { text = 'a', label = 0 }, { text = 'b', label = 1 } }";
    refused(
        &mood("{ { txt = 'a', label = 0 } }", rows, ""),
        &["mood: rows.train: row 1: no field 'text'", "help: the row has: "],
    );
    refused(&mood("{ { text = 'a' } }", rows, ""), &["mood: rows.train: row 1: no field 'label'"]);
    refused(
        &mood(rows, "{ { text = 'a', label = 2 } }", ""),
        &["mood: rows.test: row 1: label 2 is outside", "bad", "good"],
    );
    refused(&mood(rows, "{}", ""), &["mood: rows.test is empty"]);
    refused(
        &mood(rows, rows, "shots = 3"),
        &["mood: 3 shots were requested, but there are 2 training rows", "help: use fewer shots"],
    );
    refused(
        &mood(rows, rows, "shots = 2, per = 'class'"),
        &["2 shots were requested, but there are 1 training rows of class 'bad'"],
    );
}

#[test]
fn files_of_rows_that_are_broken() {
    let good = "{\"text\": \"a\", \"label\": 0}\n";
    let read = |train: &str, texts: &[&str]| {
        let script = "require('compt').tasks({ mood = { fields = { 'text' }, \
                      labels = { 'bad', 'good' }, \
                      files = { train = 'train.jsonl', test = 'test.jsonl' } } })";
        let files = [("study.lua", script), ("train.jsonl", train), ("test.jsonl", good)];
        fails(&Study::new(&files), &[], 1, &[&["mood: ", "train.jsonl"], texts].concat());
    };
    read(&format!("{good}{{\"text\": \"b\"}}\n"), &["line 2: no field 'label'"]);
    read(&format!("{good}{{\"text\": \"b\",\n"), &["line 2"]);
    read(&format!("{good}{{\"text\": \"b\", \"label\": \"fine\"}}\n"), &["line 2: label \"fine\""]);
    read("", &["train.jsonl"]);
    refused(
        "compt.tasks('glue', { data = 'no-such-folder', tasks = { 'rte' } })",
        &["no-such-folder", "rte"],
    );
}

#[test]
fn a_prompt_has_rows() {
    refused("small.trainer { method = compt.methods.ssum { length = 0 } }", &["at least 1, not 0"]);
}

#[test]
fn a_loss_that_is_not_finite_keeps_the_last_good_prompts() {
    let study = Study::small(
        r#"
        local compt, small = require "compt", require "small"
        local broken = false
        local trainer = small.trainer {
          method = compt.methods.ssum {
            sources = 2, length = 3,
            compose = function(private, sources, weights)
              local prompt = compt.compose.sum(private, sources, weights)
              return broken and prompt / 0 * 0 or prompt
            end,
          },
          control = { temperature = function(step) broken = step == 4; return 1 end },
        }
        local ok, message = pcall(trainer.run, trainer)
        broken = false
        print(trainer:evaluate("test").average >= 0, trainer:prompt(1):isfinite():all():item())
        error(message)"#,
    );
    let (code, out, err) = study.run(&["run", "study.lua", "--out", "out"]);
    assert_eq!((code, out.as_str()), (1, "true\ttrue\n"), "{err}");
    for text in ["step 4: the loss is NaN on a batch of ", "at step 3", "help: ", "learning rates"]
    {
        assert!(err.contains(text), "no '{text}' in {err}");
    }
    let result = study.json("out/result.json");
    assert_eq!((&result["steps"], &result["interrupted"]), (&3.into(), &false.into()));
    assert!(result["error"].as_str().unwrap().starts_with("step 4: the loss is NaN"), "{result}");
    assert_eq!(study.text("out/metrics.jsonl").lines().count(), 3);
    let check = "local t = require('compt.torch')\n\
                 for name, v in pairs(t.load 'out/prompts.safetensors') do\n\
                 assert(v:isfinite():all():item(), name) end";
    fs::write(study.path("study.lua"), check).unwrap();
    assert_eq!(study.run(&["run", "study.lua"]), (0, "".into(), "".into()));
}

#[test]
fn a_lua_operator_that_fails_shows_its_line() {
    let study = Study::small(
        "local compt, small = require 'compt', require 'small'\n\
         compt.compose.define('odd', function(private)\n\
         return private + nowhere.to_be_found\n\
         end)\n\
         small.trainer({ method = compt.methods.ssum { compose = 'odd' } }):step()",
    );
    let (code, _, err) = study.run(&["run", "study.lua", "--out", "out"]);
    assert_eq!(code, 1);
    assert!(err.contains("composition 'odd': study.lua:3: attempt to index"), "{err}");
    assert!(err.contains("global 'nowhere'"), "{err}");
}

#[test]
fn a_control_file_that_is_missing_or_broken() {
    refused("small.trainer { control = 'nowhere.lua' }", &["nowhere.lua"]);
    let study = Study::small("require('small').trainer { control = 'control.lua' }");
    for (text, wanted) in [
        ("return { lr = { router = 1e9 } }", "control.lua:1: lr.router"),
        ("return {\n  temperature = -1,\n}", "control.lua:2: temperature"),
        ("return 3", "control.lua"),
        ("return {", "control.lua:1"),
    ] {
        fs::write(study.path("control.lua"), text).unwrap();
        fails(&study, &[], 1, &[wanted]);
    }
}

/// What is no error is told once, and recorded with the run.
#[test]
fn rows_that_are_left_out_or_shared_are_told_and_recorded() {
    let script = r#"
      local compt = require "compt"
      local rows = {}
      for i = 1, 6 do rows[i] = { text = "mia likes the song .", label = i % 2 } end
      rows[7] = { text = "anna has a dog .", label = -1 }
      rows[8] = { label = 0 }
      local test = { { text = "mia likes  the song .", label = 1 }, { text = "a new one", label = 1 } }
      local function tasks(files)
        return compt.tasks({ x = { fields = { "text" }, labels = { "no", "yes" }, missing = "skip",
          rows = not files and { train = rows, validation = test, test = test } or nil, files = files } },
          { shots = files and 1 or 4, validation_size = 0 })
      end
      tasks()
      tasks { train = { "a.csv", "b.csv" }, test = "./b.csv" }
      compt.trainer { backbone = compt.backbone "micro", tasks = tasks(), steps = 1, batch_size = 2,
        progress = false, method = compt.methods.pt { length = 2, encoder = "none" }, out = "run" }:run()"#;
    let files = [
        ("study.lua", script),
        ("a.csv", "text,label\na,1\n"),
        ("b.csv", "text,label\nb,1\nc,0\n"),
    ];
    let study = Study::new(&files);
    let (code, _, err) = study.run(&["run", "study.lua"]);
    assert_eq!(code, 0, "{err}");
    let notes: Vec<&str> = err.lines().filter(|line| line.starts_with("note: task ")).collect();
    let expected = [
        "note: task 'x': 2 of 8 train rows are skipped: 1 without a label, 1 without text",
        "note: task 'x': 1 of 2 test rows are also training rows (the same text and label)",
        "note: task 'x': b.csv is used as train and as test",
        "note: task 'x': 2 of 2 test rows are also training rows (the same text and label)",
    ];
    assert_eq!(notes, expected, "{err}");
    let tasks = &study.json("run/config.json")["tasks"];
    assert_eq!(tasks["skipped"], serde_json::json!({ "x": { "train": 2 } }));
    assert_eq!(tasks["shared"], serde_json::json!({ "x": 1 }));
}
