//! `compt.search`: by one process and by several, stopped, planned, and refused.

use crate::program::{Study, compt, read};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::process::Stdio;
use std::time::Duration;

/// Nothing is trained: a part of a trial notes that it was made.
const QUICK: &str = r#"
local compt = require "compt"
local best = compt.search {
  space = { x = { low = 0.1, high = 10, log = true }, y = { 1, 2, 3 } },
  scheduler = compt.args.scheduler, budget = compt.args.budget or 4, objective = "score", goal = "lowest",
  run = function(s)
    local file = assert(io.open("made.txt", "a"))
    file:write(("%.4g %d %.2f\n"):format(s.x, s.y, s.budget))
    file:close()
    if s.x > 5 then error "it diverged" end
    local stop = os.clock() + 0.02
    while os.clock() < stop do end
    return { score = (s.x - s.y) ^ 2 + 1 / s.budget }
  end,
}
print(best)
print(best.settings.x, best.settings.y, best.value, #best.trials)
"#;

fn quick() -> Study {
    Study::new(&[("study.lua", QUICK)])
}

/// The parts that were made, each once.
fn made(study: &Study) -> BTreeSet<String> {
    let text = study.text("made.txt");
    let set: BTreeSet<String> = text.lines().map(String::from).collect();
    assert_eq!(set.len(), text.lines().count(), "no part is made twice:\n{text}");
    set
}

fn record(study: &Study) -> Value {
    study.json("runs/study/search.json")
}

#[test]
fn any_number_of_processes_find_the_same() {
    for scheduler in ["halving", "asha", "random"] {
        let set = format!("scheduler=\"{scheduler}\"");
        let alone = quick();
        let (code, out, err) = alone.run(&["run", "study.lua", "--set", &set]);
        assert_eq!(code, 0, "{err}");
        let mut wanted = record(&alone);
        assert_eq!(wanted["rows"], "not told: run returned a figure of its own");
        assert_eq!(wanted["space"]["x"]["log"], true);
        let full = wanted["trials"].as_array().unwrap().iter();
        let of_full =
            |trial: &Value| trial["parts"].as_array().unwrap().last().unwrap()["share"] == 1.0;
        let values = full
            .filter(|trial| of_full(trial))
            .filter_map(|trial| trial["parts"].as_array()?.last()?["value"].as_f64());
        let lowest = values.reduce(f64::min).unwrap();
        assert_eq!(wanted["choice"]["value"].as_f64(), Some(lowest), "{scheduler}");
        let spent = wanted["spent"].as_f64().unwrap();
        assert!(spent > 3.0 && (spent <= 4.0 || scheduler == "asha"), "{scheduler}: {spent}");

        // Nothing is made again, but for what failed.
        let before = made(&alone);
        let (code, again, err) = alone.run(&["run", "study.lua", "--set", &set]);
        assert_eq!((code, &again), (0, &out), "{err}");
        let text = alone.text("made.txt");
        let twice = text.lines().skip(before.len());
        assert!(
            twice.clone().all(|line| line.split(' ').next().unwrap().parse::<f64>().unwrap() > 5.0)
        );

        let together = quick();
        let (code, beside, err) = together.run(&["run", "study.lua", "--set", &set, "--jobs", "3"]);
        assert_eq!((code, &beside), (0, &out), "{err}");
        assert_eq!(made(&together), before);
        let mut found = record(&together);
        for trial in
            [&mut wanted, &mut found].into_iter().flat_map(|r| r["trials"].as_array_mut().unwrap())
        {
            trial["parts"]
                .as_array_mut()
                .unwrap()
                .iter_mut()
                .for_each(|part| part["error"] = Value::Null);
        }
        assert_eq!(found, wanted, "{scheduler}");
    }
}

#[test]
fn failed_trials_are_the_worst_and_named() {
    let study = quick();
    let (code, out, err) = study.run(&["run", "study.lua", "--set", "budget=6"]);
    assert_eq!(code, 0, "{err}");
    let failed = made(&study)
        .iter()
        .filter(|line| line.split(' ').next().unwrap().parse::<f64>().unwrap() > 5.0)
        .count();
    assert!(failed > 0);
    assert_eq!(
        err.lines().filter(|line| line.starts_with("note: compt.search: trial ")).count(),
        failed,
        "{err}"
    );
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(out.matches("failed: study.lua:10: it diverged").count(), failed, "{out}");
    assert!(
        lines[0].starts_with("search (halving): ") && lines[0].ends_with("lowest score"),
        "{out}"
    );
    assert!(
        lines[1].starts_with("trial") && lines[1].contains("rung") && lines[1].ends_with("score"),
        "{out}"
    );
    assert!(lines[2].contains("3/3"), "{out}");
    let all = Study::new(&[("study.lua", &QUICK.replace("s.x > 5", "s.x > 0"))]);
    let (code, _, err) = all.run(&["run", "study.lua"]);
    assert!(code == 1 && err.contains("was made in full; the first error: "), "{err}");
}

#[test]
fn asha_goes_on_with_a_trial_before_all_have_begun() {
    let study = quick();
    let (code, _, err) =
        study.run(&["run", "study.lua", "--set", "scheduler=\"asha\"", "--set", "budget=6"]);
    assert_eq!(code, 0, "{err}");
    let text = study.text("made.txt");
    let shares: Vec<&str> = text.lines().map(|line| line.rsplit(' ').next().unwrap()).collect();
    let first = shares.iter().position(|share| *share == "0.33").unwrap();
    assert_eq!(first, 3, "the best of the first three goes on at once: {shares:?}");
    let last = shares.iter().rposition(|share| *share == "0.11").unwrap();
    assert!(shares[..last].contains(&"1.00"), "{shares:?}");
}

#[test]
fn a_plan_is_made_rung_by_rung_and_finds_the_same() {
    for scheduler in ["halving", "asha"] {
        let set = format!("scheduler=\"{scheduler}\"");
        let alone = quick();
        let (_, wanted, _) = alone.run(&["run", "study.lua", "--set", &set]);
        let study = quick();
        for (rung, name) in ["plan.jsonl", "plan-2.jsonl", "plan-3.jsonl"].iter().enumerate() {
            let (code, out, err) = study.run(&["sweep", "plan", "study.lua", "--set", &set]);
            assert_eq!((code, out.trim()), (0, &*format!("runs/study/{name}")), "{err}");
            let path = out.trim();
            let jobs = if rung == 1 { "2" } else { "1" };
            let (code, _, err) = study.run(&["sweep", "run", path, "--jobs", jobs]);
            // A failed trial fails its job, and is a result of the search.
            assert!(code == 0 || err.contains("it diverged"), "{err}");
            let (_, out, err) = study.run(&["sweep", "merge", path]);
            match rung {
                2 => assert!(out.ends_with(&wanted), "{out}{err}"),
                _ => assert!(
                    !out.contains("search (")
                        && err.contains("runs are not finished; compt sweep submit again"),
                    "{out}{err}"
                ),
            }
        }
        assert_eq!(record(&study)["choice"], record(&alone)["choice"]);
        assert_eq!(made(&study), made(&alone));
    }
}

#[test]
fn a_dry_run_lists_a_rung() {
    let study = quick();
    let (code, out, err) = study.run(&["run", "study.lua", "--dry-run", "--set", "budget=4"]);
    assert!(code == 0 && out.contains("0 finished") && out.contains("budget=0.1111"), "{out}{err}");
    assert!(!study.path("made.txt").exists());
}

/// Three small tasks, trained for 45 steps in rungs of 5, 15 and 45.
const TRAINING: &str = r#"
local compt, torch, small = require "compt", require "compt.torch", require "small"
local function trainer(s, more)
  local options = { steps = 45, batch_size = 4, seed = s.seed, checkpoint_every = s.every, evaluate_every = 10,
    method = compt.methods.ssum { sources = 2, length = 3, lr = { router = 0.1, source = s.lr, private = s.lr } } }
  for name, value in pairs(more or {}) do options[name] = value end
  return small.trainer(options)
end
local best = compt.search {
  space = { lr = { low = 1e-2, high = 1, log = true } }, settings = { seed = 3, every = 4 }, budget = 2.4,
  scheduler = compt.args.scheduler,
  run = function(s)
    local t = trainer(s)
    t:run()
    return t:evaluate("validation", { limit = 4 })
  end,
}
print(best)
local whole, found = trainer(best.settings, { out = "whole" }), trainer(best.settings, { out = "found" })
whole:run()
found:load(best.path)
local same = found.steps == whole.steps
for name, tensor in pairs(whole.bank:parameters()) do
  same = same and torch.equal(tensor, found.bank:parameters()[name])
end
print("the same parameters", same, whole.steps)
print(best.path)
"#;

/// The number of recorded steps below `runs/`.
fn steps_recorded(study: &Study) -> usize {
    let cells = fs::read_dir(study.path("runs/study")).into_iter().flatten().flatten();
    let text = |path| fs::read_to_string(path).unwrap_or_default();
    cells.map(|cell| text(cell.path().join("metrics.jsonl")).lines().count()).sum()
}

/// The losses of a run, step by step.
fn losses(study: &Study, run: &str) -> Vec<String> {
    let loss = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        format!("{} {} {}", line["step"], line["loss"], line["grad_norm"])
    };
    study.text(&format!("{run}/metrics.jsonl")).lines().map(loss).collect()
}

#[test]
fn a_trial_that_goes_on_is_the_run_that_was_made_at_once() {
    let study = Study::small(TRAINING);
    let (code, out, err) = study.run(&["run", "study.lua"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("the same parameters\ttrue\t45\n"), "{out}");
    let path = out.lines().last().unwrap();
    let all = losses(&study, path);
    assert_eq!(all.len(), 45);
    assert_eq!(all, losses(&study, "whole"));
    let evaluations = |run: &str| study.text(&format!("{run}/evaluations.jsonl")).lines().count();
    assert_eq!(evaluations(path), evaluations("whole"));
    assert!(out.lines().next().unwrap().ends_with("highest average on validation rows"), "{out}");
    assert_eq!(record(&study)["rows"], "validation");
    assert_eq!(study.run(&["runs", "runs/study"]).1.matches(" finished").count(), 13 + 1, "{out}");

    let (code, replayed, err) = study.run(&["replay", path]);
    assert!(code == 0 && replayed.contains("every loss identical"), "{replayed}{err}");
    // A trial that was left behind can be made in full by hand, too.
    let first = record(&study)["trials"].as_array().unwrap().iter().find_map(|trial| {
        let parts = trial["parts"].as_array()?;
        (parts.len() == 1).then(|| parts[0]["path"].as_str().unwrap().to_string())
    });
    assert_eq!(losses(&study, &first.unwrap()).len(), 5);
}

#[test]
fn a_search_that_is_killed_goes_on_as_if_it_had_not_been() {
    for (scheduler, jobs) in [("halving", "1"), ("asha", "1"), ("asha", "2")] {
        let set = format!("scheduler=\"{scheduler}\"");
        let whole = Study::small(TRAINING);
        let (code, wanted, err) = whole.run(&["run", "study.lua", "--set", &set]);
        assert_eq!(code, 0, "{err}");
        let study = Study::small(TRAINING);
        let arguments = ["run", "study.lua", "--set", &set, "--jobs", jobs];
        let (mut before, mut kills) = (0, 0);
        for signal in [libc::SIGKILL, libc::SIGINT, libc::SIGKILL, libc::SIGKILL] {
            let mut command = compt(&arguments);
            command.current_dir(study.0.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
            let child = command.spawn().unwrap();
            for _ in 0..600 {
                if steps_recorded(&study) >= before + 23 {
                    break;
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            // SAFETY: a plain system call on the child's own number.
            unsafe { libc::kill(child.id() as i32, signal) };
            let (code, _, _) = read(child.wait_with_output().unwrap());
            kills += usize::from(code != 0);
            before = steps_recorded(&study);
        }
        assert!(kills >= 3, "it was stopped {kills} times");
        // Processes of a killed one end on their own.
        std::thread::sleep(Duration::from_millis(500));
        let (code, out, err) = study.run(&arguments);
        assert_eq!((code, &out), (0, &wanted), "{scheduler} {jobs}: {err}");
        let path = out.lines().last().unwrap();
        assert_eq!(losses(&study, path), losses(&whole, path));
    }
}

#[test]
fn test_rows_are_not_looked_at() {
    for (from, to, why) in [
        (
            "t:evaluate(\"validation\", { limit = 4 })",
            "t:evaluate \"test\"",
            "trainer:evaluate: a trial of compt.search does not look at test rows",
        ),
        (
            "t:evaluate(\"validation\", { limit = 4 })",
            "pcall(t.evaluate, t) and nil",
            "does not look at test rows",
        ),
        (
            "t:evaluate(\"validation\", { limit = 4 })",
            "t:evaluate \"train\"",
            "run returned an evaluation of train rows",
        ),
        (
            "t:evaluate(\"validation\", { limit = 4 })",
            "{ acc = 1 }",
            "run returned no number 'average', which is the objective; it returned a table with: acc",
        ),
        ("t:evaluate(\"validation\", { limit = 4 })", "nil", "it returned nothing"),
        ("t:run()", "t:step()", "trainer:step: the search decides how many steps"),
        ("t:run()", "t:run { steps = 2 }", "the search decides how many steps"),
        (
            "t:run()",
            "trainer(s, { name = \"b\" }):run()",
            "trains one trainer, and this is another one",
        ),
    ] {
        let study = Study::small(&TRAINING.replace(from, to));
        let (code, _, err) = study.run(&["run", "study.lua"]);
        assert!(code == 1 && err.contains(why), "{to}: {code} {err}");
        let (_, list, _) = study.run(&["runs"]);
        assert!(
            list.lines().filter(|line| line.contains("lr=")).count() <= 1,
            "the first trial ends it: {list}"
        );
        assert!(!study.path("runs/study/search.json").exists());
    }
    let (code, _, err) = Study::small(&TRAINING.replace("t:run()", "t:step()")).run(&[
        "run",
        "study.lua",
        "--jobs",
        "2",
    ]);
    assert!(code == 1 && err.contains("trainer:step: the search decides"), "{err}");
}

#[test]
fn a_method_that_trains_task_after_task_is_not_tried_in_parts() {
    let ssum = "compt.methods.ssum { sources = 2, length = 3, lr = { router = 0.1, source = s.lr, private = s.lr } }";
    assert!(TRAINING.contains(ssum));
    let script = TRAINING.replace(ssum, "compt.methods.pt { length = 3, lr = { private = s.lr } }");
    let study = Study::small(&script);
    let (code, _, err) = study.run(&["run", "study.lua"]);
    assert!(
        code == 1
            && err.contains(
                "the method trains in 3 stages, one after another ('nli2', 'sentiment' ...)"
            ),
        "{err}"
    );
    assert_eq!(steps_recorded(&study), 0);
    let until_choice = script.split("local whole").next().unwrap();
    let (code, out, err) =
        Study::small(until_choice).run(&["run", "study.lua", "--set", "scheduler=\"random\""]);
    assert!(code == 0 && out.contains("search (random): 2 trials, 2.0 full runs"), "{out}{err}");
}

#[test]
fn a_setting_that_no_trial_reads_is_refused() {
    let misspelt = TRAINING.replace("space = { lr =", "space = { lrs =");
    let study = Study::small(&misspelt);
    let (code, _, err) = study.run(&["run", "study.lua"]);
    assert!(
        code == 1 && err.contains("run reads the setting 'lr', and the space has 'lrs'"),
        "{err}"
    );
    assert_eq!(steps_recorded(&study), 0, "nothing was trained");
    let unread = TRAINING.replace("space = { ", "space = { dropout = { 0, 0.1 }, ");
    let (code, _, err) = Study::small(&unread).run(&["run", "study.lua"]);
    assert!(
        code == 1 && err.contains("run never reads the setting 'dropout' of the space"),
        "{err}"
    );
}

#[test]
fn wrong_searches_are_refused_before_anything_is_trained() {
    for (options, why) in [
        ("space = { x = { 1 } }, budget = 2", "run must be a function"),
        ("run = print, budget = 2", "space must be a table, got nil"),
        ("run = print, space = {}, budget = 2", "space is empty"),
        ("run = print, space = { x = { 1, 2 } }", "budget must be a number, got nil"),
        ("run = print, space = { x = { 1, 2 } }, budget = 0.9", "must pay for at least 1"),
        (
            "run = print, space = { x = { 1, 2 } }, budget = 2, objective = 'test'",
            "chooses on validation rows, not on test rows",
        ),
        (
            "run = print, space = { x = { 1, 2 } }, budget = 2, objective = 'test.average'",
            "not on test rows",
        ),
        (
            "run = print, space = { x = { 1, 2 } }, budget = 2, sheduler = 'asha'",
            "unknown option 'sheduler'",
        ),
        (
            "run = print, space = { x = { 1, 2 } }, budget = 2, scheduler = 'ahsa'",
            "help: did you mean 'asha'?",
        ),
        (
            "run = print, space = { x = { 1, 2 } }, budget = 2, goal = 'max'",
            "goal must be \"highest\" or \"lowest\"",
        ),
        ("run = print, space = { x = { low = 1, hihg = 2 } }, budget = 2", "'high'"),
        (
            "run = print, space = { x = { low = 2, high = 1 } }, budget = 2",
            "low = 2 is not below high = 1",
        ),
    ] {
        let study =
            Study::new(&[("study.lua", &format!("require(\"compt\").search {{ {options} }}"))]);
        let (code, _, err) = study.run(&["run", "study.lua"]);
        assert!(code == 1 && err.contains(why), "{options}: {err}");
        assert!(err.contains("study.lua:1"), "the line is shown: {err}");
        assert!(!study.path("runs").exists());
    }
}
