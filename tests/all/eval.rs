//! `compt eval`: a run's last checkpoint under other prompts, weights and decoding, as its script could
//! have evaluated it.

use crate::program::Study;
use serde_json::Value;
use std::fs;

const STUDY: &str = r#"
local compt, small = require "compt", require "small"
local methods = {
  ssum = compt.methods.ssum { sources = 2, length = 3 },
  attempt = compt.methods.attempt { length = 3, width = 4 },
  lora = compt.methods.lora { rank = 2, lr = { lora = 0.01 } },
}
for _, name in ipairs { "ssum", "attempt", "lora" } do
  local t = compt.trainer {
    backbone = compt.backbone "micro", name = name, steps = 6, progress = false,
    tasks = compt.tasks("micro", { tasks = { "sentiment", "nli3" }, shots = 8, seed = 1, max_test = 40 }),
    method = methods[name],
  }
  t:run()
  print(name, t:evaluate("test").average)
  if name ~= "lora" then
    print(name .. "/src0", t:evaluate("test", { only = "src0" }).average)
    print(name .. "/private", t:evaluate("test", { only = "private", weights = "as_learned" }).average)
  end
end
"#;

#[test]
fn nothing_is_trained_to_evaluate_a_run() {
    let study = Study::small(
        "local compt, small = require 'compt', require 'small'
         for _, name in ipairs { 'one', 'two' } do
           local t = small.trainer { name = name, out = 'runs/' .. name .. '/run', steps = 2,
             method = compt.methods.pt { alone = false, length = 2 } }
           t:run()
         end",
    );
    assert_eq!(study.run(&["run", "study.lua"]).0, 0);
    let (code, _, err) = study.run(&["eval", "runs/two/run"]);
    assert!(code == 1 && err.contains("the run 'one', which the script makes before"), "{err}");
    assert!(!study.0.path().join("runs/one/run-2").exists());
    assert_eq!(study.run(&["eval", "runs/one/run", "--limit", "2"]).0, 0);
}

#[test]
fn prompts_of_an_earlier_stage_are_not_the_run_s() {
    let study = Study::small(
        "local compt, small = require 'compt', require 'small'
         local t = small.trainer { name = 'run', out = 'run', steps = 8, control = 'control.lua',
           method = compt.methods.attempt { length = 2, width = 2 } }
         t:run()",
    );
    let control = study.0.path().join("control.lua");
    fs::write(
        &control,
        "return { stop = function(_, view) return view.stage == 'source: sentiment' end }",
    )
    .unwrap();
    assert_eq!(study.run(&["run", "study.lua"]).0, 0);
    assert!(study.0.path().join("run/prompts.safetensors").is_file());
    fs::write(&control, "return {}").unwrap();
    let (code, _, err) = study.run(&["resume", "run"]);
    assert_eq!(code, 0, "{err}");
    assert!(!study.0.path().join("run/prompts.safetensors").exists(), "{err}");
    let (code, _, err) = study.run(&["prompts", "list", "run"]);
    assert!(code == 2 && err.contains("has no prompt per task"), "{err}");
}

#[test]
fn a_run_is_evaluated_again_without_training() {
    let study = Study::small(STUDY);
    let (code, told, err) = study.run(&["run", "study.lua", "--out", "out"]);
    assert_eq!(code, 0, "{err}");
    let told = |name: &str| -> f64 {
        let mut lines = told.lines().filter_map(|line| line.split_once('\t'));
        lines.find(|line| line.0 == name).unwrap().1.parse().unwrap()
    };
    let result = study.0.path().join("out/ssum/result.json");
    let before = fs::read(&result).unwrap();
    let again = |arguments: &[&str]| -> Value {
        let (code, out, err) = study.run(&[&["eval"], arguments, &["--json"]].concat());
        assert_eq!(code, 0, "{arguments:?}: {err}");
        serde_json::from_str(&out).unwrap()
    };
    for name in ["ssum", "attempt", "lora"] {
        let run = format!("out/{name}");
        assert_eq!(again(&[&run])["average"], told(name), "{name}");
    }
    for name in ["ssum", "attempt"] {
        let run = format!("out/{name}");
        assert_eq!(again(&[&run, "--only", "src0"])["average"], told(&format!("{name}/src0")));
        let private = again(&[&run, "--only", "private", "--weights", "as_learned"]);
        assert_eq!(private["average"], told(&format!("{name}/private")));
    }
    let limited = again(&["out/ssum", "--task", "nli3", "--limit", "5", "--split", "train"]);
    assert_eq!(
        (&limited["counts"]["nli3"], limited["counts"].as_object().unwrap().len()),
        (&5.into(), 1)
    );
    again(&["out/ssum", "--normalise", "sum", "--decoding", "rank"]);
    assert!(fs::read(&result).unwrap() == before, "nothing is written");

    let (code, out, _) = study.run(&["eval", "out/ssum", "--limit", "4"]);
    assert!(code == 0 && out.contains("average"), "{out}");
    for (run, option, value, why) in [
        ("out/lora", "--only", "src0", "unknown isolation 'src0'"),
        ("out/lora", "--only", "private", "no source prompts to isolate"),
        ("out/attempt", "--normalise", "sum", "has no built-in router"),
        ("out/ssum", "--only", "src7", "unknown isolation 'src7'"),
        ("out/ssum", "--split", "tests", "unknown split 'tests'"),
        ("out/ssum", "--task", "nli4", "unknown task 'nli4'"),
        ("out", "--only", "src0", "specify one"),
    ] {
        let (code, _, err) = study.run(&["eval", run, option, value]);
        assert!(code != 0 && err.contains(why), "{run} {option} {value}: {code}: {err}");
        assert!(code == 2 || !why.starts_with("unknown"), "{why}: {code}");
    }
}
