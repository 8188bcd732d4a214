//! Optimizers in Lua in whole runs: recorded, broken off and resumed, made again, reloaded, evaluated from the record.

use crate::program::steered::{Run, STUDY, lines, study};
use crate::program::{Study, compt, read};
use serde_json::{Value, json};
use std::fs;

const HEAVY: &str = "{
  options = { momentum = 0.9 },
  state = { \"velocity\" },
  update = function(p, grad, state, context)
    state.velocity = state.velocity * context.options.momentum + grad * FACTOR
    return p - context.lr * state.velocity
  end,
}";

fn heavy(factor: &str) -> String {
    HEAVY.replace("FACTOR", factor)
}

/// A study of 6 steps; with `STOP=n` in its environment it dies after step n.
fn parts(define: &str, optimizer: &str) -> Study {
    Study::small(&format!(
        r#"
local compt, small = require "compt", require "small"
{define}
local t = compt.trainer {{
  backbone = small.backbone {{ dropout_rate = 0.1 }}, tasks = small.tasks(), optimizer = {optimizer},
  method = compt.methods.ssum {{ sources = 2, length = 3 }},
  steps = 6, batch_size = 4, progress = false, checkpoint_every = 1,
}}
for _ = 1, 2 do
  t:run {{ steps = 3 }}
  if tostring(t.steps) == os.getenv "STOP" then os.exit(9) end
end
print(("%.4f"):format(t:evaluate("test").average))
"#
    ))
}

fn steps(study: &Study, run: &str) -> Vec<Value> {
    let mut all = lines(&study.path(&format!("{run}/metrics.jsonl")));
    all.iter_mut().for_each(|line| drop(line.as_object_mut().unwrap().remove("seconds")));
    all
}

#[test]
fn a_run_with_an_optimizer_of_the_script_is_resumed_and_replayed() {
    for (define, optimizer) in [
        (format!("compt.optimizer.define(\"heavy\", {})", heavy("1")), "\"heavy\""),
        (String::new(), "{ kind = \"lion\", betas = { 0.8, 0.95 } }"),
    ] {
        let study = parts(&define, optimizer);
        let (code, out, err) = study.run(&["run", "study.lua", "--out", "whole"]);
        assert_eq!(code, 0, "{err}");
        let whole = steps(&study, "whole");
        assert_eq!(whole.len(), 6);
        let mut command = compt(&["run", "study.lua", "--out", "half"]);
        command.env("STOP", "3").current_dir(study.0.path());
        assert_eq!(read(command.output().unwrap()).0, 9);
        let (code, seen, err) = study.run(&["resume", "half"]);
        assert_eq!((code, &seen), (0, &out), "{err}");
        assert_eq!(steps(&study, "half"), whole);
        let (code, told, err) = study.run(&["replay", "whole"]);
        assert_eq!((code, told.contains("every loss identical")), (0, true), "{told}{err}");
        let config = study.json("whole/config.json");
        let reason = "the optimizer 'heavy' is a function of the script";
        let reasons = config["script"].as_array().unwrap();
        assert_eq!(reasons.contains(&json!(reason)), optimizer == "\"heavy\"", "{reasons:?}");
    }
}

/// A finished run of 4 steps on the built-in backbone, which can be rebuilt without its script.
fn is_rebuilt(define: &str, optimizer: &str, recorded: Value) {
    let script = format!(
        r#"
local compt = require "compt"
{define}
local t = compt.trainer {{
  backbone = compt.backbone("micro", {{ dtype = "float32" }}), steps = 4, batch_size = 4, progress = false, seed = 1,
  tasks = compt.tasks("micro", {{ tasks = {{ "nli2", "sentiment" }}, shots = 8, seed = 1, max_test = 6 }}),
  method = compt.methods.ssum {{ sources = 2, length = 3, optimizer = {optimizer} }},
}}
t:run()
print(t:evaluate("test").average)
"#
    );
    let study =
        Study::new(&[("study.lua", &script), ("heavy.lua", &format!("return {}", heavy("1")))]);
    let (code, out, err) = study.run(&["run", "study.lua", "--out", "out"]);
    assert_eq!(code, 0, "{err}");
    assert_eq!(study.json("out/config.json")["optimizer"], recorded);
    let average: f64 = out.split_whitespace().next().unwrap().parse().unwrap();
    fs::remove_file(study.path("study.lua")).unwrap();
    let (code, told, err) = study.run(&["replay", "out"]);
    assert_eq!((code, told.contains("every loss identical")), (0, true), "{told}{err}");
    let (code, told, err) = study.run(&["eval", "out"]);
    assert_eq!(code, 0, "{told}{err}");
    assert!(!err.contains("is run again"), "{err}");
    assert!(told.contains(&format!("{average:.1}")), "{average}: {told}");
}

#[test]
fn optimizers_of_files_and_of_the_library_need_no_script() {
    let options = json!({ "kind": "heavy", "momentum": 0.5 });
    let define = "compt.optimizer.define(\"heavy\", \"heavy.lua\")";
    is_rebuilt(define, "{ kind = \"heavy\", momentum = 0.5 }", options);
    is_rebuilt("", "\"lion\"", json!("lion"));
}

#[test]
fn a_file_is_exchanged_if_it_is_valid() {
    let study = study();
    let script = STUDY.replace("compose = compt.args.compose", "optimizer = \"heavy\"").replace(
        "local t =",
        "local _ = compt.args.compose\ncompt.optimizer.define('heavy', 'heavy.lua')\nlocal t =",
    );
    fs::write(study.path("study.lua"), script).unwrap();
    let write = |text: &str| {
        fs::write(study.path("new.lua"), format!("return {text}")).unwrap();
        fs::rename(study.path("new.lua"), study.path("heavy.lua")).unwrap();
    };
    write(&heavy("1"));
    let mut run = Run::start(&study, &["run", "study.lua", "--out", "out"]);
    run.wait_for_steps(&study.path("out"), 3);
    for (text, words) in [
        (heavy("nope"), "heavy.lua:5: 'nope' is not available in an optimizer's file"),
        (heavy("1").replace("\"velocity\"", "\"velocity\", \"more\""), "is fixed when"),
        (heavy("1").replace("return p -", "return (p -"), "expected"),
        (heavy("1").replace("return p -", "return p:sum() --"), "the new value of '"),
        (heavy("1 / 0"), "is not finite"),
        (heavy("1").replace("return p -", "local _ = p -"), "changes nothing"),
        (heavy("1").replace("return p -", "while true do end return p -"), "it ran for more than"),
        (heavy("1").replace("update =", "udpate ="), "option 'update' is missing"),
    ] {
        write(&text);
        run.hear("'heavy' stays as it was");
        let line = run.all.lines().last().unwrap().to_string();
        assert!(line.contains(words), "{words}: {line}");
    }
    write(&heavy("0.5"));
    run.hear("optimizer 'heavy' is a new version");
    run.wait_for_steps(&study.path("out"), 3);
    // The dry run makes two updates.
    let late = "if context.step > 2 then error 'late' end\n    state.velocity";
    write(&heavy("0.7").replacen("state.velocity", late, 1));
    run.hear("back to the version of 'heavy' before: ");
    run.wait_for_steps(&study.path("out"), 3);
    assert_eq!(run.terminate().0, 143);
    let versions: Vec<Value> = lines(&study.path("out/control.jsonl"))
        .into_iter()
        .filter(|line| line["optimizer"] == "heavy")
        .collect();
    assert_eq!(versions.len(), 4);
    assert_eq!(versions[3]["sha256"], versions[1]["sha256"]);
    write("{");
    let (code, out, err) = study.run(&["replay", "out"]);
    assert_eq!((code, out.contains("every loss identical")), (0, true), "{out}{err}");
}
