//! Runs that are steered in every way there is, broken off and resumed: the same end, and a record
//! from which they are made again.

use crate::program::{Study, compt, read};
use serde_json::Value;
use std::fs;

/// A study that makes 40 steps; `BODY` decides how. With `STOP=n` in its environment it dies in the
/// middle, after step n.
const STUDY: &str = r#"
local compt, small = require "compt", require "small"
local t = compt.trainer {
  backbone = small.backbone { dropout_rate = 0.1 }, tasks = small.tasks(),
  method = compt.methods.ssum { sources = 2, length = 3, lr = { router = 0.01, source = 0.01, private = 0.01 } },
  steps = 40, batch_size = 4, progress = false, checkpoint_every = 1, control = CONTROL,
}
local function step(n)
  for _ = 1, n or 1 do
    t:step()
    if tostring(t.steps) == os.getenv "STOP" then os.exit(9) end
  end
end
BODY
"#;

fn study(control: &str, body: &str) -> Study {
    Study::small(&STUDY.replace("CONTROL", control).replace("BODY", body))
}

fn steps(study: &Study, run: &str) -> Vec<Value> {
    let text = study.text(&format!("{run}/metrics.jsonl"));
    let mut lines: Vec<Value> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    lines.iter_mut().for_each(|line| drop(line.as_object_mut().unwrap().remove("seconds")));
    lines
}

/// The run broken off after each of these steps comes to the same, and is made again from its record.
/// Gives what the whole run said.
fn survives(study: &Study, stops: &[u64]) -> String {
    let (code, _, said) = study.run(&["run", "study.lua", "--out", "whole"]);
    assert_eq!(code, 0, "{said}");
    let whole = steps(study, "whole");
    for stop in stops {
        let out = format!("out-{stop}");
        let mut command = compt(&["run", "study.lua", "--out", &out]);
        command.env("STOP", stop.to_string()).current_dir(study.0.path());
        assert_eq!(read(command.output().unwrap()).0, 9);
        let (code, _, err) = study.run(&["resume", &out]);
        assert_eq!(code, 0, "{err}");
        for (here, there) in steps(study, &out).iter().zip(&whole) {
            assert_eq!(here, there, "broken off after step {stop}: {err}");
        }
        assert_eq!(steps(study, &out).len(), whole.len());
        replays(study, &out);
    }
    replays(study, "whole");
    said
}

fn replays(study: &Study, run: &str) {
    let (code, out, err) = study.run(&["replay", run]);
    assert_eq!((code, out.contains("every loss identical")), (0, true), "{out}{err}");
}

#[test]
fn what_was_set_before_a_stop_is_recorded() {
    let body = "step(5) t:set('lr.router', 0.5) t:set('stop', true) t:run() assert(t.steps == 5)
        t:set('stop', nil) t:run()";
    let study = study("nil", body);
    survives(&study, &[3]);
    assert_eq!(study.text("whole/control.jsonl").lines().count(), 3);
    assert_eq!(steps(&study, "whole")[5]["lr"]["router"], 0.5);
}

#[test]
fn what_stopped_a_run_may_be_edited_away_while_it_is_stopped() {
    let study = study("'control.lua'", "t:run()");
    let stop = "return { stop = function(step) return step > 30 end }";
    fs::write(study.path("control.lua"), stop).unwrap();
    let (code, _, err) = study.run(&["run", "study.lua", "--out", "out"]);
    assert_eq!((code, err.contains("after step 30")), (0, true), "{err}");
    fs::write(study.path("control.lua"), "return {").unwrap();
    let (code, _, err) = study.run(&["resume", "out"]);
    assert_eq!((code, err.contains("stays in use: control.lua:1")), (0, true), "{err}");
    assert_eq!(steps(&study, "out").len(), 30);
    fs::write(study.path("control.lua"), "return { clip = 0.5 }").unwrap();
    let (code, _, err) = study.run(&["resume", "out"]);
    assert_eq!(code, 0, "{err}");
    assert_eq!(steps(&study, "out").len(), 40);
    replays(&study, "out");
}

/// Trial views have a loss of 1: what differs from it is met in the run alone.
fn fails_from(step: u64, temperature: f64) -> String {
    format!(
        "return {{ temperature = function(step, view)
           if step >= {step} and view.loss ~= 1 then error 'late' end
           return {temperature} end }}"
    )
}

#[test]
fn versions_that_failed_are_not_gone_back_to() {
    let body = "step(15) t:control 'four.lua' step(10) t:control 'two.lua' step(15)";
    let study = study("'one.lua'", body);
    for (name, step, temperature) in [("one", 10, 1.0), ("four", 30, 4.0), ("two", 35, 2.0)] {
        fs::write(study.path(&format!("{name}.lua")), fails_from(step, temperature)).unwrap();
    }
    let said = survives(&study, &[5, 12, 20, 33, 37]);
    assert!(said.contains("step 10: the settings of the step before stay"), "{said}");
    // Version four would fail there, too.
    assert!(said.contains("step 35: back to the version of step 16"), "{said}");
    assert!(said.contains("step 35: the settings of the step before stay"), "{said}");
    let temperatures: Vec<f64> =
        steps(&study, "whole").iter().map(|s| s["temperature"].as_f64().unwrap()).collect();
    assert_eq!((temperatures[14], temperatures[19], temperatures[39]), (1.0, 4.0, 2.0));
}

#[test]
fn a_control_reads_no_file_that_it_was_not_checked_with() {
    let study = study("'control.lua'", "t:run()");
    let control = "return { clip = function(step, view)
      return step > 8 and view.loss ~= 1 and require('late') or 1 end }";
    fs::write(study.path("control.lua"), control).unwrap();
    fs::write(study.path("late.lua"), "return 0.5").unwrap();
    let (code, _, err) = study.run(&["run", "study.lua", "--out", "out"]);
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("not one of the files that the control was checked with"), "{err}");
    fs::remove_file(study.path("late.lua")).unwrap();
    fs::remove_file(study.path("control.lua")).unwrap();
    replays(&study, "out");
}

#[test]
fn a_script_that_draws_numbers_and_takes_states_over_is_resumed() {
    let body = "for i = 1, 40 do
        t:set('lr.source', math.random() * 0.1)
        if i == 20 then t:load('start.safetensors', { only = 'parameters' }) end
        if i == 10 and not io.open 'start.safetensors' then t:save 'start.safetensors' end
        step()
      end";
    let study = study("nil", body);
    survives(&study, &[7, 15, 25]);
}

/// A loss that is not finite leaves the checkpoint before, from which a repaired control goes on.
#[test]
fn a_run_that_went_astray_is_resumed_before_it() {
    let study = study("'control.lua'", "t:run()");
    let control = |rate: &str| format!("return {{ lr = {{ source = {rate} }}, clip = 1e6 }}");
    // Prompts of 1e30 make a loss that is not finite.
    let method = "compose = function(p, s, w) local x = compt.compose.sum(p, s, w)
        return (x:abs():max():item() > 30) and x * (0 / 0) or x end, ";
    let script =
        study.text("study.lua").replace("sources = 2, ", &format!("sources = 2, {method}"));
    fs::write(
        study.path("study.lua"),
        script.replace("checkpoint_every = 1", "checkpoint_every = 5"),
    )
    .unwrap();
    let astray = "function(step) return step < 12 and 0.01 or 50 end";
    fs::write(study.path("control.lua"), control(astray)).unwrap();
    let (code, _, err) = study.run(&["run", "study.lua", "--out", "out"]);
    assert_eq!((code, err.contains("step 13: the loss is NaN")), (1, true), "{err}");
    let (code, _, err) = study.run(&["resume", "out"]);
    assert_eq!(code, 1, "{err}");
    assert!(err.contains("resumes after step 10") && err.contains("step 13: "), "{err}");
    fs::write(study.path("control.lua"), control("0.01")).unwrap();
    let (code, _, err) = study.run(&["resume", "out"]);
    assert_eq!((code, err.contains("resumes after step 10")), (0, true), "{err}");
    replays(&study, "out");
}
