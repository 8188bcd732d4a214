//! Control files that hang, are slow, or keep state, in a run that trains on.

use crate::program::steered::{Run, save, study};
use std::fs;

const HANGING: [&str; 5] = [
    "while true do end",
    "local x <close> = setmetatable({}, { __close = function() while true do end end }) \
     while true do end",
    "local x = ('a'):rep(40):find(('a?'):rep(40) .. ('a'):rep(40))",
    "table.move({}, '1', '1000000000000000', 2)",
    "local s = ('x'):rep(1e7) for i = 1, 1e9 do local z = s .. i end",
];

#[test]
fn ten_hanging_edits_leave_no_thread() {
    let study = study();
    let out = study.path("out");
    let mut run = Run::start(&study, &["run", "study.lua", "--out", "out"]);
    run.wait_for_steps(&out, 3);
    // The watch of the file begins with the first edit that is read.
    save(&study, 0, "control.lua", "return { temperature = = 1 }");
    run.hear("the version of step 1 stays in use");
    let before = run.threads();
    for (n, code) in HANGING.iter().cycle().take(10).enumerate() {
        let text = format!("-- {n}\nreturn {{ temperature = function() {code} return 2 end }}");
        save(&study, 0, "control.lua", &text);
        run.hear("the version of step 1 stays in use");
    }
    run.wait_for_steps(&out, 3);
    assert_eq!(run.threads(), before);
    assert_eq!(run.terminate().0, 143);
}

/// A call that hangs at a step where no trial was made goes back to the version before, and the run ends by a signal.
#[test]
fn a_control_that_hangs_late_holds_no_run_up() {
    let study = study();
    let mut run = Run::start(&study, &["run", "study.lua", "--out", "out"]);
    run.wait_for_steps(&study.path("out"), 2);
    let late = "return { temperature = function(step, view)
        if view.loss and view.loss ~= 1 then while true do end end return 2 end }";
    save(&study, 0, "control.lua", late);
    run.hear("it ran for more than");
    run.wait_for_steps(&study.path("out"), 2);
    let (code, said) = run.terminate();
    assert_eq!(code, 143, "{said}");
    assert!(fs::read_dir(study.path("out/checkpoints")).unwrap().count() > 0);
}

#[test]
fn a_slow_control_is_reported_with_its_share_once() {
    let study = study();
    let mut run = Run::start(&study, &["run", "study.lua", "--out", "out"]);
    run.wait_for_steps(&study.path("out"), 2);
    let slow = "return { temperature = function(step, view)
        if view.loss and view.loss ~= 1 then for i = 1, 1e6 do end end return 2 end }";
    save(&study, 0, "control.lua", slow);
    run.hear("the control takes ");
    run.wait_for_steps(&study.path("out"), 60);
    let (_, said) = run.terminate();
    assert_eq!(said.matches("the control takes ").count(), 1, "{said}");
    assert!(said.contains(" % of each step ("), "{said}");
}

#[test]
fn state_that_acts_late_is_found_at_a_checkpoint_and_at_resume() {
    let study = study();
    let counting = "local n = 0 return { temperature = function()
        n = n + 1 return n < 200 and 2 or 4 end }";
    fs::write(study.path("control.lua"), counting).unwrap();
    let text = fs::read_to_string(study.path("study.lua")).unwrap();
    let text = text.replace("progress = false", "progress = false, checkpoint_every = 50");
    fs::write(study.path("study.lua"), text).unwrap();
    let mut run = Run::start(&study, &["run", "study.lua", "--out", "out"]);
    run.hear("the control keeps state between calls: temperature is 4 in this run and 2 after");
    assert_eq!(run.terminate().0, 143);
    let mut run = Run::start(&study, &["resume", "out"]);
    run.hear("the control keeps state between calls: temperature is 4");
    assert_eq!(run.terminate().0, 143);
}
