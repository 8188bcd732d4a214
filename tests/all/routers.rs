//! Routers in Lua in whole runs: recorded, broken off and resumed, made again, reloaded, evaluated from the record.

use crate::program::steered::{Run, STUDY, lines, study};
use crate::program::{Study, compt, read};
use serde_json::{Value, json};
use std::fs;

const HEATED: &str = "{
  parameters = function(context)
    return { logits = { shape = { #context.tasks, context.sources }, init = \"normal\" }, heat = 0 }
  end,
  weights = function(context)
    local torch = require \"compt.torch\"
    local scores = context.parameters.logits:index_select(1, context.task) * FACTOR
    if context.phase == \"train\" then scores = scores + torch.randn(scores.shape) * context.temperature end
    return torch.softmax(scores / torch.exp(context.parameters.heat), -1)
  end,
}";

fn heated(factor: &str) -> String {
    HEATED.replace("FACTOR", factor)
}

/// A study of 6 steps; with `STOP=n` in its environment it dies after step n.
const PARTS: &str = r#"
local compt, small = require "compt", require "small"
DEFINE
local t = compt.trainer {
  backbone = small.backbone { dropout_rate = 0.1 }, tasks = small.tasks(),
  method = compt.methods.ssum { sources = 2, length = 3, router = ROUTER },
  steps = 6, batch_size = 4, progress = false, checkpoint_every = 1,
}
for _ = 1, 2 do
  t:run { steps = 3 }
  if tostring(t.steps) == os.getenv "STOP" then os.exit(9) end
end
print(("%.4f"):format(t:evaluate("test").average))
"#;

fn parts(define: &str, router: &str) -> Study {
    Study::small(&PARTS.replace("DEFINE", define).replace("ROUTER", router))
}

fn steps(study: &Study, run: &str) -> Vec<Value> {
    let mut all = lines(&study.path(&format!("{run}/metrics.jsonl")));
    all.iter_mut().for_each(|line| drop(line.as_object_mut().unwrap().remove("seconds")));
    all
}

/// Runs the study in one go and broken off after 3 steps, resumes and replays it.
fn is_continued(study: &Study) -> Vec<Value> {
    let (code, out, err) = study.run(&["run", "study.lua", "--out", "whole"]);
    assert_eq!(code, 0, "{err}");
    assert!(!err.contains("warning"), "{err}");
    let whole = steps(study, "whole");
    assert_eq!(whole.len(), 6);
    let mut command = compt(&["run", "study.lua", "--out", "half"]);
    command.env("STOP", "3").current_dir(study.0.path());
    assert_eq!(read(command.output().unwrap()).0, 9);
    let (code, seen, err) = study.run(&["resume", "half"]);
    assert_eq!((code, &seen), (0, &out), "{err}");
    assert_eq!(steps(study, "half"), whole);
    let (code, told, err) = study.run(&["replay", "whole"]);
    assert_eq!((code, told.contains("every loss identical")), (0, true), "{told}{err}");
    whole
}

#[test]
fn a_router_of_the_script_is_resumed_made_again_and_recorded() {
    let define = format!("compt.router.define(\"heated\", {})", heated("1"));
    let study = parts(&define, "\"heated\"");
    let whole = is_continued(&study);
    assert!(whole[5]["temperature"].as_f64().unwrap() < 5.0);
    let config = study.json("whole/config.json");
    assert_eq!(config["parameters"]["router"], 7);
    assert_eq!(config["method"]["router"], "heated");
    let shapes = json!({ "parameters": { "router.heat": [], "router.logits": [3, 2] } });
    assert_eq!(config["router"], shapes);
    assert_eq!(config["script"][1], "the router 'heated' is a function of the script");
    assert!(study.json("whole/result.json")["router_gap"].as_f64().unwrap() > 0.0);
}

/// A finished run of 4 steps on the built-in backbone, which can be rebuilt without its script.
fn finished(define: &str, router: &str) -> Study {
    let script = format!(
        r#"
local compt = require "compt"
{define}
local t = compt.trainer {{
  backbone = compt.backbone("micro", {{ dtype = "float32" }}), steps = 4, batch_size = 4, progress = false, seed = 1,
  tasks = compt.tasks("micro", {{ tasks = {{ "nli2", "sentiment" }}, shots = 8, seed = 1, max_test = 6 }}),
  method = compt.methods.ssum {{ sources = 2, length = 3, router = {router}, lr = {{ router = 1 }} }},
}}
t:run()
print(t:evaluate("test").average)
"#
    );
    Study::new(&[("study.lua", &script), ("heated.lua", &format!("return {}", heated("1")))])
}

fn is_evaluated_alike(study: &Study) {
    let (code, out, err) = study.run(&["run", "study.lua", "--out", "out"]);
    assert_eq!(code, 0, "{err}");
    let average: f64 = out.split_whitespace().next().unwrap().parse().unwrap();
    fs::remove_file(study.path("study.lua")).unwrap();
    let (code, told, err) = study.run(&["eval", "out"]);
    assert_eq!(code, 0, "{told}{err}");
    assert!(!err.contains("is run again"), "{err}");
    assert!(told.contains(&format!("{average:.1}")), "{average}: {told}");
    let (code, told, err) = study.run(&["replay", "out"]);
    assert_eq!((code, told.contains("every loss identical")), (0, true), "{told}{err}");
}

#[test]
fn routers_of_files_and_of_the_library_need_no_script() {
    let file = "compt.router.define(\"heated\", \"heated.lua\")";
    is_evaluated_alike(&finished(file, "\"heated\""));
    is_evaluated_alike(&finished("", "\"sparsemax\""));
    let study = finished("", "{ kind = \"gumbel\", hard = true }");
    is_evaluated_alike(&study);
    let method = &study.json("out/config.json")["method"];
    assert_eq!(method["router"], json!({ "kind": "gumbel", "hard": true }));
}

#[test]
fn weights_of_inputs_are_recorded_and_evaluated_again() {
    let define = "local torch = require \"compt.torch\"
compt.router.define(\"attention\", {
  inputs = true,
  parameters = function(context) return { query = { shape = { context.d_model, context.d_model }, init = \"normal\" } } end,
  weights = function(context)
    local mean = context.embeddings:sum(2) / context.mask:sum(2, { keepdim = true })
    local scores = torch.einsum(\"bd,de,se->bs\", mean, context.parameters.query, context.source_prompts:mean(2))
    return torch.softmax(scores:masked_fill(context.excluded, -math.huge), -1)
  end,
})";
    let study = parts(define, "\"attention\"");
    is_continued(&study);
    let result = study.json("whole/result.json");
    assert!(result.get("router_gap").is_none());
    let (code, told, err) = study.run(&["eval", "whole", "--only", "src0"]);
    assert_eq!(code, 0, "{told}{err}");
    let (code, _, err) = study.run(&["eval", "whole", "--normalise", "sum"]);
    assert_eq!((code, err.contains("it normalises its weights itself")), (1, true), "{err}");
}

#[test]
fn a_file_is_exchanged_if_it_is_valid() {
    let study = study();
    let script = STUDY.replace("compose = compt.args.compose", "router = \"heated\"").replace(
        "local t =",
        "local _ = compt.args.compose\ncompt.router.define('heated', 'heated.lua')\nlocal t =",
    );
    fs::write(study.path("study.lua"), script).unwrap();
    let write = |text: &str| {
        fs::write(study.path("new.lua"), format!("return {text}")).unwrap();
        fs::rename(study.path("new.lua"), study.path("heated.lua")).unwrap();
    };
    write(&heated("1"));
    let mut run = Run::start(&study, &["run", "study.lua", "--out", "out"]);
    run.wait_for_steps(&study.path("out"), 3);
    for (text, words) in [
        (heated("nope"), "heated.lua:7: 'nope' is not available in a router's file"),
        (heated("1").replace("heat = 0", "heat = 0, more = 1"), "'more' is new"),
        (heated("1").replace("return torch.softmax(", "return ("), "expected near"),
        (heated("1").replace("return torch.softmax", "return torch.log_softmax"), "not to 1"),
        (heated("1").replace("weights =", "normalised = false,\n  weights ="), "is fixed when"),
        (heated("1").replace("weights =", "wieghts ="), "option 'weights' is missing"),
    ] {
        write(&text);
        run.hear("'heated' stays as it was");
        let line = run.all.lines().last().unwrap().to_string();
        assert!(line.contains(words), "{words}: {line}");
    }
    write(&heated("0.5"));
    run.hear("router 'heated' is a new version");
    run.wait_for_steps(&study.path("out"), 3);
    // The dry run has a row for each task, a step has four.
    let late = "if #context.task == 4 then error 'late' end\n    local scores";
    write(&heated("0.7").replacen("local scores", late, 1));
    run.hear("back to the version of 'heated' before: ");
    run.wait_for_steps(&study.path("out"), 3);
    assert_eq!(run.terminate().0, 143);
    let versions: Vec<Value> = lines(&study.path("out/control.jsonl"))
        .into_iter()
        .filter(|line| line["router"] == "heated")
        .collect();
    assert_eq!(versions.len(), 4);
    assert_eq!(versions[3]["sha256"], versions[1]["sha256"]);
    write("{");
    let (code, out, err) = study.run(&["replay", "out"]);
    assert_eq!((code, out.contains("every loss identical")), (0, true), "{out}{err}");
}
