//! A control file edited while its run trains: good edits are used from the next step on, and the
//! record of all of it gives the same run again.

use crate::program::steered::{CONTROL, Run, STUDY, lines, losses, save, study};
use serde_json::Value;
use std::fs;
use std::time::{Duration, Instant};

#[test]
fn good_edits_are_used_recorded_and_replayed_over_three_resumes() {
    let study = study();
    let out = study.path("out");
    let mut run = Run::start(&study, &["run", "study.lua", "--out", "out"]);
    run.wait_for_steps(&out, 5);
    let mut accepted = 0;
    let mut slowest = Duration::ZERO;
    for resume in 0..4 {
        for edit in 0..6 {
            let rate = format!("0.{}", 101 + 2 * (resume * 6 + edit));
            save(
                &study,
                edit,
                "control.lua",
                &CONTROL.replace("source = 0.01", &format!("source = {rate}")),
            );
            let saved = Instant::now();
            let told = run.hear(&format!("-> {rate}"));
            slowest = slowest.max(told - saved);
            accepted += 1;
            run.wait_for_steps(&out, 2);
        }
        if resume < 3 {
            let (code, said) = run.terminate();
            assert_eq!(code, 143, "{said}");
            run = Run::start(&study, &["resume", "out"]);
            run.wait_for_steps(&out, 2);
        }
    }
    fs::write(study.path("control.lua"), CONTROL.replace("return {", "return { stop = true,"))
        .unwrap();
    let (code, said) = run.end();
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("stopped by its control"), "{said}");
    let versions = lines(&out.join("control.jsonl"));
    // The last one stops the run before its first step, and so is not used in any.
    assert_eq!(versions.len(), 1 + accepted, "{versions:?}");
    assert!(versions.is_sorted_by_key(|line| line["step"].as_u64()));
    let metrics = lines(&out.join("metrics.jsonl"));
    for version in &versions[1..] {
        let text = fs::read_to_string(
            out.join(format!("control/{}.lua", version["sha256"].as_str().unwrap())),
        )
        .unwrap();
        let rate: f64 =
            text.split("source = ").nth(1).unwrap().split(',').next().unwrap().parse().unwrap();
        let step = version["step"].as_u64().unwrap() as usize;
        assert_eq!(metrics[step - 1]["lr"]["source"], rate, "used from its step on");
        assert_ne!(metrics[step - 2]["lr"]["source"], rate, "and not before");
    }
    fs::remove_file(study.path("control.lua")).unwrap();
    let (code, printed, err) = study.run(&["replay", "out"]);
    assert_eq!(code, 0, "{err}");
    let wanted = format!("out: {} steps repeated, every loss identical\n", metrics.len());
    assert_eq!(printed, wanted);
    println!("{accepted} edits, 3 resumes: {wanted}slowest from save to use: {slowest:?}");
}

#[test]
fn files_it_requires_are_followed_even_those_a_broken_version_wants() {
    let study = study();
    fs::create_dir(study.path("parts")).unwrap();
    fs::write(study.path("parts/rates.lua"), "return { source = 0.02 }").unwrap();
    let control = "return { lr = { source = require('parts.rates').source } }";
    fs::write(study.path("control.lua"), control).unwrap();
    let mut run = Run::start(&study, &["run", "study.lua", "--out", "out"]);
    run.wait_for_steps(&study.path("out"), 2);
    fs::write(study.path("parts/rates.lua"), "return { source = 0.03 }").unwrap();
    run.hear("lr.source: 0.02 -> 0.03");
    let wants = control.replace("return", "local more = require 'more'\nreturn");
    fs::write(study.path("control.lua"), wants).unwrap();
    run.hear("more.lua: No such file");
    fs::write(study.path("more.lua"), "return 1 +").unwrap();
    run.hear("more.lua:1: ");
    fs::write(study.path("more.lua"), "return 1").unwrap();
    run.hear("control.lua: in use; it gives the same settings");
    fs::write(study.path("parts/rates.lua"), "return { source = 0.04 }").unwrap();
    run.hear("lr.source: 0.03 -> 0.04");
    assert_eq!(run.terminate().0, 143);
    let versions = lines(&study.path("out/control.jsonl"));
    let names = |line: &Value| -> Vec<String> {
        let required = line["requires"].as_array().unwrap().iter();
        required.map(|file| file["file"].as_str().unwrap().to_string()).collect()
    };
    assert_eq!(names(versions.last().unwrap()), ["more.lua", "parts/rates.lua"]);
    let (code, out, err) = study.run(&["replay", "out"]);
    assert_eq!(code, 0, "{out}{err}");
}

#[test]
fn an_error_that_shows_later_goes_back_to_the_version_before() {
    let study = study();
    let mut run = Run::start(&study, &["run", "study.lua", "--out", "out"]);
    run.wait_for_steps(&study.path("out"), 2);
    // Trial views have a loss of 1: what differs from it is met in the run alone.
    let late = "return { lr = { source = function(_, view)
      if view.loss and view.loss ~= 1 and view.step > LATER then error 'late' end
      return 0.5 end } }";
    let step = losses(&study.path("out")).len() + 400;
    fs::write(study.path("control.lua"), late.replace("LATER", &step.to_string())).unwrap();
    run.hear("lr.source: 0.01 -> a function");
    run.hear("back to the version of step 1: control.lua:1: lr.source at step");
    run.wait_for_steps(&study.path("out"), 3);
    assert_eq!(run.terminate().0, 143);
    let versions = lines(&study.path("out/control.jsonl"));
    assert_eq!(versions.len(), 3);
    assert_eq!(versions[2]["sha256"], versions[0]["sha256"]);
    assert!(versions[2]["because"].as_str().unwrap().contains("late"), "{}", versions[2]);
    let metrics = lines(&study.path("out/metrics.jsonl"));
    let at = versions[2]["step"].as_u64().unwrap() as usize;
    assert_eq!(metrics[at - 2]["lr"]["source"], 0.5);
    assert_eq!(metrics[at - 1]["lr"]["source"], 0.01);
    let (code, out, err) = study.run(&["replay", "out"]);
    assert_eq!(code, 0, "{out}{err}");
}

#[test]
fn strict_runs_end_at_a_bad_edit() {
    let study = study();
    let mut run = Run::start(&study, &["run", "study.lua", "--out", "out", "--strict"]);
    run.wait_for_steps(&study.path("out"), 2);
    fs::write(study.path("control.lua"), CONTROL.replace("source = 0.01", "source = 0.02"))
        .unwrap();
    run.hear("lr.source: 0.01 -> 0.02");
    run.wait_for_steps(&study.path("out"), 2);
    fs::write(study.path("control.lua"), "return {").unwrap();
    let (code, said) = run.end();
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("ends a --strict run"), "{said}");
    let error = study.json("out/result.json")["error"].as_str().unwrap().to_string();
    assert!(error.contains("control.lua:1:"), "{error}");
    let steps = losses(&study.path("out")).len();
    fs::write(study.path("control.lua"), CONTROL).unwrap();
    let mut run = Run::start(&study, &["resume", "out"]);
    run.hear(&format!("resumes after step {steps}"));
    run.hear("lr.source: 0.02 -> 0.01");
    run.wait_for_steps(&study.path("out"), 2);
    assert_eq!(run.terminate().0, 143);
}

#[test]
fn operators_are_exchanged_alike() {
    // A file that is written in place can be read before its text is there.
    const RENAMED: usize = 1;
    let gated = "return function(private, sources, weights)
  local mixed = require('compt.torch').einsum('bs,smd->bmd', weights, sources)
  return private * FACTOR + mixed
end
";
    let study = study();
    let script =
        STUDY.replace("local t =", "compt.compose.define('gated', 'gated.lua')\nlocal t =");
    fs::write(study.path("study.lua"), script).unwrap();
    save(&study, RENAMED, "gated.lua", &gated.replace("FACTOR", "1"));
    let arguments = ["run", "study.lua", "--out", "out", "--set", "compose=gated"];
    let mut run = Run::start(&study, &arguments);
    run.wait_for_steps(&study.path("out"), 3);
    for (text, words) in [
        (gated.replace("FACTOR", "nope"), "gated.lua:3: 'nope' is not available"),
        (gated.replace("private * FACTOR + mixed", "mixed[{ 1 }]"), "is expected"),
        (gated.replace("private * FACTOR + mixed", "private * (0/0)"), "not finite"),
        (
            gated.replace("private * FACTOR + mixed", "(private * 0):detach()"),
            "there is nothing to train",
        ),
        ("return 3".to_string(), "must return a function"),
        (gated.replace("FACTOR", "math.random()"), "math.random is not available"),
        (
            "local n = 0 ".to_string()
                + &gated.replace("FACTOR", "(function() n = n + 1 return n end)()"),
            "two different results for the same prompts",
        ),
        ("return require 'helper'".to_string(), "is not for an operator's file"),
        (gated.replace("local", "while true do end local"), "it ran for more than"),
    ] {
        save(&study, RENAMED, "gated.lua", &text);
        run.hear("'gated' stays as it was");
        let line = run.all.lines().last().unwrap().to_string();
        assert!(line.contains(words), "{line}");
    }
    let refused = run.all.matches("stays as it was").count();
    // The same content saved again is not tried again.
    save(&study, RENAMED, "gated.lua", &study.text("gated.lua"));
    run.wait_for_steps(&study.path("out"), 5);
    save(&study, RENAMED, "gated.lua", &gated.replace("FACTOR", "0.5"));
    run.hear("composition 'gated' is a new version");
    assert_eq!(run.all.matches("stays as it was").count(), refused);
    run.wait_for_steps(&study.path("out"), 3);
    // The dry run has a row for each task, a step has four.
    let late = gated
        .replace("local mixed", "if private.shape[1] == 4 then error 'late' end\n  local mixed");
    save(&study, RENAMED, "gated.lua", &late.replace("FACTOR", "0.7"));
    run.hear("back to the version of 'gated' before: ");
    run.wait_for_steps(&study.path("out"), 3);
    assert_eq!(run.terminate().0, 143);
    let operators: Vec<Value> = lines(&study.path("out/control.jsonl"))
        .into_iter()
        .filter(|line| line["operator"] == "gated")
        .collect();
    assert_eq!(operators.len(), 4);
    assert_eq!(operators[3]["sha256"], operators[1]["sha256"]);
    save(&study, RENAMED, "gated.lua", "broken");
    let (code, out, err) = study.run(&["replay", "out"]);
    assert_eq!(code, 0, "{out}{err}");
}
