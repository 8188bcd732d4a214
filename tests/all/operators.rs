//! Operators with parameters in whole runs: recorded, broken off and resumed, made again, reloaded, evaluated.

use crate::program::steered::{Run, STUDY, lines, study};
use crate::program::{Study, compt, read};
use serde_json::{Value, json};
use std::fs;
use std::io::Write;
use std::process::Stdio;

const GATED: &str = "{
  parameters = function(context)
    return { gate = { shape = { context.d_model }, init = \"normal\" }, scale = 1 }
  end,
  compose = function(private, sources, weights, parameters)
    local mixed = require(\"compt.torch\").einsum(\"bs,smd->bmd\", weights, sources)
    return private * FACTOR * parameters.scale + mixed * parameters.gate:sigmoid()
  end,
}";

fn gated(factor: &str) -> String {
    GATED.replace("FACTOR", factor)
}

/// A study of 12 steps; with `STOP=n` in its environment it dies after step n.
const PARTS: &str = r#"
local compt, small = require "compt", require "small"
compt.compose.define("gated", GATED)
local t = compt.trainer {
  backbone = small.backbone { dropout_rate = 0.1 }, tasks = small.tasks(),
  method = compt.methods.ssum { sources = 2, length = 3, compose = "gated", lr = { operator = 0.01 } },
  steps = 12, batch_size = 4, progress = false, checkpoint_every = 1,
}
local seen = {}
for part = 1, 4 do
  seen[part] = t:run({ steps = 3 }).steps
  if part == 2 then t:set("lr.operator", math.random()) end
  if tostring(t.steps) == os.getenv "STOP" then os.exit(9) end
end
print(table.concat(seen, " "))
"#;

fn steps(study: &Study, run: &str) -> Vec<Value> {
    let mut all = lines(&study.path(&format!("{run}/metrics.jsonl")));
    all.iter_mut().for_each(|line| drop(line.as_object_mut().unwrap().remove("seconds")));
    all
}

#[test]
fn a_run_in_parts_with_an_operators_parameters_is_resumed_and_made_again() {
    let study = Study::small(&PARTS.replace("GATED", &gated("1")));
    let (code, out, err) = study.run(&["run", "study.lua", "--out", "whole"]);
    assert_eq!((code, out.as_str()), (0, "3 6 9 12\n"), "{err}");
    assert!(!err.contains("warning"), "{err}");
    let whole = steps(&study, "whole");
    assert_eq!(whole.len(), 12);
    assert_eq!(study.json("whole/result.json")["interrupted"], false);
    let config = study.json("whole/config.json");
    assert_eq!(config["parameters"]["operator"], 17);
    let operator = json!({ "name": "gated",
        "parameters": { "operator.gate": [16], "operator.scale": [] } });
    assert_eq!(config["operator"], operator);
    for stop in ["3", "6", "9"] {
        let out = format!("out-{stop}");
        let mut command = compt(&["run", "study.lua", "--out", &out]);
        command.env("STOP", stop).current_dir(study.0.path());
        assert_eq!(read(command.output().unwrap()).0, 9);
        let (code, seen, err) = study.run(&["resume", &out]);
        assert_eq!((code, seen.as_str()), (0, "3 6 9 12\n"), "{err}");
        assert_eq!(steps(&study, &out), whole, "broken off after step {stop}");
        let (code, told, err) = study.run(&["replay", &out]);
        assert_eq!((code, told.contains("every loss identical")), (0, true), "{told}{err}");
    }
}

#[test]
fn a_finished_run_is_evaluated_and_predicts_with_its_operator() {
    let script = format!(
        r#"
local compt = require "compt"
compt.compose.define("gated", {})
local t = compt.trainer {{
  backbone = compt.backbone("micro", {{ dtype = "float32" }}), steps = 4, batch_size = 4, progress = false, seed = 1,
  tasks = compt.tasks("micro", {{ tasks = {{ "nli2", "sentiment" }}, shots = 8, seed = 1, max_test = 6 }}),
  method = compt.methods.ssum {{ sources = 2, length = 3, compose = "gated", lr = {{ operator = 1 }} }},
}}
t:run()
print(t:evaluate("test").average, #t:prompts().names)
"#,
        gated("1")
    );
    let study = Study::new(&[("study.lua", &script)]);
    let (code, out, err) = study.run(&["run", "study.lua", "--out", "out"]);
    assert_eq!(code, 0, "{err}");
    let average = out.split_whitespace().next().unwrap();
    let (code, told, err) = study.run(&["eval", "out"]);
    assert_eq!(code, 0, "{told}{err}");
    assert!(told.contains(&format!("{:.1}", average.parse::<f64>().unwrap())), "{average}: {told}");
    let mut command = compt(&["predict", "out", "--task", "sentiment"]);
    command.current_dir(study.0.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"mia likes the song .\n").unwrap();
    let (code, told, err) = read(child.wait_with_output().unwrap());
    assert_eq!((code, told.contains("\"prediction\"")), (0, true), "{told}{err}");
    let (code, told, err) = study.run(&["prompts", "list", "out"]);
    assert_eq!((code, told.contains("sentiment")), (0, true), "{told}{err}");
}

#[test]
fn a_file_with_parameters_reloads_with_the_same_ones_only() {
    let study = study();
    let script =
        STUDY.replace("local t =", "compt.compose.define('gated', 'gated.lua')\nlocal t =");
    fs::write(study.path("study.lua"), script).unwrap();
    let write = |text: &str| fs::write(study.path("gated.lua"), format!("return {text}")).unwrap();
    write(&gated("1"));
    let arguments = ["run", "study.lua", "--out", "out", "--set", "compose=gated"];
    let mut run = Run::start(&study, &arguments);
    run.wait_for_steps(&study.path("out"), 3);
    for (text, words) in [
        (
            gated("1").replace("scale = 1", "scale = 1, more = 2"),
            "its parameters are different: 'more' is new",
        ),
        (gated("1").replace("{ context.d_model }", "{ 8 }"), "'gate' is [8] where it was [16]"),
        (gated("nope"), "gated.lua:7: "),
        ("function(p) return p end".to_string(), "'gate' was removed, 'scale' was removed"),
        (gated("1").replace("compose =", "compsoe ="), "option 'compose' is missing"),
    ] {
        write(&text);
        run.hear("'gated' stays as it was");
        let line = run.all.lines().last().unwrap().to_string();
        assert!(line.contains(words), "{line}");
    }
    write(&gated("0.5"));
    run.hear("composition 'gated' is a new version");
    run.wait_for_steps(&study.path("out"), 3);
    assert_eq!(run.terminate().0, 143);
    // Broken or without its parameters by now: what was recorded takes its place.
    for text in ["{", "function(p) return p end"] {
        write(text);
        let (code, out, err) = study.run(&["replay", "out"]);
        assert_eq!((code, out.contains("every loss identical")), (0, true), "{out}{err}");
    }
}
